import errno

import pytest

from ctpn_crnn.errors import OutputError
from ctpn_crnn.jobs.windows.journal import Journal

SETTINGS = {"crop_mode": "list", "channel_swap": (2, 1, 0)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.csv.journal"


def begun(path):
    journal = Journal(path, SETTINGS)
    journal.add("a.png", [[1, 2, 3, 4, 0.5, "合同"], [5, 6, 7, 8, 0.25, ""]])
    journal.add_failure("b.png", "is damaged")
    journal.add("c.png", [])
    return journal


ROWS = [("a.png", [1, 2, 3, 4, 0.5, "合同"]), ("a.png", [5, 6, 7, 8, 0.25, ""])]


def test_what_was_done_is_there_again(path):
    begun(path).close()
    journal = Journal(path, SETTINGS)
    assert journal.done == {"a.png", "b.png", "c.png"}
    assert list(journal.rows()) == ROWS
    assert list(journal.failures()) == [("b.png", "is damaged")]
    journal.remove()
    assert not path.exists()


def test_killed_anywhere_the_whole_lines_count(path):
    begun(path).close()
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Journal(path, SETTINGS) as journal:
            assert len(journal.done) == max(0, sum(end <= length for end in ends) - 1)
            journal.add("d.png", [[9]])
            assert list(journal.rows())[-1] == ("d.png", [9])
    with Journal(path, SETTINGS) as journal:
        assert "d.png" in journal.done


def test_other_settings_are_named(path):
    begun(path).close()
    before = path.read_bytes()
    with pytest.raises(OutputError, match="another channel_swap, read;"):
        Journal(path, {"crop_mode": "list", "channel_swap": (0, 1, 2), "read": True})
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"my diary\n", b"my diary", b"[1]\n", b'{"format": "other"}\n', b"\xff\n"])
def test_other_files_are_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(OutputError, match="in the way"):
        Journal(path, SETTINGS)
    assert path.read_bytes() == content


def test_two_runs_into_one_output(path):
    pytest.importorskip("fcntl")
    journal = begun(path)
    with pytest.raises(OutputError, match="another run"):
        Journal(path, SETTINGS)
    journal.close()
    Journal(path, SETTINGS).close()


def test_full_disk_keeps_what_was_done(path, monkeypatch):
    journal = begun(path)
    whole = path.read_bytes()

    class FullDisk:
        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, data):
            self._file.write(data[:5])
            raise OSError(errno.ENOSPC, "No space left on device")

    file, journal._file = journal._file, FullDisk(journal._file)
    with pytest.raises(OutputError, match="No space left on device; what was done so far is kept"):
        journal.add("d.png", [[1]])
    assert path.read_bytes() == whole
    assert "d.png" not in journal.done
    file.close()


def test_folder_that_is_missing(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        Journal(tmp_path / "missing" / "x.journal", SETTINGS)

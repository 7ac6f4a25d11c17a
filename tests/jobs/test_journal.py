"""The journal of a job: an append-only file of JSON lines."""

import errno

import pytest

from ctpn_crnn.errors import DiskFullError, OutputError
from ctpn_crnn.jobs.journal import Journal

SETTINGS = {"crop_mode": "list", "channel_swap": (2, 1, 0)}
RECORDS = [{"image": "a.png", "rows": [[1, 0.5, "合同"], [2, 0.25, ""]]}, {"image": "b.png", "error": "is damaged"}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.csv.journal"


@pytest.fixture(params=[SETTINGS, None], ids=["settings", "no settings"])
def settings(request):
    return request.param


def begun(path, settings):
    journal = Journal(path, settings)
    for record in RECORDS:
        journal.append(record)
    return journal


def test_what_was_recorded_is_there_again(path, settings):
    begun(path, settings).close()
    with Journal(path, settings) as journal:
        assert list(journal.records()) == RECORDS
        journal.append({"image": "c.png"})
    with Journal(path, settings) as journal:
        assert list(journal.records()) == [*RECORDS, {"image": "c.png"}]
        journal.remove()
    assert not path.exists()


def test_characters_that_are_no_text_are_kept(path, settings):
    record = {"image": "caf\udce9.png"}  # a file name that is not UTF-8
    with Journal(path, settings) as journal:
        journal.append(record)
    with Journal(path, settings) as journal:
        assert list(journal.records()) == [record]


def test_killed_anywhere_the_complete_lines_count(path, settings):
    begun(path, settings).close()
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        complete = max(0, sum(end <= length for end in ends) - (settings is not None))
        with Journal(path, settings) as journal:
            assert len(list(journal.records())) == complete
            journal.append({"image": "d.png"})
            assert list(journal.records())[-1] == {"image": "d.png"}
    with Journal(path, settings) as journal:
        assert {"image": "d.png"} in journal.records()


def test_lines_that_are_no_records_are_ignored(path, settings):
    begun(path, settings).close()
    with path.open("ab") as file:
        file.write(b"[1]\nnoise\n\n\xff\xfe\n")
    with Journal(path, settings) as journal:
        journal.append({"image": "c.png"})
        assert list(journal.records()) == [*RECORDS, {"image": "c.png"}]


def test_other_settings_are_named(path):
    begun(path, SETTINGS).close()
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


def test_a_journal_without_records_leaves_no_file(path):
    Journal(path).close()
    assert not path.exists()


def test_two_runs_into_one_output(path, settings):
    pytest.importorskip("fcntl")
    journal = begun(path, settings)
    with pytest.raises(OutputError, match="another run"):
        Journal(path, settings)
    journal.close()
    Journal(path, settings).close()


@pytest.mark.parametrize(
    "number, kind, reason",
    [(errno.ENOSPC, DiskFullError, "No space left on device"), (errno.EIO, OutputError, "Input/output error")],
)
def test_a_failed_write_keeps_what_was_done(path, settings, number, kind, reason):
    journal = begun(path, settings)
    whole = path.read_bytes()

    class FailingDisk:
        def __init__(self, file):
            self._file = file

        def __getattr__(self, name):
            return getattr(self._file, name)

        def write(self, data):
            self._file.write(data[:5])
            raise OSError(number, reason)

    file, journal._file = journal._file, FailingDisk(journal._file)
    with pytest.raises(kind, match=f"{reason}; what was done so far is kept"):
        journal.append({"image": "d.png"})
    assert path.read_bytes() == whole
    file.close()


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        Journal(tmp_path / "missing" / "x.journal", SETTINGS)

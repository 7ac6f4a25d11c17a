"""Writing aside and renaming."""

import os

import h5py
import pytest

from ctpn_crnn.errors import DiskFullError, OutputError
from ctpn_crnn.files import hdf5_written_aside, write_bytes, written_aside


def test_written_and_replaced(tmp_path):
    path = tmp_path / "图.txt"
    for data in (b"one", b"two"):
        write_bytes(path, data)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_inside_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="mine"), written_aside(path) as aside:
        aside.write_bytes(b"half")
        raise ValueError("mine")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_unwritable(tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        write_bytes(tmp_path, b"")
    with pytest.raises(OutputError, match="does not exist"):
        write_bytes(tmp_path / "none" / "a", b"")
    with pytest.raises(OutputError, match="cannot write"):
        write_bytes(tmp_path / ("x" * 300), b"")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="does not exist"):
        write_bytes(tmp_path / "file" / "a", b"")


def test_the_target_of_a_link_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_bytes(b"old")
    for target in ("old", "new"):
        link = tmp_path / f"to_{target}"
        link.symlink_to(f"folder/{target}")
        write_bytes(link, b"data")
        assert link.is_symlink() and (tmp_path / "folder" / target).read_bytes() == b"data"
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["new", "old"]
    (tmp_path / "astray").symlink_to("none/a")
    with pytest.raises(OutputError, match="none does not exist"):
        write_bytes(tmp_path / "astray", b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_what_is_no_file_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OutputError, match=f"{name}: it is a device or a pipe"):
            write_bytes(tmp_path / name, b"")
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permissions"):
        write_bytes(tmp_path / "a", b"")


HDF5_ERROR = "Can't decrement id ref count (file write failed: time = now\n, errno = 28, buf = 0x559143368718)"


@pytest.mark.parametrize("error", [RuntimeError(HDF5_ERROR), OSError(HDF5_ERROR), OSError(28, os.strerror(28))])
def test_a_full_disk_is_one_sentence(tmp_path, error):
    (tmp_path / "a.h5").write_bytes(b"earlier")
    with pytest.raises(DiskFullError) as caught, hdf5_written_aside(tmp_path / "a.h5") as file:
        file["x"] = 1
        raise error
    assert str(caught.value) == (
        f"cannot write {tmp_path / 'a.h5'}: No space left on device; check the folder's permissions and free space"
    )
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


def test_other_errors_within_hdf5_pass(tmp_path):
    with pytest.raises(RuntimeError, match="unlucky"), hdf5_written_aside(tmp_path / "a.h5"):
        raise RuntimeError("unlucky")
    assert list(tmp_path.iterdir()) == []


def test_hdf5_is_written(tmp_path):
    with hdf5_written_aside(tmp_path / "a.h5") as file:
        file["x"] = 3
        assert not (tmp_path / "a.h5").exists()
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["x"][()] == 3


def test_errors_of_the_system_are_told(tmp_path, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        write_bytes(tmp_path / "a", b"x")
    assert list(tmp_path.iterdir()) == []

"""The sentences of errors: a path is named once, and OpenCV's failures are told from others."""

from __future__ import annotations

import subprocess
import sys

from ctpn_crnn import opencv_error
from ctpn_crnn.errors import ConfigError, with_name


def test_a_message_names_its_file_once():
    assert with_name("a.png", ConfigError("it is torn")) == "a.png: it is torn"
    assert with_name("a.png", "in/a.png is torn") == "in/a.png is torn"
    assert with_name("", "torn") == "torn"
    assert with_name("a", "it cannot be read") == "a: it cannot be read"


def test_only_failures_of_opencv_are_told_as_such():
    assert opencv_error(ModuleNotFoundError("No module named 'cv2'", name="cv2")) is not None
    assert opencv_error(ImportError("bad symbol", name="cv2.gapi")) is not None
    assert opencv_error(ImportError("no h5py", name="h5py")) is None


def broken_opencv(folder):
    """Make a package cv2 that fails as OpenCV does without libGL; returns a statement that puts it in front."""
    (folder / "cv2").mkdir()
    (folder / "cv2" / "__init__.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    return f"import sys; sys.path.insert(0, {str(folder)!r})\n"


def test_the_public_classes_say_it_in_one_sentence(tmp_path):
    code = broken_opencv(tmp_path) + (
        "from ctpn_crnn.errors import CtpnCrnnError\n"
        "try: from ctpn_crnn import Recognizer\n"
        "except CtpnCrnnError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("OpenCV cannot be imported (libGL.so.1: cannot open shared object file): pip install")


def test_the_commands_say_it_too(tmp_path):
    start = broken_opencv(tmp_path) + "from ctpn_crnn.commands import main\n"
    read, info = (
        subprocess.run([sys.executable, "-c", f"{start}sys.exit(main({argv!r}))"], capture_output=True, text=True)
        for argv in (["read", "a.png"], ["info"])
    )
    assert read.returncode == 2 and read.stdout == ""
    assert read.stderr.startswith("error: OpenCV cannot be imported (libGL.so.1") and read.stderr.count("\n") == 1
    assert info.returncode == 1 and info.stderr == ""
    assert "\n  OpenCV cannot be imported (libGL.so.1" in info.stdout and "shipped weights" in info.stdout

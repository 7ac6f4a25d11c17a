"""Whole runs with workers made for the test, and one with the networks that ship."""

import csv
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.ctpn.spec import CLASSES
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, DatasetError, OutputError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.jobs.windows import Options
from ctpn_crnn.jobs.windows import run as run_function
from ctpn_crnn.jobs.windows.finders import FoundLines, GivenWindows
from ctpn_crnn.jobs.windows.run import Stages
from ctpn_crnn.jobs.windows.table import Table
from ctpn_crnn.page import Reading, Region

run_module = sys.modules["ctpn_crnn.jobs.windows.run"]
SAMPLE = Path(__file__).parents[3] / "docs" / "sample.png"


class OneLineOneFormula:
    """Finds a line as wide as the image and a formula, and remembers what it was shown."""

    def __init__(self):
        self.seen = []

    def detect(self, image):
        self.seen.append(image.shape[1])
        if image.shape[1] == 66:
            raise RuntimeError("out of\nmemory")
        if image.shape[1] == 99:
            raise KeyboardInterrupt
        if image.shape[1] == 11:
            return []
        quad = np.array([[2, 4], [image.shape[1], 1], [image.shape[1], 11.5], [2, 14]], np.float32)
        return [Region(quad, 0.9, "text"), Region(box_to_quad(0, 15, 9, 20), 0.75, "formula")]


class ReadsItsWidth:
    def read(self, crops):
        return [Reading(f"宽{crop.shape[1] // 10}", 0.5) for crop in crops]


class HalfText:
    def score(self, image, windows):
        return np.tile([0.5, 0.4, 0.1], (len(windows), 1))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for width in (40, 50, 60, 66, 11, 99):
        Image.new("RGB", (width, 20), "white").save(f"{width}.png")
    return tmp_path


@pytest.fixture
def detector(monkeypatch):
    detector = OneLineOneFormula()

    def stages(options, preprocessing):
        finder = FoundLines(detector, CLASSES)
        if options.crop_mode == "list":
            finder = GivenWindows(HalfText(), str(options.input_file))
        return Stages(finder, 3, ReadsItsWidth() if options.read else None)

    monkeypatch.setattr(run_module, "make_stages", stages)
    return detector


def run(names, output="out.csv", **options):
    Path("in.txt").write_text("".join(f"{name}\n" for name in names))
    said = []
    failed = run_function(Options("in.txt", output, **options), say=said.append)
    return failed, said


def table(path="out.csv"):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".png")


def test_lines_of_images(folder, detector):
    failed, said = run(["40.png", "11.png", "50.png"])
    assert failed == 0
    assert table() == [
        "filename,ymin,xmin,ymax,xmax,class0,class1,class2".split(","),
        ["40.png", "1", "2", "14", "40", "0.1", "0.9", "0"],
        ["40.png", "15", "0", "20", "9", "0.25", "0", "0.75"],
        ["50.png", "1", "2", "14", "50", "0.1", "0.9", "0"],
        ["50.png", "15", "0", "20", "9", "0.25", "0", "0.75"],
    ]
    assert names_in(folder) == ["in.txt", "out.csv"]
    assert said[:2] == ["CPU mode", "Loading input..."]
    assert said[2].startswith("Processed 4 windows in ") and said[2].endswith(" s.")
    assert said[3].startswith("Saved to out.csv in ") and len(said) == 4


def test_formulas_are_read_as_text_is(folder, detector):
    run(["40.png"], read=True)
    assert table()[0][-2:] == ["text", "confidence"]
    assert [row[-2:] for row in table()[1:]] == [["宽3", "0.5"], ["宽0", "0.5"]]


def test_bad_images_are_named_and_the_others_done(folder, detector):
    Path("bad.png").write_bytes(b"no image")
    failed, _ = run(["missing.png", "40.png", "66.png", "bad.png", "50.png"])
    assert failed == 3
    assert {row[0] for row in table()[1:]} == {"40.png", "50.png"}
    header, *rows = table("out.csv.errors.csv")
    assert header == ["filename", "error"]
    assert [row[0] for row in rows] == ["missing.png", "66.png", "bad.png"]
    assert "does not exist" in rows[0][1] and rows[1][1] == "out of memory"
    assert run(["40.png"])[0] == 0
    assert not Path("out.csv.errors.csv").exists()


def test_an_interrupted_run_goes_on(folder, detector):
    names = ["40.png", "missing.png", "50.png", "99.png", "60.png"]
    Path("out.csv").write_text("earlier")
    Path("in.txt").write_text("\n".join(names) + "\n")
    said = []
    with pytest.raises(KeyboardInterrupt):
        run_function(Options("in.txt", "out.csv"), say=said.append)
    assert said[-1] == "3 of 5 images are done; give the same command again to go on."
    assert Path("out.csv").read_text() == "earlier"
    assert names_in(folder) == ["in.txt", "out.csv", "out.csv.journal"]
    Image.new("RGB", (98, 20)).save("99.png")
    detector.seen.clear()
    failed, said = run(names)
    assert failed == 1
    assert detector.seen == [98, 60]
    assert "3 of 5 images are done" in said[2]
    assert [row[0] for row in table()[1::2]] == ["40.png", "50.png", "99.png", "60.png"]
    assert names_in(folder) == ["in.txt", "out.csv", "out.csv.errors.csv"]


@pytest.mark.parametrize(
    "change, named",
    [
        ({"read": True}, "read, reader_model"),
        ({"raw_scale": 1.0}, "raw_scale"),
        ({"channel_swap": "0,1,2"}, "channel_swap"),
    ],
)
def test_an_interrupted_run_goes_on_as_it_was_begun(folder, detector, change, named):
    with pytest.raises(KeyboardInterrupt):
        run(["40.png", "99.png"])
    with pytest.raises(OutputError, match=f"another {named};"):
        run(["40.png", "99.png"], **change)
    with pytest.raises(OutputError, match="another input;"):
        run(["40.png", "50.png"])


def test_a_full_disk_loses_nothing(folder, detector, monkeypatch):

    def full(self, path):
        raise OutputError(f"cannot write {path}: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Table, "save", full)
        with pytest.raises(OutputError):
            run(["40.png", "50.png"])
    detector.seen.clear()
    run(["40.png", "50.png"])
    assert detector.seen == [] and len(table()) == 5


def test_other_pages_of_a_tiff_are_told(folder, detector, caplog):
    pages = [Image.new("RGB", (width, 20)) for width in (40, 50, 60)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    pages[0].save("one.tif")
    assert run(["scan.tif", "one.tif", "40.png", "scan.tif#page=3"])[0] == 0
    assert detector.seen == [40, 40, 40, 60]
    (record,) = caplog.records
    assert record.levelname == "WARNING" and record.getMessage().startswith("scan.tif has 3 pages")


def test_given_windows(folder, detector):
    Path("in.csv").write_text("filename,xmin,ymin,xmax,ymax\n50.png,1,2,31,14\n40.png,0,0,40,20\n50.png,0,0,20,10.5\n")
    assert run_function(Options("in.csv", "out.csv", crop_mode="list", read=True), say=lambda _: None) == 0
    assert table()[1:] == [
        ["50.png", "2", "1", "14", "31", "0.5", "0.4", "0.1", "宽3", "0.5"],
        ["50.png", "0", "0", "10.5", "20", "0.5", "0.4", "0.1", "宽2", "0.5"],
        ["40.png", "0", "0", "20", "40", "0.5", "0.4", "0.1", "宽4", "0.5"],
    ]


def test_whole_images_as_windows(folder, detector):
    run(["40.png", "60.png"], crop_mode="list")
    assert [row[:5] for row in table()[1:]] == [["40.png", "0", "0", "20", "40"], ["60.png", "0", "0", "20", "60"]]


def test_a_window_outside_stops_the_run_before_it_starts(folder, detector):
    Path("in.csv").write_text("filename,xmin,ymin,xmax,ymax\n40.png,0,0,40,20\n40.png,0,0,41,20\n")
    with pytest.raises(DatasetError, match="in.csv:3: .*40 x 20 pixels"):
        run_function(Options("in.csv", "out.csv", crop_mode="list"), say=lambda _: None)
    assert names_in(folder) == ["in.csv"]


@pytest.mark.parametrize(
    "options, error",
    [
        ({"crop_mode": "sliding"}, ConfigError),
        ({"channel_swap": "rgb"}, ConfigError),
        ({"mean_file": "missing.npy"}, ConfigError),
        ({"raw_scale": float("nan")}, ConfigError),
        ({"output": "missing/out.csv"}, OutputError),
        ({"output": "."}, OutputError),
        ({"output": "in.txt"}, ConfigError),
        ({"context_pad": -1}, ConfigError),
        ({"reader_model": "reader.h5"}, ConfigError),
        ({"input_scale": 1e38}, ConfigError),
    ],
)
def test_wrong_options_stop_the_run_before_it_starts(folder, detector, options, error):
    with pytest.raises(error):
        run(["40.png"], **options)
    assert detector.seen == [] and names_in(folder) == ["in.txt"]


def test_one_image_is_in_memory_at_a_time(folder, detector, monkeypatch):
    class Traced(np.ndarray):
        """Can be referred to weakly."""

    images = []
    real = run_module.load_page

    def load(name):
        assert sum(image() is not None for image in images) <= 1  # the one before goes when this one comes
        image = real(name).view(Traced)
        images.append(weakref.ref(image))
        return image

    monkeypatch.setattr(run_module, "load_page", load)
    for number in range(10):
        Image.new("RGB", (40, 20)).save(f"n{number}.png")
    assert run([f"n{number}.png" for number in range(10)])[0] == 0
    assert len(images) == 10


@pytest.fixture(scope="module")
def corner(tmp_path_factory):
    """A corner of the sample page with a line in it."""
    path = tmp_path_factory.mktemp("real") / "corner.png"
    with Image.open(SAMPLE) as image:
        image.crop((0, 130, 320, 250)).save(path)
    return path


@pytest.mark.slow
def test_with_the_networks_that_ship(corner, tmp_path, monkeypatch):
    """Defaults give what `Detector` gives; the same windows, scored one by one, are text; beside them there is none."""
    monkeypatch.chdir(tmp_path)
    expected = Detector().detect(corner)
    assert expected
    Path("in.txt").write_text(f"{corner}\n")
    assert run_function(Options("in.txt", "lines.csv", read=True), say=lambda _: None) == 0
    rows = table("lines.csv")[1:]
    assert len(rows) == len(expected)
    for row, region in zip(rows, expected):
        box = [*region.quad.min(axis=0)[::-1], *region.quad.max(axis=0)[::-1]]
        assert [float(value) for value in row[1:5]] == pytest.approx(box, abs=2e-3)
        assert float(row[6]) == pytest.approx(region.score, abs=2e-3)
        assert row[8]
    top, left, bottom, right = (float(value) for value in rows[0][1:5])
    windows = [(left, top, right, bottom), (left, 0, right, min(bottom - top, top - 1))]
    Path("in.csv").write_text(
        "filename,xmin,ymin,xmax,ymax\n" + "".join(f"{corner},{','.join(map(str, w))}\n" for w in windows)
    )
    options = Options("in.csv", "windows.csv", crop_mode="list")
    assert run_function(options, say=lambda _: None) == 0
    (line, blank) = [[float(value) for value in row[5:8]] for row in table("windows.csv")[1:]]
    assert line[1] > 0.8 and blank[0] > 0.8
    assert sum(line) == pytest.approx(1, abs=1e-4)
    # A black image, as the network sees it with such a scale, holds no text: the option really acts.
    assert run_function(replace(options, raw_scale=0.001, output_file="dark.csv"), say=lambda _: None) == 0
    assert float(table("dark.csv")[1][6]) < 0.5


@pytest.mark.parametrize("option", ["pretrained_model", "reader_model"])
def test_weights_of_the_other_network(corner, tmp_path, monkeypatch, option):
    from ctpn_crnn.weights import shipped

    monkeypatch.chdir(tmp_path)
    Path("in.txt").write_text(f"{corner}\n")
    other = {"pretrained_model": "crnn", "reader_model": "ctpn"}[option]
    if option == "reader_model":
        monkeypatch.setattr(run_module, "load_ctpn", lambda *args: OneLineOneFormula())
        monkeypatch.setattr(OneLineOneFormula, "config", {}, raising=False)
    with pytest.raises(CtpnCrnnError, match="were the two files swapped"):
        run_function(Options("in.txt", "out.csv", read=True, **{option: shipped(other)}), say=lambda _: None)
    assert names_in(tmp_path) == ["in.txt"]

"""The whole path, with a detector and a reader made for the test."""

import copy
import logging
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.errors import ConfigError, ImageError, WeightsError
from ctpn_crnn.geometry import box_to_quad, quad_size
from ctpn_crnn.page import Char, TextLine
from ctpn_crnn.recognizer import Recognizer, mean_legibility


@dataclass
class FakeRegion:
    quad: np.ndarray
    score: float = 0.9
    kind: str = "text"


@dataclass
class FakeReading:
    text: str
    confidence: float
    chars: list = field(default_factory=list)


class BoxFinder:
    """Reports the boxes it was made with; breaks down on images one pixel wide."""

    def __init__(self, *regions):
        self.regions = [FakeRegion(box_to_quad(*box), kind=kind) for *box, kind in regions]

    def detect(self, image):
        if image.shape[1] == 1:
            raise RuntimeError("out of order")
        return self.regions


class GreyReader:
    """Reads a crop as its mean grey value; confidence as given."""

    def __init__(self, confidence=0.8):
        self.confidence = confidence
        self.shapes = []

    def read(self, crops):
        self.shapes += [crop.shape for crop in crops]
        texts = [str(round(float(crop.mean()))) for crop in crops]
        return [FakeReading("" if t == "0" else t, self.confidence, [Char(t, 0.5, 0, 1)]) for t in texts]


def make_image():
    """Two rows: 40 | 80 above 120; the rest white."""
    image = np.full((100, 200, 3), 255, np.uint8)
    image[10:30, 10:80], image[10:30, 110:180], image[60:80, 10:180] = 40, 80, 120
    return image


ROWS = ((110, 10, 180, 30, "text"), (10, 60, 180, 80, "text"), (10, 10, 80, 30, "text"))


def make(*regions, padding=(0.0, 0.0), **options):
    return Recognizer(detector=BoxFinder(*regions), reader=GreyReader(), padding=padding, **options)


class TestRecognize:
    def test_lines_come_in_reading_order_with_their_own_text(self):
        page = make(*ROWS).recognize(make_image())
        assert page.text == "40\n80\n120"
        assert (page.width, page.height, page.source) == (200, 100, None)
        line = page.lines[1]
        np.testing.assert_array_equal(line.quad, box_to_quad(110, 10, 180, 30))
        assert (line.confidence, line.kind, line.chars) == (0.8, "text", [Char("80", 0.5, 0, 1)])

    def test_a_formula_without_a_line_is_read(self):
        recognizer = make((10, 10, 80, 30, "formula"), (10, 60, 180, 80, "text"))
        page = recognizer.recognize(make_image())
        # Characters read at .5 are no evidence of plain text.
        assert [(line.kind, line.text) for line in page.lines] == [("formula", "40"), ("text", "120")]

    def test_a_formula_on_a_line_is_a_mark_of_it_in_source_pixels(self):
        page = make((10, 60, 180, 80, "text"), (20, 55, 60, 85, "formula")).recognize(make_image())
        (line,) = page.lines
        assert (line.kind, line.text) == ("text", "120")
        np.testing.assert_array_equal(line.formulas, [box_to_quad(20, 55, 60, 85)])

    def test_padding_is_in_line_heights(self):
        recognizer = make((10, 60, 180, 80, "text"), padding=(0.5, 0.1), orientation="upright")
        recognizer.recognize(make_image())
        assert recognizer.reader.shapes == [(24, 190, 3)]

    def test_uncertain_and_empty_lines_are_left_out(self):
        # Of the characters, which are read at .5, not of the lines.
        assert len(make(*ROWS, min_confidence=0.5).recognize(make_image()).lines) == 3
        assert make(*ROWS, min_confidence=0.51).recognize(make_image()).lines == []
        assert make(*ROWS).recognize(np.zeros((100, 200), np.uint8)).lines == []

    @pytest.mark.parametrize("shape", [(50, 50), (1, 5000), (2, 2)])
    def test_empty_page(self, shape):
        page = make().recognize(np.full(shape, 255, np.uint8))
        assert (page.height, page.width) == shape
        assert (page.lines, page.text) == ([], "")

    def test_source_is_remembered(self, tmp_path):
        Image.fromarray(make_image()).save(tmp_path / "a.png")
        assert make(*ROWS).recognize(tmp_path / "a.png").source == str(tmp_path / "a.png")

    def test_limit_on_size(self, tmp_path):
        Image.fromarray(make_image()).save(tmp_path / "a.png")
        with pytest.raises(ImageError, match="too large"):
            make(max_pixels=100).recognize(tmp_path / "a.png")


def draw_page(rows=20):
    """Lines of capitals of varying length, 800 x 1000 pixels."""
    page = np.full((1000, 800, 3), 255, np.uint8)
    rng = np.random.default_rng(1)
    for row in range(rows):
        letters = "".join(rng.choice(list("ABCDEFGHIKLMNORSTUVXZ "), int(rng.integers(20, 38))))
        cv2.putText(page, letters, (60, 80 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0,) * 3, 1, cv2.LINE_AA)
    return page


def lean(page, degrees):
    """Turn clockwise as seen, keeping the size; OpenCV counts the other way round."""
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    return cv2.warpAffine(page, matrix, (width, height), borderValue=(255,) * 3)


class RowFinder:
    """Finds rows with ink as upright boxes: right on upright pages only. Notes what it was shown."""

    def __init__(self):
        self.shapes = []

    def detect(self, image):
        self.shapes.append(image.shape[:2])
        ink = (image[..., 0] < 128).any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], ink.astype(int), [0]])))
        boxes = []
        for top, bottom in edges.reshape(-1, 2):
            columns = np.flatnonzero((image[top:bottom, :, 0] < 128).any(axis=0))
            boxes.append((columns[0], top, columns[-1] + 1, bottom))
        return [FakeRegion(box_to_quad(*map(float, box))) for box in boxes]


class TestLeaningPages:
    def make(self, **options):
        return Recognizer(detector=RowFinder(), reader=GreyReader(0.9), **options)

    @pytest.mark.parametrize(("degrees", "deskew"), [(9.0, "off"), (9.0, "auto"), (1.5, "auto"), (-9.0, "off")])
    def test_lines_have_quads_of_the_source(self, degrees, deskew):
        upright = self.make().recognize(draw_page())
        assert len(upright.lines) == 20
        page = self.make(deskew=deskew).recognize(lean(draw_page(), degrees))
        assert (page.width, page.height, len(page.lines)) == (800, 1000, 20)
        turn = cv2.getRotationMatrix2D((400, 500), -degrees, 1.0)
        for line, straight in zip(page.lines, upright.lines):
            where = straight.quad @ turn[:, :2].T + turn[:, 2]
            assert np.abs(line.quad - where).max() < 4  # pixels
            assert quad_size(line.quad)[1] == pytest.approx(quad_size(straight.quad)[1], abs=3)

    def test_a_small_lean_stays_unless_asked_for(self):
        image = lean(draw_page(), 1.5)
        assert quad_size(self.make().recognize(image).lines[0].quad)[1] > 19  # of print 13 high, 500 long
        assert quad_size(self.make(deskew="auto").recognize(image).lines[0].quad)[1] < 18

    def test_an_upright_page_is_left_alone(self):
        assert self.make(deskew="auto").recognize(draw_page()) == self.make().recognize(draw_page())

    def test_deskew_is_off_or_auto(self):
        with pytest.raises(ConfigError, match="deskew must be one of off, auto"):
            self.make(deskew=True)


class OneWayReader:
    """Reads a crop well if its dark end is on the left; notes how many crops it is given at once."""

    def __init__(self):
        self.at_once = []

    def read(self, crops):
        self.at_once.append(len(crops))
        well = [crop[:, 0].mean() < crop[:, -1].mean() for crop in crops]
        return [FakeReading("x", 0.9, [Char("x", 0.95 if good else 0.3, 0, 1)]) for good in well]


def arrows(lines, degrees=0):
    """An image with lines that begin dark and end grey, and their boxes once it stands upright."""
    image = np.full((20 * lines, 120, 3), 255, np.uint8)
    boxes = [(10, 20 * i + 5, 110, 20 * i + 15) for i in range(lines)]
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = np.linspace(0, 200, x2 - x1)[:, None]
    return np.ascontiguousarray(np.rot90(image, degrees // 90)), boxes


class ArrowFinder:
    """Finds the lines of `arrows`, upright or upside down."""

    def __init__(self, boxes):
        self.boxes, self.calls = boxes, 0

    def detect(self, image):
        self.calls += 1
        return [FakeRegion(box_to_quad(*box)) for box in self.boxes]


class TestUpsideDown:
    @pytest.mark.parametrize(("lines", "at_once"), [(3, [3]), (12, [12]), (20, [12, 8])])
    def test_of_an_upright_page_each_line_is_found_and_read_once(self, lines, at_once):
        image, boxes = arrows(lines)
        finder, reader = ArrowFinder(boxes), OneWayReader()
        page = Recognizer(detector=finder, reader=reader).recognize(image)
        assert [line.quad[0].tolist() for line in page.lines] == [[x1, y1] for x1, y1, _, _ in boxes]
        assert (finder.calls, reader.at_once) == (1, at_once)

    def test_a_page_upside_down_is_found_again_and_its_quads_are_those_of_the_source(self):
        image, boxes = arrows(3, 180)
        finder, reader = ArrowFinder(boxes), OneWayReader()
        page = Recognizer(detector=finder, reader=reader).recognize(image)
        assert (finder.calls, reader.at_once) == (2, [3, 3, 3])
        assert page.orientation == 180
        # The first line of the text stands at the bottom right of the image, 120 x 60 pixels.
        np.testing.assert_allclose(page.lines[0].quad, [[110, 55], [10, 55], [10, 45], [110, 45]], atol=1e-3)

    def test_formulas_do_not_tell_which_side_is_up(self):
        image, boxes = arrows(3, 180)
        finder, reader = ArrowFinder(boxes), OneWayReader()
        finder.detect = lambda _: [FakeRegion(box_to_quad(*box), kind="formula") for box in boxes]
        assert Recognizer(detector=finder, reader=reader).recognize(image).orientation == 0
        assert reader.at_once == [3]  # read once, at the end


def test_legibility_weighs_lines_by_their_lengths_in_heights():
    lines = [TextLine("x", c, box_to_quad(0, 0, w, 10)) for c, w in ((0.9, 90), (0.5, 30))]
    assert mean_legibility(lines) == pytest.approx(0.8)
    assert mean_legibility([]) == 0


class TestRecognizeAll:
    @pytest.fixture
    def folder(self, tmp_path):
        for name in ("a.png", "c.png", "e.png"):
            Image.fromarray(make_image()).save(tmp_path / name)
        (tmp_path / "b.png").write_text("no image")
        Image.new("L", (1, 9)).save(tmp_path / "d.png")  # the detector breaks down on it
        return tmp_path

    def test_bad_files_are_reported_and_the_others_read(self, folder):
        failures = []
        pages = list(make(*ROWS).recognize_all([folder, "none.jpg", make_image()], on_error=failures.append))
        assert [page.source for page in pages] == [*(str(folder / name) for name in ("a.png", "c.png", "e.png")), None]
        assert [failure.source for failure in failures] == [str(folder / "b.png"), str(folder / "d.png"), "none.jpg"]
        assert [type(failure.error) for failure in failures] == [ImageError, RuntimeError, ImageError]

    def test_without_a_callback_they_are_logged(self, folder, caplog):
        with caplog.at_level(logging.WARNING):
            assert len(list(make().recognize_all(folder))) == 3
        first, second = (record.getMessage() for record in caplog.records)
        assert first.startswith(f"skipped: {folder / 'b.png'} is not an image") and first.count("b.png") == 1
        assert second == f"skipped: {folder / 'd.png'}: out of order"

    def test_pages_of_a_document(self, tmp_path):
        frames = [Image.fromarray(make_image()), Image.new("RGB", (1, 5)), Image.fromarray(make_image())]
        frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
        failures = []
        pages = list(make(*ROWS).recognize_all(tmp_path / "a.tif", on_error=failures.append))
        assert [page.source[-7:] for page in pages] == ["#page=1", "#page=3"]
        assert [failure.source[-7:] for failure in failures] == ["#page=2"]
        assert make(*ROWS).recognize(pages[1].source) == pages[1]

    def test_nothing_is_read_ahead(self):
        taken = []

        def endless():
            while True:
                taken.append(1)
                yield make_image()

        pages = make(*ROWS).recognize_all(endless())
        next(pages)
        next(pages)
        assert len(taken) == 2

    def test_a_list_of_sources_that_fails(self):
        def broken():
            yield make_image()
            raise OSError("gone")

        failures = []
        assert len(list(make().recognize_all(broken(), failures.append))) == 1
        assert "gone" in str(failures[0].error)


class TestArguments:
    @pytest.mark.parametrize("weights", [{"ctnp": "a"}, ("a",), 3])
    def test_weights_that_make_no_sense(self, weights):
        with pytest.raises(ConfigError, match="weights"):
            Recognizer(weights)

    def test_missing_weights(self, tmp_path):
        with pytest.raises(WeightsError, match=r"no ctpn\.h5 or ctpn\.onnx"):
            Recognizer(tmp_path)
        (tmp_path / "one.h5").touch()
        with pytest.raises(WeightsError, match="one file"):
            Recognizer(tmp_path / "one.h5")

    def test_a_folder_of_weights_may_hold_onnx_files(self, tmp_path, monkeypatch):
        made = []
        monkeypatch.setattr("ctpn_crnn.crnn.reader.LineReader", lambda **options: made.append(options["weights"]))
        monkeypatch.setattr("ctpn_crnn.recognizer._make_detector", lambda weights, *_: made.append(weights))
        for name in ("ctpn.onnx", "crnn.onnx", "crnn.h5"):
            (tmp_path / name).touch()
        Recognizer(tmp_path)
        assert made == [tmp_path / "ctpn.onnx", tmp_path / "crnn.h5"]

    def test_the_search_is_the_readers(self, monkeypatch):
        made = []
        monkeypatch.setattr("ctpn_crnn.crnn.reader.LineReader", lambda **options: made.append(options))
        Recognizer(detector=BoxFinder())
        Recognizer(detector=BoxFinder(), beam_width=4, language_model="lm.npz", lm_weight=0.2, length_bonus=0.0)
        Recognizer(detector=BoxFinder(), language_model=None)
        networks = {"weights": None, "runtime": "auto", "precision": "auto", "language_model": "auto"}
        search = {"beam_width": 4, "language_model": "lm.npz", "lm_weight": 0.2, "length_bonus": 0.0}
        assert made == [networks, {**networks, **search}, {**networks, "language_model": None}]

    @pytest.mark.parametrize(
        "options",
        [
            {"min_confidence": 1.5},
            {"min_confidence": float("nan")},
            {"padding": (-1, 0)},
            {"max_pixels": 0},
            {"deskew": "yes"},
            {"orientation": "sideways"},
        ],
    )
    def test_options_that_make_no_sense(self, options):
        with pytest.raises(ConfigError):
            make(**options)


def test_light_import():
    """The package, and all that is not a network, comes without TensorFlow and Keras."""
    code = """
import sys
import ctpn_crnn, ctpn_crnn.recognizer, ctpn_crnn.writers, ctpn_crnn.weights, ctpn_crnn.documents.sources
ctpn_crnn.Page, ctpn_crnn.TextLine, ctpn_crnn.Recognizer
assert set(ctpn_crnn.__all__) <= set(dir(ctpn_crnn))
print([name for name in ("tensorflow", "keras", "jax") if name in sys.modules], ctpn_crnn.__version__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 0.1.0"


def test_unknown_name():
    import ctpn_crnn

    with pytest.raises(AttributeError, match="Recogniser"):
        _ = ctpn_crnn.Recogniser


class HalvesReader:
    """Two characters, each half of the crop that it is given."""

    def read(self, crops):
        return [FakeReading("ab", 0.9, [Char("a", 0.9, 0.0, 0.5), Char("b", 0.9, 0.5, 0.9)]) for _ in crops]


def test_places_of_characters_are_fractions_of_the_quad_not_of_the_padded_crop() -> None:
    # A line of 100 x 20 with a quarter of its height added at each end: the crop is 110 long, the quad starts at 5.
    recognizer = Recognizer(detector=BoxFinder((10, 10, 110, 30, "text")), reader=HalvesReader(), padding=(0.25, 0.0))
    line = recognizer.recognize(make_image()).lines[0]
    assert [(c.start, c.end) for c in line.chars] == [
        (0.0, pytest.approx(0.5)),
        (pytest.approx(0.5), pytest.approx((0.9 * 110 - 5) / 100)),
    ]


class TestCopies:
    def test_what_was_given_goes_along_and_options_stay(self):
        recognizer = make(*ROWS, min_confidence=0.3, orientation="upright")
        recognizer.padding = (0.1, 0.2)
        page = recognizer.recognize(make_image())
        for again in (copy.copy(recognizer), copy.deepcopy(recognizer), pickle.loads(pickle.dumps(recognizer))):
            assert (again.min_confidence, again.padding, again.orientation) == (0.3, (0.1, 0.2), "upright")
            assert again.recognize(make_image()) == page

    @pytest.mark.slow
    def test_a_pool_of_processes_reads_with_the_shipped_weights(self):
        sample = Path(__file__).parent.parent / "docs" / "sample.png"
        recognizer = Recognizer(second_look=0)
        assert len(pickle.dumps(recognizer)) < 1_000_000, "no weights"
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            [page] = pool.map(recognizer.recognize, [str(sample)])
        assert page == recognizer.recognize(str(sample))

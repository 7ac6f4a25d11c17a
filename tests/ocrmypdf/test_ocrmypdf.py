"""The plugin in the real OCRmyPDF, on a scanned document; in most tests with a reader that knows what it says."""

import configparser
import multiprocessing
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.documents.images import load_image
from ctpn_crnn.page import Page, TextLine

ocrmypdf = pytest.importorskip(
    "ocrmypdf", reason="OCRmyPDF is not installed: ITS PLUGIN IS NOT TESTED (pip install '.[ocrmypdf]')"
)
pdfium = pytest.importorskip("pypdfium2")

from ocrmypdf._plugin_manager import get_plugin_manager  # noqa: E402
from ocrmypdf.exceptions import BadArgsError, MissingDependencyError  # noqa: E402

import ctpn_crnn.ocrmypdf as plugin  # noqa: E402
from ctpn_crnn.errors import ImageError  # noqa: E402
from ctpn_crnn.ocrmypdf.engine import CtpnCrnnEngine, _recognizer  # noqa: E402
from ctpn_crnn.ocrmypdf.hooks import add_engine_options  # noqa: E402

PLUGIN = "ctpn_crnn.ocrmypdf"
ROOT = Path(__file__).parents[2]
if int(ocrmypdf.__version__.split(".")[0]) < 17:
    pytest.skip("OCRmyPDF is older than 17: ITS PLUGIN IS NOT TESTED", allow_module_level=True)


def texts(path):
    with closing(pdfium.PdfDocument(path)) as document:
        return [document[i].get_textpage().get_text_range() for i in range(len(document))]


def character_f1(found, truth):
    """OCRmyPDF's own renderer takes "," for "，" where its font lacks that: NFKC makes them one."""
    found, truth = (normalize("NFKC", text.replace("\ufffe", "-")) for text in (found, truth))
    found, truth = (Counter("".join(text.split())) for text in (found, truth))
    return 2 * (found & truth).total() / max(1, found.total() + truth.total())


@pytest.fixture(scope="module")
def samples():
    from ctpn_crnn.crnn.charset import Charset
    from ctpn_crnn.synthesis.fonts import Font, FontLibrary
    from ctpn_crnn.synthesis.pages import render_page
    from ctpn_crnn.synthesis.text import Corpus

    charset = Charset.default()
    font = Font.open(str(files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2"), 0, charset.characters)
    fonts, corpus = FontLibrary([font]), Corpus(None, charset, traditional=0.0, rare=0.0)
    rng = np.random.default_rng(8)
    return [render_page(rng, fonts, corpus, None, "document", (700, 500)) for _ in range(3)]


@pytest.fixture(scope="module")
def scan(samples, tmp_path_factory):
    """An image-only PDF."""
    images = [Image.fromarray(sample.image[..., ::-1]) for sample in samples]
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    images[0].save(path, save_all=True, append_images=images[1:], resolution=100.0)
    return path


@pytest.fixture
def truth(samples):
    return "\n".join(region.text for sample in samples for region in sample.regions if region.kind == "text")


@pytest.fixture
def loads(samples, tmp_path, monkeypatch):
    """Replaces the recognizer by one that knows the pages; gives the file where processes note that they loaded it."""
    notes = tmp_path / "loads.txt"
    notes.touch()

    class Oracle:
        def __init__(self, weights=None, min_confidence=0.0):
            with open(notes, "a") as file:
                file.write(f"{os.getpid()} {weights} {min_confidence}\n")

        def recognize(self, source):
            image = load_image(source)
            small = [_thumbnail(sample.image) for sample in samples]
            differences = [np.abs(_thumbnail(image) - other).mean() for other in small]
            sample = samples[int(np.argmin(differences))]
            scale = np.array(image.shape[1::-1]) / sample.image.shape[1::-1]
            lines = [
                TextLine("" if region.kind == "formula" else region.text, 1.0, region.quad * scale, region.kind)
                for region in sample.regions
            ]
            return Page(image.shape[1], image.shape[0], lines)

    monkeypatch.setattr("ctpn_crnn.recognizer.Recognizer", Oracle)
    _recognizer.cache_clear()
    yield notes
    _recognizer.cache_clear()


def _thumbnail(image):
    return np.asarray(Image.fromarray(image).convert("L").resize((100, 140), Image.Resampling.BOX), np.float32)


def run(source, target, **options):
    """OCRmyPDF with the plugin."""
    options = {"plugins": [PLUGIN], "language": ["chi_sim", "eng"], "progress_bar": False, "jobs": 1, **options}
    return ocrmypdf.ocr(source, target, **options)


def command(*arguments, cwd):
    """The command line with the plugin, in a process of its own."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "ocrmypdf", "--plugin", PLUGIN, "--quiet", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The entry points of setup.cfg, as after an installation."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    lines = "".join(f"[{group}]{entries}\n" for group, entries in setup["options.entry_points"].items())
    folder = tmp_path / "site" / "ctpn_crnn_entry-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "entry_points.txt").write_text(lines)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: ctpn-crnn-entry\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(folder.parent))


class TestDocument:
    def test_a_scanned_document_becomes_searchable(self, scan, truth, loads, tmp_path):
        sidecar = tmp_path / "text.txt"
        assert "".join(texts(scan)) == ""
        assert run(scan, tmp_path / "a.pdf", output_type="pdf", sidecar=sidecar) == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.99
        assert character_f1(sidecar.read_text("utf-8"), truth) >= 0.99
        assert len(texts(tmp_path / "a.pdf")) == 3

    def test_characters_lie_where_they_are_seen(self, scan, samples, loads, tmp_path):
        run(scan, tmp_path / "a.pdf", output_type="pdf")
        region = next(region for region in samples[0].regions if len(region.text) > 5)
        left, top, right, bottom = (*region.quad.min(axis=0), *region.quad.max(axis=0))
        with closing(pdfium.PdfDocument(tmp_path / "a.pdf")) as document:
            height = document[0].get_height()
            box = {"left": left * 0.72 - 2, "top": height - top * 0.72 + 2}
            box |= {"right": right * 0.72 + 2, "bottom": height - bottom * 0.72 - 2}
            inside = document[0].get_textpage().get_text_bounded(**box)
        # Lines above and below may reach into the box.
        assert not Counter("".join(region.text.split())) - Counter(inside)
        assert len(inside) < 3 * len(region.text)

    def test_archival_output(self, scan, truth, loads, tmp_path):
        """PDF/A: OCRmyPDF checks the fonts of the text layer, too."""
        assert run(scan, tmp_path / "a.pdf", output_type="auto") == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.99

    @pytest.mark.parametrize("renderer", ["fpdf2", "sandwich"])
    def test_each_renderer(self, scan, truth, loads, tmp_path, renderer):
        assert run(scan, tmp_path / "a.pdf", output_type="pdf", pdf_renderer=renderer) == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.97

    @pytest.mark.parametrize("use_threads", [True, False], ids=["threads", "processes"])
    def test_two_jobs_load_the_networks_once_a_process(self, scan, truth, loads, tmp_path, use_threads):
        if not use_threads and multiprocessing.get_start_method() != "fork":
            pytest.skip("the replaced recognizer only reaches processes that are forked")
        assert run(scan, tmp_path / "a.pdf", output_type="pdf", jobs=2, use_threads=use_threads) == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.99
        processes = [row.split()[0] for row in loads.read_text().splitlines()]
        assert len(processes) == len(set(processes)) <= (1 if use_threads else 2)
        assert (str(os.getpid()) in processes) == use_threads

    def test_pages_that_have_text_are_skipped_on_request(self, scan, loads, tmp_path):
        run(scan, tmp_path / "a.pdf", output_type="pdf")
        before = texts(tmp_path / "a.pdf")
        assert run(tmp_path / "a.pdf", tmp_path / "b.pdf", output_type="pdf", skip_text=True) == 0
        assert texts(tmp_path / "b.pdf") == before


class TestOptions:
    def test_languages_that_are_read(self):
        assert CtpnCrnnEngine.languages(None) >= {"chi_sim", "chi_tra", "eng"}

    def test_another_language_is_refused(self, scan, tmp_path):
        done = command("-l", "deu", str(scan), str(tmp_path / "a.pdf"), cwd=tmp_path)
        assert done.returncode == ocrmypdf.ExitCode.missing_dependency
        assert "deu" in done.stderr

    def test_our_options_reach_the_recognizer(self, scan, loads, tmp_path):
        options = {"ctpn_crnn_weights": "my weights", "ctpn_crnn_min_confidence": 0.5}
        assert run(scan, tmp_path / "a.pdf", output_type="pdf", **options) == 0
        assert loads.read_text().split("\n")[0].endswith(" my weights 0.5")

    def test_weights_that_are_missing(self, scan, tmp_path):
        _recognizer.cache_clear()
        with pytest.raises(BadArgsError, match="ctpn.h5"):
            run(scan, tmp_path / "a.pdf", output_type="pdf", ctpn_crnn_weights=str(tmp_path))

    def test_an_old_ocrmypdf_is_refused(self, monkeypatch):
        monkeypatch.setattr(ocrmypdf, "__version__", "16.13.0")
        with pytest.raises(MissingDependencyError, match="17 or newer"):
            plugin.check_options(SimpleNamespace(ocr_engine="auto", pdf_renderer="auto"))

    def test_options_are_added_once(self):
        import argparse

        parser = argparse.ArgumentParser()
        parser.add_argument("--ocr-engine", choices=["auto"], default="auto")
        add_engine_options(parser)
        add_engine_options(parser)
        parsed = parser.parse_args("--ocr-engine ctpn_crnn --ctpn-crnn-weights w --ctpn-crnn-min-confidence .3".split())
        assert parsed.ctpn_crnn_weights == "w"
        assert parsed.ctpn_crnn_min_confidence == 0.3


class TestInstalled:
    """What OCRmyPDF finds by itself."""

    def test_it_is_not_the_engine_of_those_who_did_not_ask(self, installed):
        manager = get_plugin_manager([])
        for choice, ours in [("auto", False), ("tesseract", False), ("none", False), ("ctpn_crnn", True)]:
            engine = manager.get_ocr_engine(options=SimpleNamespace(ocr_engine=choice))
            assert isinstance(engine, CtpnCrnnEngine) == ours

    def test_it_can_be_asked_for_by_name(self, installed, scan, truth, loads, tmp_path):
        options = {"plugins": [], "ocr_engine": "ctpn_crnn", "output_type": "pdf"}
        assert run(scan, tmp_path / "a.pdf", **options) == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.99

    def test_it_can_be_named_as_a_plugin_as_well(self, installed, scan, truth, loads, tmp_path):
        assert run(scan, tmp_path / "a.pdf", output_type="pdf") == 0
        assert character_f1("".join(texts(tmp_path / "a.pdf")), truth) >= 0.99

    def test_others_may_still_be_asked_for(self, installed):
        manager = get_plugin_manager([PLUGIN])
        for choice, ours in [("auto", True), ("tesseract", False), ("none", False), ("ctpn_crnn", True)]:
            engine = manager.get_ocr_engine(options=SimpleNamespace(ocr_engine=choice))
            assert isinstance(engine, CtpnCrnnEngine) == ours

    def test_tesseract_is_checked_when_it_is_needed(self, installed, monkeypatch):
        module = "ocrmypdf.builtin_plugins.tesseract_ocr"

        def missing(**_):
            raise MissingDependencyError

        monkeypatch.setattr(f"{module}.check_external_program", missing)
        manager = get_plugin_manager([])._pm
        manager.hook.initialize(plugin_manager=manager)
        (check,) = (hook for hook in manager.hook.check_options.get_hookimpls() if hook.plugin_name == module)
        check.function(SimpleNamespace(ocr_engine="ctpn_crnn"))
        with pytest.raises(MissingDependencyError):
            check.function(SimpleNamespace(ocr_engine="auto"))


class TestEngine:
    def test_it_says_what_it_is(self):
        assert re.fullmatch(r"ctpn_crnn [\w.]+", str(CtpnCrnnEngine()))
        assert CtpnCrnnEngine.creator_tag(None) == str(CtpnCrnnEngine())

    def test_it_tells_how_a_page_is_turned(self, samples, tmp_path):
        page = Image.fromarray(samples[0].image[..., ::-1])
        for degrees in (0, 90, 180):
            turned = self.saved(page.rotate(-degrees, expand=True), tmp_path)  # Pillow turns counter-clockwise
            orientation = CtpnCrnnEngine.get_orientation(turned, None)
            assert orientation.angle == degrees and orientation.confidence > 14
        blank = self.saved(Image.new("RGB", page.size, "white"), tmp_path)
        assert CtpnCrnnEngine.get_orientation(blank, None) == (0, 0)

    @pytest.mark.parametrize("lean", [-3.0, 2.0])
    def test_deskewing_turns_the_page_upright(self, samples, tmp_path, lean):
        page = Image.fromarray(samples[0].image[..., ::-1])
        straight = CtpnCrnnEngine.get_deskew(self.saved(page, tmp_path), None)
        leaning = self.saved(page.rotate(lean, Image.Resampling.BICUBIC, fillcolor="white"), tmp_path)
        # Pillow turns counter-clockwise, and so does OCRmyPDF with the angle it is given.
        assert CtpnCrnnEngine.get_deskew(leaning, None) == pytest.approx(straight - lean, abs=0.4)

    @staticmethod
    def saved(image, tmp_path):
        image.save(tmp_path / "page.png")
        return tmp_path / "page.png"

    def test_an_image_that_cannot_be_read(self, tmp_path, monkeypatch):
        class Blind:
            def __init__(self, **options):
                assert options == {"weights": None, "min_confidence": 0.0}, "the defaults"

            def recognize(self, source):
                raise ImageError("it is torn")

        monkeypatch.setattr("ctpn_crnn.recognizer.Recognizer", Blind)
        _recognizer.cache_clear()
        with pytest.raises(ocrmypdf.exceptions.InputFileError, match="torn"):
            CtpnCrnnEngine.generate_pdf(tmp_path / "x.png", tmp_path / "a.pdf", tmp_path / "a.txt", None)
        _recognizer.cache_clear()


@pytest.mark.slow
def test_the_command_with_the_shipped_weights(scan, truth, tmp_path, capsys):
    files = (str(scan), str(tmp_path / "a.pdf"))
    done = command("-l", "chi_sim+eng", "--jobs", "2", "--output-type", "pdf", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    f1 = character_f1("".join(texts(tmp_path / "a.pdf")), truth)
    with capsys.disabled():
        print(f"\nocrmypdf, shipped weights: character F1 {f1:.3f} of the extracted text")
    assert f1 > 0.3

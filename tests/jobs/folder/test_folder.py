"""Jobs over many documents, with a recognizer made for the test."""

import json
import os
import re
import tempfile
import weakref
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.errors import DiskFullError, OutputError
from ctpn_crnn.files import written_aside
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.jobs.folder import (
    JOURNAL_NAME,
    Document,
    DocumentRecords,
    FolderJob,
    JobMonitor,
    PageOptions,
    count_pages,
    expand,
    make_plan,
)
from ctpn_crnn.jobs.journal import Journal
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers.text import TextWriter

DONE = {"formats": ["txt"]}


class WidthReader:
    """Reads the width of each image; stops like Ctrl-C at images 99 pixels wide, fails at those 13 wide."""

    def __init__(self):
        self.read = []

    def recognize(self, image):
        height, width = image.shape[:2]
        if width == 99:
            raise KeyboardInterrupt
        if width == 13:
            raise RuntimeError("unlucky")
        self.read.append(width)
        return Page(width, height, [TextLine(f"w{width}", 0.9, box_to_quad(1, 1, 9, 9))])


class Log(JobMonitor):
    def __init__(self):
        self.failures, self.documents, self.whole, self.pages = [], 0, 0, 0

    def failed(self, failure):
        self.failures.append(failure)

    def document_done(self, document, complete):
        self.documents += 1
        self.whole += complete

    def page_done(self):
        self.pages += 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    return tmp_path


def image(path, width, *further):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pages = [Image.new("RGB", (size, 20), "white") for size in (width, *further)]
    pages[0].save(path, **({"save_all": True, "append_images": pages[1:]} if further else {}))


def run(*given, formats=("txt",), reader=None, redo=False, **options):
    """One run of the command: returns the reader, the log and the plan."""
    reader, log = reader or WidthReader(), Log()
    done = {"formats": list(formats)}
    with Journal(Path("out", JOURNAL_NAME)) as journal:
        records = DocumentRecords(journal)
        plan = make_plan(expand(given)[0], Path("out"), done, records, redo=redo)
        FolderJob(reader, records, formats, Path("out"), done=done, monitor=log, **options).run(plan.work)
    return reader, log, plan


def outputs():
    return {path.name: path.read_text(encoding="utf-8") for path in Path("out").iterdir() if path.name != JOURNAL_NAME}


def test_each_source_gives_one_file(folder):
    image("in/a.png", 20)
    image("in/b.tif", 30, 31)
    _, log, _ = run("in")
    assert outputs() == {"a.txt": "w20\n", "b.txt": "w30\n\fw31\n"}
    assert (log.documents, log.pages, log.failures) == (2, 3, [])


def test_what_is_finished_is_not_read_again(folder):
    image("in/a.png", 20)
    image("in/b.png", 30)
    run("in")
    reader, _, plan = run("in")
    assert reader.read == [] and len(plan.finished) == 2
    image("in/b.png", 31)  # the source has changed
    os.utime("in/b.png", ns=(1, 1))  # also by a copy that kept an old date
    Path("out/a.txt").unlink()
    assert run("in")[0].read == [20, 31]
    assert run("in", redo=True)[0].read == [20, 31]
    assert run("in", formats=("txt", "json"))[0].read == [20, 31]
    assert run("in", formats=("txt", "json"))[0].read == []


def test_a_damaged_file_costs_nothing_else_and_is_tried_again(folder):
    image("in/a.png", 20)
    Path("in/b.png").write_text("no image")
    image("in/c.png", 13)
    image("in/d.png", 40)
    _, log, _ = run("in", "none.png")
    assert outputs() == {"a.txt": "w20\n", "d.txt": "w40\n"}
    assert [failure.source for failure in log.failures] == [
        str(Path("in", "b.png")),
        str(Path("in", "c.png")),
        "none.png",
    ]
    image("in/c.png", 33)
    reader, log, plan = run("in")
    assert reader.read == [33] and len(plan.finished) == 2 and len(log.failures) == 1


@pytest.mark.parametrize("error", [DiskFullError("no room"), BrokenPipeError()])
def test_what_would_meet_every_page_ends_the_job(folder, monkeypatch, error):
    for name in ("a", "b", "c"):
        image(f"in/{name}.png", 20)

    class Stopping(Log):
        def page_read(self, page):
            if page.source.endswith("b.png"):
                raise error

    log = Stopping()
    with Journal(Path("out", JOURNAL_NAME)) as journal:
        records = DocumentRecords(journal)
        plan = make_plan(expand(["in"])[0], Path("out"), DONE, records)
        with pytest.raises(type(error)):
            FolderJob(WidthReader(), records, ("txt",), Path("out"), done=DONE, monitor=log).run(plan.work)
    assert outputs() == {"a.txt": "w20\n"} and log.failures == []
    assert run("in")[0].read == [20, 20]  # the same command goes on


def test_a_full_disk_is_not_reported_for_each_format(folder, monkeypatch):
    image("in/a.png", 20)

    def full(self, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TextWriter, "_write_page", full)
    with pytest.raises(DiskFullError, match="No space left"):
        run("in", formats=("txt", "json"))
    assert outputs() == {}


def test_the_other_pages_of_a_document_are_written_but_it_is_not_finished(folder):
    image("in/a.tif", 20, 13, 22)
    _, log, _ = run("in")
    assert outputs() == {"a.txt": "w20\n\fw22\n"} and "#page=2" in log.failures[0].source
    assert run("in")[0].read == [20, 22]


def test_an_interrupt_leaves_complete_outputs_only(folder):
    image("in/a.png", 20)
    image("in/b.tif", 30, 99, 31)
    image("in/c.png", 40)
    with pytest.raises(KeyboardInterrupt):
        run("in", formats=("txt", "json", "png"))
    assert sorted(outputs_names()) == ["a-ocr.png", "a.json", "a.txt"]
    image("in/b.tif", 30, 31)
    assert run("in", formats=("txt", "json", "png"))[0].read == [30, 31, 40]
    assert "b-ocr-2.png" in outputs_names() and "b-2.txt" not in outputs_names()


def outputs_names():
    return [path.name for path in Path("out").iterdir() if path.name != JOURNAL_NAME]


def test_sources_of_one_stem_keep_apart_over_runs(folder):
    for number, name in enumerate(("in/x/a.png", "in/y/a.png", "in/y/A.bmp")):
        image(name, 20 + number)
    run("in/y/*.*")
    run("in/x/a.png")
    kept = outputs()
    assert sorted(kept.values()) == ["w20\n", "w21\n", "w22\n"]
    assert sorted(name.casefold() for name in kept) == ["a-2.txt", "a-3.txt", "a.txt"]
    image("in/x/a.png", 30)
    image("in/y/a.png", 31)
    assert run("in/x/a.png", "in/y/*.*")[0].read == [30, 31]
    assert sorted(outputs().values()) == ["w22\n", "w30\n", "w31\n"]


def test_files_of_others_and_sources_are_not_replaced(folder):
    image("in/a.png", 20)
    Path("out/a.txt").write_text("mine")
    run("in")
    assert outputs() == {"a.txt": "mine", "a-2.txt": "w20\n"}
    image("out/b.png", 30)
    before = Path("out/b.png").read_bytes()
    run("out/b.png", formats=("png",))
    assert Path("out/b.png").read_bytes() == before and Path("out/b-ocr.png").exists()


def test_outputs_among_the_sources_are_not_read(folder):
    image("out/a.png", 20)
    image("out/b.tif", 30, 31)
    assert run("out", formats=("png",))[0].read == [20, 30, 31]
    reader, _, plan = run("out", formats=("png",))
    assert reader.read == [] and len(plan.finished) == 2


def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(folder):
    image("in/a.png", 20)
    image("in/b.png", 30)
    run("in")
    path = Path("out", JOURNAL_NAME)
    path.write_text(path.read_text()[:-20] + '\n[1]\n{"source": 3', encoding="utf-8")
    assert run("in")[0].read == [30]
    assert run("in")[0].read == []
    assert all(json.loads(line) for line in path.read_text().splitlines()[-2:])


def test_a_journal_that_cannot_be_written_stops_the_job(folder):
    image("in/a.png", 20)
    Path("out", JOURNAL_NAME).mkdir()
    with pytest.raises(OutputError, match="journal|read"):
        run("in")


def test_a_file_that_cannot_be_written_is_reported_and_the_others_are(folder):
    image("in/a.png", 20)
    records = DocumentRecords(None)
    Path("out/a.txt").mkdir()
    log = Log()
    job = FolderJob(WidthReader(), records, ("txt", "json"), Path("out"), done=DONE, monitor=log)
    job.run([(Document("in/a.png", "a"), "a")])
    assert Path("out/a.json").exists() and "is a folder" in str(log.failures[0].error)


def test_one_page_is_in_memory_and_one_ahead(folder):
    alive, most = set(), []
    for number in range(12):
        image(f"in/{number}.png", 20 + number)

    class Counting(WidthReader):
        def recognize(self, pixels):
            alive.add(id(pixels))
            weakref.finalize(pixels, alive.discard, id(pixels))
            most.append(len(alive))
            return super().recognize(pixels)

    run("in", reader=Counting())
    assert len(most) == 12 and max(most) <= 2


class FormulaReader(WidthReader):
    def recognize(self, image):
        page = super().recognize(image)
        quad = box_to_quad(10, 5, 50, 15)
        page.lines.append(TextLine("x+1", 0.9, quad, "formula", formulas=[quad]))
        return page


def test_formulas_are_cut_out(folder):
    image("in/a.png", 60)
    Path("formulas").mkdir()
    run("in", reader=FormulaReader(), formulas=Path("formulas"))
    (path,) = Path("formulas").iterdir()
    assert path.name == "a-p1-1.png"
    assert np.asarray(Image.open(path)).shape == (11, 41, 3)  # 10 x 40 and a twentieth of the height on each side


def test_markdown_links_to_the_formulas(folder):
    image("in/a#1.tif", 60, 70)
    Path("formulas").mkdir()
    run("in", reader=FormulaReader(), formats=("md",), formulas=Path("formulas"))
    links = re.findall(r"!\[formula\]\(<(.*)>\)", outputs()["a#1.md"])
    assert links == ["../formulas/a%231-p1-1.png", "../formulas/a%231-p2-1.png"]
    assert all(Path("out", unquote(link)).is_file() for link in links)
    image("in/b.png", 60)
    run("in/b.png", reader=FormulaReader(), formats=("md",))
    assert "x+1" in outputs()["b.md"] and "![" not in outputs()["b.md"]


def test_what_a_killed_run_left_is_removed(folder):
    image("in/a.tif", 20, 21)
    killed = [written_aside(Path("out", name)) for name in ("a.txt", "a-ocr-2.png")]
    for place in killed:
        place.__enter__().write_text("half")
    Path(tempfile.mkdtemp(prefix=".a.pdf.", suffix=".parts", dir="out"), "0.pdf").touch()
    others = {".b.txt.0123456789ab.part", ".a.txt.part", ".a.txt.notsohexadec.part", ".a.md.0123456789ab.part"}
    for name in others:
        Path("out", name).touch()
    pytest.importorskip("pikepdf")
    run("in", formats=("txt", "png", "pdf"))
    assert {name for name in outputs_names() if name.startswith(".")} == others


def test_a_document_with_a_lost_page_is_not_whole(folder):
    image("in/a.tif", 20, 13)
    image("in/b.png", 20)
    _, log, _ = run("in")
    assert (log.documents, log.whole) == (2, 1)


def test_pages_with_text_are_passed_over(folder):
    pytest.importorskip("pikepdf")
    pdfium = pytest.importorskip("pypdfium2")
    from ctpn_crnn.writers import open_writer

    with open_writer("pdf", "in/a.pdf") as writer:
        for lines in ([TextLine("abc", 0.9, box_to_quad(5, 5, 60, 20))], []):
            writer.add(Page(80, 40, lines), np.full((40, 80, 3), 255, np.uint8))
    assert len(pdfium.PdfDocument("in/a.pdf")) == 2
    assert count_pages(expand(["in/a.pdf"])[0][0], PageOptions()) == 2
    reader, log, _ = run("in", options=PageOptions(dpi=72, skip_text=True))
    assert len(reader.read) == 1 and log.pages == 2 and log.failures == []


def test_names():
    documents = [Document(f"{folder}/a.png", folder) for folder in ("x", "y", "z")]
    plan = make_plan(documents, Path("none"), DONE, DocumentRecords(None))
    assert [stem for _, stem in plan.work] == ["a", "a-2", "a-3"]
    assert Document("-", None).stem == "stdin"
    assert Document("x/doc.pdf#page=3", "k").stem == "doc-p3"
    assert Document("none", "k").signature() is None and count_pages(Document("none.tif", "k"), PageOptions()) == 1


def test_expand(folder):
    image("in/a.png", 20)
    documents, failures = expand(["in", "in/a.png", "-"])
    assert [document.source for document in documents] == [str(Path("in", "a.png")), "in/a.png", "-"]
    assert len({document.key for document in documents}) == 3 and failures == []


def test_a_journal_of_an_earlier_version_is_read(folder):
    """The first versions wrote the same lines, and began one with a line end where the line before it was cut off."""
    image("in/a.png", 20)
    image("in/b.png", 30)
    source = Path("in/a.png")
    state = source.stat()
    lines = [
        {"source": str(source.absolute()), "stem": "mine"},
        {
            "source": str(source.absolute()),
            "stem": "mine",
            "signature": [state.st_size, state.st_mtime_ns],
            "done": DONE,
        },
    ]
    text = '{"source": "half\n' + "".join(json.dumps(line) + "\n" for line in lines)
    Path("out", JOURNAL_NAME).write_text(text, encoding="ascii")
    Path("out/mine.txt").write_text("w20\n")
    assert run("in")[0].read == [30]
    assert outputs() == {"mine.txt": "w20\n", "b.txt": "w30\n"}


def test_two_jobs_do_not_share_an_output_folder(folder):
    pytest.importorskip("fcntl")
    image("in/a.png", 20)
    with Journal(Path("out", JOURNAL_NAME)), pytest.raises(OutputError, match="another run writes the same output"):
        run("in")
    assert outputs_names() == [] and not Path("out", JOURNAL_NAME).exists()
    assert run("in")[0].read == [20]


class TestKeptPdf:
    """The pages of a PDF as they are, with text."""

    @pytest.fixture
    def sides(self):
        """Writes in/a.pdf, whose pages have these widths; returns the widths and texts of a written PDF."""
        pikepdf, pdfium = pytest.importorskip("pikepdf"), pytest.importorskip("pypdfium2")

        def make(*widths):
            pdf = pikepdf.new()
            for width in widths:
                pdf.add_blank_page(page_size=(width, 40))
            pdf.save("in/a.pdf")

        def read(path):
            pdf = pdfium.PdfDocument(path)
            return [(page.get_width(), page.get_textpage().get_text_range()) for page in pdf]

        return make, read

    def test_pages_keep_their_order_also_where_one_cannot_be_read(self, folder, sides):
        make, read = sides
        make(20, 13, 40)
        _, log, _ = run("in", formats=("pdf",), options=PageOptions(dpi=72))
        assert read("out/a.pdf") == [(20, "w20"), (13, ""), (40, "w40")]
        assert len(log.failures) == 1

    def test_one_page(self, folder, sides):
        make, read = sides
        make(20, 30, 40)
        run("in/a.pdf#page=2", formats=("pdf",), options=PageOptions(dpi=72))
        assert read("out/a-p2.pdf") == [(30, "w30")]

    def test_text_of_an_earlier_run_is_not_there_twice(self, folder, sides):
        make, read = sides
        make(20, 30)
        run("in/a.pdf", formats=("pdf",), options=PageOptions(dpi=72))
        Path("out/a.pdf").rename("in/b.pdf")
        reader, _, _ = run("in/b.pdf", formats=("pdf",), options=PageOptions(dpi=72))
        assert reader.read == [20, 30] and read("out/b.pdf") == [(20, "w20"), (30, "w30")]

    def test_new_pages_on_request(self, folder, sides):
        make, _ = sides
        make(20)
        run("in/a.pdf", formats=("pdf",), options=PageOptions(dpi=72), writers={"pdf": {"picture": "jpeg"}})
        assert b"DCTDecode" in Path("out/a.pdf").read_bytes()

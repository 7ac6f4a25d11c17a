"""What all writers promise: pages one by one, complete files only."""

import subprocess
import sys

import pytest

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.page import Page
from ctpn_crnn.writers import WRITERS, open_writer
from ctpn_crnn.writers.document import DocumentWriter, FileWriter

FORMATS = ["txt", "md", "json", "tsv", "hocr", "alto", "docx", "xlsx", "csv", "png"]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_registry_has_every_format():
    assert list(WRITERS) == ["txt", "md", "json", "tsv", "hocr", "alto", "pdf", "docx", "xlsx", "csv", "png"]
    assert "pdf" in WRITERS and "doc" not in WRITERS
    suffixes = {WRITERS[name].suffix for name in FORMATS}
    assert suffixes == {".txt", ".md", ".json", ".tsv", ".hocr", ".alto.xml", ".docx", ".xlsx", ".csv", "-ocr.png"}
    assert all(issubclass(WRITERS[name], DocumentWriter) for name in FORMATS)


def test_a_format_is_imported_when_it_is_asked_for():
    code = """
import sys, ctpn_crnn.writers as writers
"hocr" in writers.WRITERS, list(writers.WRITERS)
assert not {"cv2", "PIL", "ctpn_crnn.writers.hocr", "ctpn_crnn.writers.picture"} & set(sys.modules), sys.modules
writers.WRITERS["hocr"]
assert "ctpn_crnn.writers.hocr" in sys.modules and "PIL" not in sys.modules
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="odt.*txt, md"):
        open_writer("odt", tmp_path / "a")


def test_an_unknown_name_cannot_be_imported():
    with pytest.raises(ImportError, match="write_docx"):
        from ctpn_crnn.writers import write_docx  # noqa: F401


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def path(self, name, folder):
        return folder / ("文 档" + WRITERS[name].suffix)

    def test_nothing_appears_before_close(self, name, tmp_path, page, image):
        path = self.path(name, tmp_path)
        writer = open_writer(name, path)
        writer.add(page, image)
        assert not path.exists()
        assert writer.pages == 1
        writer.close()
        assert files(tmp_path) == [path.name]
        writer.close()
        with pytest.raises(OutputError, match="closed"):
            writer.add(page, image)

    def test_an_error_in_the_block_leaves_what_was_there(self, name, tmp_path, page, image):
        path = self.path(name, tmp_path)
        path.write_text("before")
        with pytest.raises(KeyboardInterrupt), open_writer(name, path) as writer:
            writer.add(page, image)
            writer.add(page, image)
            raise KeyboardInterrupt
        assert files(tmp_path) == [path.name]
        assert path.read_text() == "before"

    def test_a_bad_page_discards_the_document(self, name, tmp_path, page, image):
        writer = open_writer(name, self.path(name, tmp_path))
        writer.add(page, image)
        with pytest.raises((AttributeError, TypeError)):
            writer.add("not a page", image)
        assert files(tmp_path) == []
        with pytest.raises(OutputError, match="closed"):
            writer.add(page, image)
        writer.close()
        assert files(tmp_path) == []

    def test_a_discarded_document_leaves_no_file(self, name, tmp_path, page, image):
        writer = open_writer(name, self.path(name, tmp_path))
        writer.add(page, image)
        writer.discard()
        writer.discard()
        writer.close()
        assert files(tmp_path) == []

    def test_a_missing_folder_is_refused(self, name, tmp_path):
        with pytest.raises(OutputError, match="does not exist"):
            open_writer(name, tmp_path / "none" / "a.png")

    def test_a_folder_in_the_place_of_the_file_is_refused(self, name, tmp_path, page, image):
        path = self.path(name, tmp_path)
        path.mkdir()
        with pytest.raises(OutputError, match="is a folder"), open_writer(name, path) as writer:
            writer.add(page, image)
        assert files(tmp_path) == [path.name]

    def test_pages_without_lines_are_written(self, name, tmp_path, image):
        with open_writer(name, self.path(name, tmp_path)) as writer:
            writer.add(Page(1, 1), image[:1, :1])
        assert files(tmp_path) == [self.path(name, tmp_path).name]

    def test_a_file_that_was_there_is_replaced(self, name, tmp_path, page, image):
        path = self.path(name, tmp_path)
        path.write_bytes(b"before")
        with open_writer(name, path) as writer:
            writer.add(page, image)
        assert path.read_bytes() != b"before"


@pytest.mark.parametrize("name", ["txt", "md", "json", "tsv", "hocr"])
def test_text_formats_may_have_no_pages(name, tmp_path):
    with open_writer(name, tmp_path / "a"):
        pass
    assert files(tmp_path) == ["a"]


class Failing(FileWriter):
    suffix = ".x"

    def _write_page(self, page, image):
        self.resources.enter_context(open(self.aside, "w")).write("half")
        raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_no_file(tmp_path, page):
    with pytest.raises(OutputError, match=r"a\.x.*No space left"), Failing(tmp_path / "a.x") as writer:
        writer.add(page)
    assert files(tmp_path) == []


class Unfinished(Failing):
    needs_image = True

    def _write_page(self, page, image):
        self.aside.write_bytes(b"a page")

    def _finish(self):
        raise OSError("the end is missing")


def test_an_error_in_close_leaves_no_file(tmp_path, page, image):
    writer = Unfinished(tmp_path / "a.x")
    writer.add(page, image)
    with pytest.raises(OutputError, match="the end is missing"):
        writer.close()
    assert files(tmp_path) == []


def test_a_missing_image_is_named(tmp_path, page):
    with pytest.raises(OutputError, match="needs the image"):
        Unfinished(tmp_path / "a.x").add(page)
    assert files(tmp_path) == []

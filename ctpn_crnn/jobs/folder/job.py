"""The folder job: documents in, files out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctpn_crnn.documents.prefetch import Outcome
from ctpn_crnn.errors import DiskFullError
from ctpn_crnn.jobs.folder.documents import Document
from ctpn_crnn.jobs.folder.formulas import relative_url, save_formulas
from ctpn_crnn.jobs.folder.outputs import Outputs, remove_leftovers
from ctpn_crnn.jobs.folder.pages import LoadedPage, PageOptions, Step, steps
from ctpn_crnn.jobs.folder.records import DocumentRecords
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.recognizer import Failure, Recognizer


class JobMonitor:
    """Receives the events of a job. Each method does nothing; override those of interest."""

    def page_read(self, page: Page) -> None:
        """A page was read."""

    def page_skipped(self, name: str) -> None:
        """A page was not read because it already has text."""

    def page_done(self) -> None:
        """A page was read, was skipped, or failed."""

    def failed(self, failure: Failure) -> None:
        """A page, a document or one of its files failed."""

    def document_done(self, document: Document, complete: bool) -> None:
        """A document has ended and its files are in place; `complete`: nothing of it failed."""


class FolderJob:
    """Reads documents page by page: one page is in memory while the next one is loaded.

    The files of a document appear, complete, when it ends. What cannot be read is reported, and everything else is
    still read: of a document with a bad page the other pages are written, and the next run reads it again. When an
    exception ends the job (KeyboardInterrupt), the document in work leaves no file.

    Args:
        recognizer: Reads a page.
        records: Of the output folder.
        formats: Keys of `WRITERS`; none writes nothing.
        output: Folder of the outputs; must exist.
        done: What the records are to say of a finished document.
        options: How pages are made of documents.
        writers: Format -> options of its writer, such as {"pdf": {"picture": "jpeg"}}.
        formulas: Folder for pictures of formulas, to which "md" links and which "docx" shows; must exist. None: no
            pictures.
        monitor: Receives the events.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        records: DocumentRecords,
        formats: Sequence[str],
        output: Path,
        *,
        done: Mapping[str, Any],
        options: PageOptions = PageOptions(),
        writers: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        formulas: Path | None = None,
        monitor: JobMonitor | None = None,
    ) -> None:
        self._recognizer, self._records = recognizer, records
        self._formats, self._output, self._done = formats, output, done
        self._options, self._writers, self._formulas = options, writers, formulas
        self._monitor = monitor or JobMonitor()

    def run(self, work: Iterable[tuple[Document, str]]) -> None:
        """Remove the temporary files that a killed run left, and read documents.

        Args:
            work: Documents, each with the name of its outputs.

        Raises:
            OutputError: The journal cannot be written, or (`DiskFullError`) there is no room for the outputs.
        """
        work = list(work)
        remove_leftovers(self._formats, self._output, (stem for _, stem in work))
        current: _CurrentDocument | None = None
        try:
            with closing(steps(work, self._options)) as outcomes:
                for outcome in outcomes:
                    step = outcome.item
                    if current is None:
                        current = self._begin(step)
                    if step.is_end:
                        self._finish(current)
                        current = None
                    else:
                        self._read_page(current, outcome)
                    del outcome  # frees the page's pixels before the next page is awaited
        finally:
            if current is not None:
                current.discard()

    def _begin(self, step: Step) -> _CurrentDocument:
        self._records.begin(step.document, step.stem)
        return _CurrentDocument(step.document, step.stem, self._monitor)

    def _read_page(self, current: _CurrentDocument, outcome: Outcome[Step, LoadedPage | None]) -> None:
        step = outcome.item
        name = (step.ref.name if step.ref else None) or current.document.source
        try:
            if step.error is not None:
                raise step.error
            loaded = outcome.get()
            if loaded.image is None:
                self._monitor.page_skipped(name)
            else:
                self._recognize(current, loaded, name)
        except (BrokenPipeError, DiskFullError):  # every further page would fail as well
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this page, the others must not be lost
            current.fail(error, name)
        self._monitor.page_done()

    def _recognize(self, current: _CurrentDocument, loaded: LoadedPage, name: str) -> None:
        page = self._recognizer.recognize(loaded.image)
        page.source = name
        self._monitor.page_read(page)
        if self._formulas is not None:
            number = name.rpartition("#page=")[2] if "#page=" in name else "1"
            current.formulas = save_formulas(page, loaded.image, self._formulas, f"{current.stem}-p{number}")
        if self._formats:
            if current.outputs is None:
                options = self._writer_options(current, loaded)
                current.outputs = Outputs(self._formats, self._output, current.stem, options, current.fail)
            current.outputs.add(page, loaded.image)

    def _writer_options(self, current: _CurrentDocument, first: LoadedPage) -> dict[str, dict[str, Any]]:
        """Options of the writers, for a document of which this is the first page."""

        def formula_links(_: Page, line: TextLine) -> list[str]:
            return [relative_url(path, self._output) for path in current.formulas.get(id(line), [])]

        pdf = {"source": first.file, "only": current.document.page_number, "password": self._options.password}
        own: dict[str, dict[str, Any]] = {
            "pdf": {**pdf, "dpi": first.dpi} if first.dpi else pdf,
            "md": {"formula_links": formula_links},
            "docx": {"formula_pictures": lambda _, line: current.formulas.get(id(line), [])},
        }
        return {name: {**own.get(name, {}), **self._writers.get(name, {})} for name in self._formats}

    def _finish(self, current: _CurrentDocument) -> None:
        if current.outputs is not None:
            current.outputs.close()
            if not current.failed:
                self._records.finish(current.document, current.stem, current.signature, self._done)
        self._monitor.document_done(current.document, not current.failed)


class _CurrentDocument:
    """The document that is being read, and its files."""

    def __init__(self, document: Document, stem: str, monitor: JobMonitor) -> None:
        self.document, self.stem = document, stem
        self.signature = document.signature()  # before it is read
        self.outputs: Outputs | None = None
        self.formulas: dict[int, list[Path]] = {}  # of the current page, by `id` of the line
        self.failed = False
        self._monitor = monitor

    def fail(self, error: Exception, name: str | None = None) -> None:
        self.failed = True
        self._monitor.failed(Failure(name or self.document.source, error))

    def discard(self) -> None:
        if self.outputs is not None:
            self.outputs.discard()

"""The job: documents in, files out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ctpn_crnn.documents.prefetch import Outcome
from ctpn_crnn.errors import CtpnCrnnError, DiskFullError
from ctpn_crnn.jobs.folder.documents import Document
from ctpn_crnn.jobs.folder.formulas import link_to, save_formulas
from ctpn_crnn.jobs.folder.journal import Journal
from ctpn_crnn.jobs.folder.outputs import Outputs, remove_leftovers
from ctpn_crnn.jobs.folder.pages import LoadedPage, PageOptions, Step, steps
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.recognizer import Failure, Recognizer


class Watcher:
    """What is told of a job while it runs; override what you want to know."""

    def page_read(self, page: Page) -> None:
        """A page was read."""

    def page_done(self) -> None:
        """A page was read, could not be read, or was passed over."""

    def passed_over(self, name: str) -> None:
        """A page already had text, and was not read."""

    def failed(self, failure: Failure) -> None:
        """A page, a document or one of its files was lost."""

    def document_done(self, document: Document, is_whole: bool) -> None:
        """The files of a document are in their places; `is_whole`: nothing of it was lost."""


class FolderJob:
    """Reads documents, page by page: one page is in memory, and one is loaded ahead.

    The files of a document appear when it ends, complete. What cannot be read is reported and costs nothing else; of a
    document with a bad page the others are written, and the next run reads it again. An exception out of the job
    (KeyboardInterrupt) leaves no file of the present document.

    Args:
        recognizer: Reads a page.
        journal: Of the output folder.
        formats: Keys of `WRITERS`; none writes nothing.
        output: Folder of the outputs; must exist.
        done: What `Journal.finish` notes of a finished document.
        options: How pages are made of documents.
        flow: Of the text in "txt": "lines" or "paragraphs".
        formulas: Folder for pictures of formulas, to which "md" links; must exist. None: no pictures.
        watcher: Is told what happens.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        journal: Journal,
        formats: Sequence[str],
        output: Path,
        *,
        done: Mapping[str, Any],
        options: PageOptions = PageOptions(),
        flow: str = "lines",
        formulas: Path | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._recognizer, self._journal = recognizer, journal
        self._formats, self._output, self._done = formats, output, done
        self._options, self._flow, self._formulas = options, flow, formulas
        self._watcher = watcher or Watcher()

    def run(self, work: Iterable[tuple[Document, str]]) -> None:
        """Read documents, each to the stem that is given with it. What a killed run left of them is removed first.

        Raises:
            OutputError: The journal cannot be written, or (`DiskFullError`) there is no room for the outputs.
        """
        work = list(work)
        remove_leftovers(self._formats, self._output, (stem for _, stem in work))
        present: _Present | None = None
        try:
            with closing(steps(work, self._options)) as outcomes:
                for outcome in outcomes:
                    step = outcome.item
                    if present is None:
                        present = self._begin(step)
                    if step.is_end:
                        self._finish(present)
                        present = None
                    else:
                        self._take(present, outcome)
                    del outcome  # a page of pixels: not kept while the next one is waited for
        finally:
            if present is not None:
                present.discard()

    def _begin(self, step: Step) -> _Present:
        self._journal.begin(step.document, step.stem)
        return _Present(step.document, step.stem, step.document.signature(), self._watcher)

    def _take(self, present: _Present, outcome: Outcome[Step, LoadedPage | None]) -> None:
        step = outcome.item
        name = (step.ref.name if step.ref else None) or present.document.source
        present.pages += 1
        try:
            if step.error is not None:
                raise step.error
            loaded = outcome.get()
            if loaded.image is None:
                self._watcher.passed_over(name)
            else:
                self._read(present, loaded, name)
        except (BrokenPipeError, DiskFullError):  # so would each further page
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this page, the others must not be lost
            present.fail(error, name)
        self._watcher.page_done()

    def _read(self, present: _Present, loaded: LoadedPage, name: str) -> None:
        page = self._recognizer.recognize(loaded.image)
        page.source = name
        self._watcher.page_read(page)
        if self._formulas is not None:
            number = name.rpartition("#page=")[2] if "#page=" in name else "1"
            present.formulas = save_formulas(page, loaded.image, self._formulas, f"{present.stem}-p{number}")
        if self._formats:
            if present.outputs is None:
                options = self._writer_options(present, loaded.dpi)
                present.outputs = Outputs(self._formats, self._output, present.stem, options, present.fail)
            present.outputs.add(page, loaded.image)

    def _writer_options(self, present: _Present, dpi: float | None) -> dict[str, dict[str, Any]]:
        """What the formats have of options, for a document whose first page has so many pixels an inch."""

        def formula_link(_: Page, line: TextLine) -> str | None:
            path = present.formulas.get(id(line))
            return path and link_to(path, self._output)

        return {"pdf": {"dpi": dpi} if dpi else {}, "txt": {"flow": self._flow}, "md": {"formula_link": formula_link}}

    def _finish(self, present: _Present) -> None:
        if present.outputs is not None:
            present.outputs.close()
        if not present.failed and present.outputs is not None:
            self._journal.finish(present.document, present.stem, present.signature, self._done)
        self._watcher.document_done(present.document, not present.failed)


class _Present:
    """The document that is being read."""

    def __init__(self, document: Document, stem: str, signature: list[int] | None, watcher: Watcher) -> None:
        self.document, self.stem, self.signature = document, stem, signature
        self.outputs: Outputs | None = None
        self.formulas: dict[int, Path] = {}  # of the present page, by `id` of the line
        self.pages = 0
        self.failed = False
        self._watcher = watcher

    def fail(self, error: Exception | CtpnCrnnError, name: str | None = None) -> None:
        self.failed = True
        self._watcher.failed(Failure(name or self.document.source, error))

    def discard(self) -> None:
        if self.outputs is not None:
            self.outputs.discard()

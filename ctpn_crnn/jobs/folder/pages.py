"""The pages of one document after another, loaded ahead of their reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctpn_crnn.documents.page_ref import PageRef
from ctpn_crnn.documents.prefetch import Outcome, prefetch
from ctpn_crnn.documents.sources import PDF_DPI, STDIN, page_refs
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.jobs.folder.documents import Document

_MULTI_PAGE_SUFFIXES = frozenset({".pdf", ".tif", ".tiff"})


@dataclass(frozen=True)
class PageOptions:
    """How pages are made of documents.

    Attributes:
        dpi: Resolution of pages of PDFs.
        password: Opens encrypted PDFs.
        skip_text: Skip pages that already have text.
    """

    dpi: float = PDF_DPI
    password: str | None = None
    skip_text: bool = False


@dataclass(frozen=True)
class Step:
    """One step through the documents: a page, an error that ends the document early, or the end of the document.

    Attributes:
        document: The document.
        stem: The name of its outputs.
        ref: The page, or None.
        error: Why there are no further pages, or None.
    """

    document: Document
    stem: str
    ref: PageRef | None = None
    error: Exception | None = None

    @property
    def is_end(self) -> bool:
        """Whether the document ends here."""
        return self.ref is None and self.error is None


@dataclass(frozen=True)
class LoadedPage:
    """The pixels of a page.

    Attributes:
        image: uint8 BGR (H, W, 3); None for a page that is skipped.
        dpi: Pixels an inch, or None where that is not known.
        file: The file that holds the page, as its path or its bytes.
    """

    image: np.ndarray | None
    dpi: float | None = None
    file: Path | bytes | None = None


def steps(
    work: Iterable[tuple[Document, str]], options: PageOptions, ahead: int = 1
) -> Iterator[Outcome[Step, LoadedPage | None]]:
    """Go through all documents page by page; `ahead` pages are loaded, in a thread, before they are asked for."""
    return prefetch(_steps(work, options), lambda step: _load(step, options), ahead)


def count_pages(document: Document, options: PageOptions) -> int:
    """Count the pages of a document; 1 where they cannot be counted in advance."""
    if document.source == STDIN or document.path.suffix.lower() not in _MULTI_PAGE_SUFFIXES:
        return 1
    count = 0
    try:
        for _ in page_refs(document.source, dpi=options.dpi, password=options.password):
            count += 1
    except (CtpnCrnnError, OSError):  # reported when the document is read
        pass
    return max(1, count)


def _steps(work: Iterable[tuple[Document, str]], options: PageOptions) -> Iterator[Step]:
    for document, stem in work:
        try:
            for ref in page_refs(document.source, dpi=options.dpi, password=options.password):
                yield Step(document, stem, ref)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with this document, the others must not be lost
            yield Step(document, stem, error=error)
        yield Step(document, stem)


def _load(step: Step, options: PageOptions) -> LoadedPage | None:
    if step.ref is None:
        return None
    if options.skip_text and step.ref.text:
        return LoadedPage(None)
    return LoadedPage(step.ref.load(), step.ref.dpi, step.ref.file)

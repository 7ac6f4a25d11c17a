"""What a job is going to do: which documents, and what their outputs are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctpn_crnn.jobs.folder.documents import Document
from ctpn_crnn.jobs.folder.journal import Journal
from ctpn_crnn.jobs.folder.names import free_stem, unnumbered
from ctpn_crnn.writers import WRITERS


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        work: The documents to read, each with the stem of its outputs.
        finished: Those whose outputs are all there, made from the source as it is now.
    """

    work: list[tuple[Document, str]] = field(default_factory=list)
    finished: list[Document] = field(default_factory=list)


def make_plan(
    documents: Sequence[Document],
    output: Path,
    done: Mapping[str, Any],
    journal: Journal,
    *,
    redo: bool = False,
    replace: bool = False,
) -> Plan:
    """Give names, and find out what is finished.

    No two documents get one name, in this run or in an earlier one that the journal knows; and no output gets the name
    of a source. Outputs of an earlier run that lie among the sources are not read.

    Args:
        documents: All documents.
        output: The folder of the outputs.
        done: What makes two runs the same: "formats" (keys of `WRITERS`) and whatever else changes the outputs.
        journal: Of that folder.
        redo: Read also what is finished.
        replace: Files that the journal does not know may be replaced. Without it the outputs get other names.
    """
    products = {path for stem, formats in journal.products() for path in _paths(output, stem, formats)}
    documents = [
        document for document in documents if journal.knows(document.key) or _unnumbered(document.path) not in products
    ]
    names = _Names(output, done["formats"], journal, documents, replace)
    plan = Plan()
    for document in documents:
        stem = names.of(document)
        if not redo and journal.is_finished(document, done) and names.all_there(stem):
            plan.finished.append(document)
        else:
            plan.work.append((document, stem))
    return plan


class _Names:
    """Gives each document the stem of its outputs."""

    def __init__(
        self, output: Path, formats: Sequence[str], journal: Journal, documents: Iterable[Document], replace: bool
    ) -> None:
        self._output, self._formats, self._journal, self._replace = output, formats, journal, replace
        self._sources = {document.path.absolute() for document in documents}
        self._taken: set[str] = set()

    def of(self, document: Document) -> str:
        stem = self._journal.stem_of(document)
        if stem is None or self._hits_a_source(stem):
            stem = free_stem(document.stem, self._is_free)
        self._taken.add(stem.casefold())
        return stem

    def all_there(self, stem: str) -> bool:
        """Pictures of several pages are numbered, and the first appears last."""
        return all(
            path.exists() or path.with_name(f"{path.stem}-1{path.suffix}").exists()
            for path in _paths(self._output, stem, self._formats)
        )

    def _is_free(self, stem: str) -> bool:
        if stem.casefold() in self._taken or self._journal.owner_of(stem) is not None or self._hits_a_source(stem):
            return False
        return self._replace or not any(path.exists() for path in _paths(self._output, stem, self._formats))

    def _hits_a_source(self, stem: str) -> bool:
        return not self._sources.isdisjoint(_paths(self._output, stem, self._formats))


def _paths(output: Path, stem: str, formats: Iterable[str]) -> list[Path]:
    return [output.absolute() / (stem + WRITERS[name].suffix) for name in formats if name in WRITERS]


def _unnumbered(path: Path) -> Path:
    path = path.absolute()
    return path.with_name(unnumbered(path.name)) if path.name else path

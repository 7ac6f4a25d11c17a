"""What a job is going to do: which documents it reads, and how their outputs are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from ctpn_crnn.jobs.folder.documents import Document
from ctpn_crnn.jobs.folder.outputs import without_page_number
from ctpn_crnn.jobs.folder.records import DocumentRecords
from ctpn_crnn.writers import WRITERS


@dataclass(frozen=True)
class Plan:
    """The documents of a job, sorted by what there is to do.

    Attributes:
        work: The documents to read, each with the name of its outputs.
        finished: Those whose outputs are all there, made from the source as it is now.
    """

    work: list[tuple[Document, str]] = field(default_factory=list)
    finished: list[Document] = field(default_factory=list)


def make_plan(
    documents: Sequence[Document],
    output: Path,
    done: Mapping[str, Any],
    records: DocumentRecords,
    *,
    redo: bool = False,
    replace: bool = False,
) -> Plan:
    """Name the outputs of documents, and find out which documents are finished.

    No two documents get the same name, in this run or in an earlier one that the records know, and no output gets the
    name of a source. Outputs of an earlier run that lie among the sources are left out.

    Args:
        documents: All documents.
        output: The folder of the outputs.
        done: What determines the outputs: "formats" (keys of `WRITERS`) and any settings.
        records: Of that folder.
        redo: Read finished documents again.
        replace: Allow files that the records do not know to be replaced. Otherwise the outputs get other names.
    """
    own = {path for stem, formats in records.finished_outputs() for path in _paths(output, stem, formats)}
    documents = [
        document
        for document in documents
        if records.knows(document.key) or without_page_number(document.path.absolute()) not in own
    ]
    names = _Names(output, done["formats"], records, documents, replace)
    plan = Plan()
    for document in documents:
        stem = names.of(document)
        if not redo and records.is_finished(document, done) and names.all_exist(stem):
            plan.finished.append(document)
        else:
            plan.work.append((document, stem))
    return plan


class _Names:
    """Gives each document the name of its outputs, without suffix."""

    def __init__(
        self,
        output: Path,
        formats: Sequence[str],
        records: DocumentRecords,
        documents: Iterable[Document],
        replace: bool,
    ) -> None:
        self._output, self._formats, self._records, self._replace = output, formats, records, replace
        self._sources = {document.path.absolute() for document in documents}
        self._taken: set[str] = set()

    def of(self, document: Document) -> str:
        stem = self._records.stem_of(document)
        if stem is None or self._hits_a_source(stem):
            stem = self._free(document.stem)
        self._taken.add(stem.casefold())
        return stem

    def all_exist(self, stem: str) -> bool:
        """Whether all files of this name exist. Of several numbered pictures the first one is written last."""
        return all(
            path.exists() or path.with_name(f"{path.stem}-1{path.suffix}").exists()
            for path in _paths(self._output, stem, self._formats)
        )

    def _free(self, stem: str) -> str:
        """`stem`, or the first of "stem-2", "stem-3" ... that is free."""
        numbered = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        return next(name for name in numbered if self._is_free(name))

    def _is_free(self, stem: str) -> bool:
        if stem.casefold() in self._taken or self._records.owner_of(stem) is not None or self._hits_a_source(stem):
            return False
        return self._replace or not any(path.exists() for path in _paths(self._output, stem, self._formats))

    def _hits_a_source(self, stem: str) -> bool:
        return not self._sources.isdisjoint(_paths(self._output, stem, self._formats))


def _paths(output: Path, stem: str, formats: Iterable[str]) -> list[Path]:
    return [output.absolute() / (stem + WRITERS[name].suffix) for name in formats if name in WRITERS]

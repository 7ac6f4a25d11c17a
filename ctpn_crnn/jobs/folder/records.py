"""Which names the documents have in an output folder, and which documents are finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctpn_crnn.jobs.folder.documents import Document
from ctpn_crnn.jobs.journal import Journal

JOURNAL_NAME = ".ctpn-crnn-read.jsonl"
"""The journal's file in an output folder."""


class DocumentRecords:
    """The names of documents, and what is finished. Of several records of one document the last one holds.

    Args:
        journal: Of the output folder; holds what earlier runs did. None: nothing outlives this run.
    """

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self._records: dict[str, dict[str, Any]] = {}  # by the document's key
        self._owners: dict[str, str] = {}  # name, case folded -> key of the document
        for record in journal.records() if journal is not None else ():
            if isinstance(record.get("source"), str) and isinstance(record.get("stem"), str):
                self._remember(record["source"], record)

    def stem_of(self, document: Document) -> str | None:
        """The name that a document was given, in this run or an earlier one."""
        return self._records.get(document.key or "", {}).get("stem")

    def owner_of(self, stem: str) -> str | None:
        """The key of the document that has a name; names that differ only by case are the same."""
        return self._owners.get(stem.casefold())

    def knows(self, key: str | None) -> bool:
        """Whether a document with this key was begun or finished."""
        return key in self._records

    def begin(self, document: Document, stem: str) -> None:
        """Record a document's name before anything is written: what a crash leaves under it is then known to be ours.

        Raises:
            OutputError: The journal cannot be written.
        """
        self._add(document, {"stem": stem})

    def finish(self, document: Document, stem: str, signature: list[int] | None, done: Mapping[str, Any]) -> None:
        """Record that all outputs of a document are complete.

        Args:
            document: The document.
            stem: Its name.
            signature: `document.signature()` before the document was read.
            done: What was made and how; JSON types.

        Raises:
            OutputError: The journal cannot be written.
        """
        self._add(document, {"stem": stem, "signature": signature, "done": dict(done)})

    def is_finished(self, document: Document, done: Mapping[str, Any]) -> bool:
        """Whether `finish` recorded the same `done`, and the document has not changed since."""
        record = self._records.get(document.key or "", {})
        signature = document.signature()
        return signature is not None and record.get("signature") == signature and record.get("done") == dict(done)

    def finished_outputs(self) -> Iterator[tuple[str, list[str]]]:
        """Name and formats of each finished document."""
        for record in self._records.values():
            formats = (record.get("done") or {}).get("formats")
            if isinstance(formats, list):
                yield record["stem"], formats

    def _add(self, document: Document, record: dict[str, Any]) -> None:
        if document.key is None:
            self._owners[record["stem"].casefold()] = ""
            return
        self._remember(document.key, record)
        if self._journal is not None:
            self._journal.append({"source": document.key, **record})

    def _remember(self, key: str, record: dict[str, Any]) -> None:
        self._records[key] = record
        self._owners[record["stem"].casefold()] = key

"""What a job has done, kept in its output folder, so that the next run knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import output_error
from ctpn_crnn.jobs.folder.documents import Document

NAME = ".ctpn-crnn-read.jsonl"


class Journal:
    """Which source has which name in an output folder, and what is complete.

    A text file with one JSON object a line, the later one of a source counting. A line that was cut off by a crash is
    passed over: its document is then read again.

    Args:
        folder: The output folder; None keeps the journal in memory only.

    Raises:
        OutputError: There is a journal, and it cannot be read.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / NAME
        self._entries: dict[str, dict[str, Any]] = {}
        self._stems: dict[str, str] = {}
        self._is_new_line = True
        if self._path is not None:
            self._load(self._path)

    def stem_of(self, document: Document) -> str | None:
        """The name that a document was given in an earlier run or in this one."""
        return self._entries.get(document.key or "", {}).get("stem")

    def owner_of(self, stem: str) -> str | None:
        """The key of the document that has a name; names that differ by case only are the same."""
        return self._stems.get(stem.casefold())

    def begin(self, document: Document, stem: str) -> None:
        """Note the name before anything is written under it: what is found there after a crash is known to be ours."""
        self._note(document, {"stem": stem})

    def finish(self, document: Document, stem: str, signature: list[int] | None, done: Mapping[str, Any]) -> None:
        """Note that all outputs of a document are in their places.

        Args:
            document: The document.
            stem: Its name.
            signature: `document.signature()` as it was before the document was read.
            done: What was made and how; JSON types.

        Raises:
            OutputError: The journal cannot be written.
        """
        self._note(document, {"stem": stem, "signature": signature, "done": dict(done)})

    def is_finished(self, document: Document, done: Mapping[str, Any]) -> bool:
        """Whether just this was noted by `finish`, and the source has not changed since."""
        entry = self._entries.get(document.key or "", {})
        signature = document.signature()
        return signature is not None and entry.get("signature") == signature and entry.get("done") == dict(done)

    def products(self) -> Iterator[tuple[str, list[str]]]:
        """Name and formats of each finished document."""
        for entry in self._entries.values():
            formats = (entry.get("done") or {}).get("formats")
            if isinstance(formats, list):
                yield entry["stem"], formats

    def knows(self, key: str | None) -> bool:
        """Whether a source of this key was read, or was begun."""
        return key in self._entries

    def _note(self, document: Document, entry: dict[str, Any]) -> None:
        key = document.key
        if key is None:
            self._stems[entry["stem"].casefold()] = ""
            return
        self._remember(key, entry)
        if self._path is None:
            return
        line = json.dumps({"source": key, **entry}, ensure_ascii=True)
        try:
            with self._path.open("a", encoding="ascii") as file:
                file.write(line + "\n" if self._is_new_line else f"\n{line}\n")
        except OSError as error:
            raise output_error(self._path, error) from error
        self._is_new_line = True

    def _load(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(f"cannot read {path}: {error.strerror}; give another folder with --output") from error
        self._is_new_line = not text or text.endswith("\n")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                self._remember(str(entry.pop("source")), {**entry, "stem": str(entry["stem"])})
            except (ValueError, KeyError, TypeError, AttributeError):
                continue

    def _remember(self, key: str, entry: dict[str, Any]) -> None:
        self._entries[key] = entry
        self._stems[entry["stem"].casefold()] = key

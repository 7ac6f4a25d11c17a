"""The worst cases of a run, and the HTML page that shows them."""

from __future__ import annotations

import heapq
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import write_bytes


@dataclass(eq=False)
class WorstCase:
    """One sample with its errors.

    Attributes:
        name: The file of the sample.
        badness: 0 without an error; larger is worse.
        image: uint8 (H, W, 3) BGR.
        facts: Column of the table -> its content for this sample.
    """

    name: str
    badness: float
    image: np.ndarray
    facts: Mapping[str, str] = field(default_factory=dict)


class WorstCases:
    """Keeps the `limit` worst cases of a run in memory."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[tuple[float, int, WorstCase]] = []
        self._count = 0

    def would_keep(self, badness: float) -> bool:
        """Return whether a case of this badness would be kept; ask before building an expensive one."""
        return badness > 0 and self._limit > 0 and (len(self._heap) < self._limit or badness > self._heap[0][0])

    def add(self, case: WorstCase) -> None:
        """Add a case. One without an error is dropped; of equally bad ones the first are kept."""
        if not self.would_keep(case.badness):
            return
        self._count += 1
        entry = (case.badness, -self._count, case)
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heapreplace(self._heap, entry)

    def cases(self) -> list[WorstCase]:
        """Return the cases, worst first."""
        return [case for _, _, case in sorted(self._heap, key=lambda entry: (-entry[0], -entry[1]))]


def write_cases(cases: Iterable[WorstCase], folder: Path) -> None:
    """Write ``errors.html`` (pictures and facts), ``errors.tsv`` (facts) and pictures ``0001.png``, ``0002.png`` ...

    Raises:
        OutputError: The folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another") from error
    cases = list(cases)
    columns = list(dict.fromkeys(column for case in cases for column in case.facts))
    for number, case in enumerate(cases, start=1):
        write_bytes(folder / f"{number:04}.png", cv2.imencode(".png", case.image)[1].tobytes())
    write_bytes(folder / "errors.tsv", _as_tsv(cases, columns).encode("utf-8"))
    write_bytes(folder / "errors.html", _as_html(cases, columns).encode("utf-8"))


def _as_tsv(cases: list[WorstCase], columns: list[str]) -> str:
    rows = [["number", "name", *columns]]
    rows += [[f"{i:04}", case.name, *(case.facts.get(c, "") for c in columns)] for i, case in enumerate(cases, start=1)]
    return "".join("\t".join(_one_line(cell) for cell in row) + "\n" for row in rows)


def _as_html(cases: list[WorstCase], columns: list[str]) -> str:
    blocks = []
    for number, case in enumerate(cases, start=1):
        facts = "".join(f"<tr><th>{html.escape(c)}<td><pre>{html.escape(case.facts.get(c, ''))}</pre>" for c in columns)
        heading = f"<h2>{number}. {html.escape(case.name)}</h2>"
        blocks.append(f'{heading}<img src="{number:04}.png" alt=""><table>{facts}</table>\n')
    style = (
        "body{font-family:sans-serif} img{max-width:100%;border:1px solid #aaa} "
        "h2{font-size:1em} pre{margin:0} th{text-align:left}"
    )
    head = f'<!doctype html><meta charset="utf-8"><title>Worst cases</title><style>{style}</style>'
    return head + "\n" + "".join(blocks)


def _one_line(text: str) -> str:
    return text.replace("\t", " ").replace("\r", " ").replace("\n", " / ")

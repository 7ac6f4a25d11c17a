"""Scores as markdown tables and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ctpn_crnn.evaluation.runs import Run
from ctpn_crnn.evaluation.worst_cases import WorstCase

RULE_LABELS = {
    "default": "NFKC, lower case, no spaces",
    "english": "letters and digits only",
    "raw": "as written",
}
_LINE_KEYS = ["lines", "exact", "one_minus_ned", "cer", "calibration_error"]


def recognition_tables(run: Run, name: str, main_rule: str) -> str:
    """Return a table of scores, a row for each rule of comparison with the main one first, and one of confusions."""
    rules = sorted(RULE_LABELS, key=lambda rule: rule != main_rule)
    rows = [[name, RULE_LABELS[rule], *_picked(run.scores[rule], _LINE_KEYS), _milliseconds(run)] for rule in rules]
    header = ["set", "compared", "lines", "exact", "1-NED", "CER", "calibration error", "ms a line"]
    tables = [markdown_table(header, rows)]
    if run.scores["confusions"]:
        confusions = [[_visible(true), _visible(read), times] for true, read, times in run.scores["confusions"]]
        tables.append(markdown_table(["true", "read", "times"], confusions))
    return "\n\n".join(tables)


def calibration_note(fit: Mapping[str, Any]) -> str:
    """Return the result of `CalibrationData.fit` as a sentence."""
    return (
        f"calibration {fit['calibration']:.4g}, fitted to {fit['lines']} lines: their calibration error is "
        f"{fit['after']:.3f} with it, {fit['before']:.3f} with the plain product (1)"
    )


def detection_tables(run: Run, name: str) -> str:
    """Return tables of precision, recall and F, of the line ends, and of the curve over the detector's score."""
    labels = {"iou": "IoU .5", "iou_text": "IoU .5, text", "iou_formula": "IoU .5, formula", "deteval": "DetEval"}
    seconds = run.time_summary()["median_s"]
    rows = [
        [name, label, *_picked(run.scores[key], ["precision", "recall", "f", "truth", "found"]), seconds]
        for key, label in labels.items()
        if key in run.scores and (key == "iou" or run.scores[key]["truth"] or run.scores[key]["found"])
    ]
    curve = [[point[key] for key in ("threshold", "precision", "recall", "f")] for point in run.scores["curve"]]
    return "\n\n".join(
        [
            markdown_table(["set", "rule", "precision", "recall", "F", "true", "found", "s an image"], rows),
            _ends_table(name, run.scores["ends"]),
            markdown_table(["least score", "precision", "recall", "F"], curve),
        ]
    )


def pages_tables(run: Run, name: str) -> str:
    """Return tables of the page scores, of detection and reading of the lines, and of the line ends."""
    scores = run.scores["pages"]
    page_row = [
        name,
        *_picked(scores, ["pages", "cer", "cer_in_order", "character_f1"]),
        run.time_summary()["median_s"],
    ]
    found = scores["detection"]
    return "\n\n".join(
        [
            markdown_table(["set", "pages", "CER", "CER in reading order", "character F1", "s a page"], [page_row]),
            markdown_table(
                ["set", "detection precision", "recall", "F", "lines matched", "exact", "1-NED", "CER"],
                [
                    [
                        name,
                        *_picked(found, ["precision", "recall", "f"]),
                        *_picked(scores["matched_lines"], _LINE_KEYS[:4]),
                    ]
                ],
            ),
            _ends_table(name, scores["ends"]),
        ]
    )


def cases_table(cases: Sequence[WorstCase]) -> str:
    """Return a table of the worst cases, a row each."""
    columns = list(dict.fromkeys(column for case in cases for column in case.facts))
    return markdown_table(["case", *columns], [[case.name, *(case.facts.get(c) for c in columns)] for case in cases])


def _ends_table(name: str, ends: Mapping[str, Any]) -> str:
    header = [
        "set",
        "lines matched",
        "ends off, median px",
        "90 % within px",
        "too short by, median px",
        "share of lines short",
        "share cut",
    ]
    return markdown_table(header, [[name, *_picked(ends, ["lines", "median_px", "p90_px", "bias_px", "short", "cut"])]])


def _picked(scores: Mapping[str, Any], keys: Sequence[str]) -> list[Any]:
    return [scores[key] for key in keys]


def _milliseconds(run: Run) -> float | None:
    seconds = run.time_summary()["median_s"]
    return None if seconds is None else seconds * 1000


def _visible(character: str) -> str:
    return {"": "(nothing)", " ": "(space)"}.get(character, character)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a markdown table of values in the form of `format_value`; all columns but the first are flush right."""
    lines = [list(header), *rows]
    cells = [[_escape(format_value(value)) for value in line] for line in lines]
    rule = [":--" if i == 0 else "--:" for i in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [cells[0], rule, *cells[1:]])


def format_value(value: Any) -> str:
    """Return a value as the text of a table cell.

    A float above 1 has two decimals, one below 1 three, one below .1 four. None and NaN are a dash.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    decimals = 2 if abs(value) > 1 else 4 if 0 < abs(value) < 0.1 else 3
    return f"{value:.{decimals}f}"


def to_json(report: Mapping[str, Any]) -> str:
    """Return a report as JSON text; paths become strings, NaN and infinity become null, non-ASCII text stays."""
    return json.dumps(_plain(report), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")

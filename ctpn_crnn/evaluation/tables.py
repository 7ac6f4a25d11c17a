"""Markdown tables of the outcome of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctpn_crnn.evaluation.report import markdown_table
from ctpn_crnn.evaluation.runs import Run
from ctpn_crnn.evaluation.worst import Case

RULE_LABELS = {
    "default": "NFKC, lower case, no spaces",
    "english": "letters and digits only",
    "raw": "as written",
}


def recognition_tables(run: Run, name: str, main_rule: str) -> str:
    """Return a row for each rule of comparison, the main one first, and the commonest confusions."""
    rules = sorted(RULE_LABELS, key=lambda rule: rule != main_rule)
    rows = [[name, RULE_LABELS[rule], *_picked(run.scores[rule], _LINE_KEYS), _milliseconds(run)] for rule in rules]
    header = ["set", "compared", "lines", "exact", "1-NED", "CER", "calibration error", "ms a line"]
    tables = [markdown_table(header, rows)]
    if run.scores["confusions"]:
        confusions = [[_visible(true), _visible(read), times] for true, read, times in run.scores["confusions"]]
        tables.append(markdown_table(["true", "read", "times"], confusions))
    return "\n\n".join(tables)


def calibration_note(fit: Mapping[str, Any]) -> str:
    """Return a sentence on what `CalibrationData.fit` found."""
    return (
        f"calibration {fit['calibration']:.4g}, fitted to {fit['lines']} lines: their calibration error is "
        f"{fit['after']:.3f} with it, {fit['before']:.3f} with the plain product (1)"
    )


def detection_tables(run: Run, name: str) -> str:
    """Return precision, recall and F under each rule; the ends of the lines; the curve over the detector's score."""
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
    """Return the page scores, those of detection and of the lines found, and the ends of the lines."""
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


def cases_table(cases: Sequence[Case]) -> str:
    """Return the worst cases, one a row."""
    columns = list(dict.fromkeys(column for case in cases for column in case.facts))
    return markdown_table(["case", *columns], [[case.name, *(case.facts.get(c) for c in columns)] for case in cases])


_LINE_KEYS = ["lines", "exact", "one_minus_ned", "cer", "calibration_error"]


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

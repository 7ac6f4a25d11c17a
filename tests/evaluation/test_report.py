"""Tables and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ctpn_crnn.evaluation.report import format_value, markdown_table, to_json


def test_table() -> None:
    table = markdown_table(["set", "CER"], [["a|b", 0.01234], ["c", None]])
    assert table.split("\n") == ["| set | CER |", "| :-- | --: |", "| a\\|b | 0.0123 |", "| c | - |"]
    assert markdown_table(["set"], []).count("\n") == 1


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (0.9333, "0.933"),
        (0.0051, "0.0051"),
        (0.0, "0.000"),
        (1.0, "1.000"),
        (12.25, "12.25"),
        (7, "7"),
        (float("nan"), "-"),
    ],
)
def test_cells(value: object, cell: str) -> None:
    assert format_value(value) == cell


def test_json() -> None:
    report = {"a": float("nan"), "b": [1, (2.5, None)], "c": Path("x"), "中": True}
    text = to_json(report)
    assert "中" in text
    assert json.loads(text) == {"a": None, "b": [1, [2.5, None]], "c": "x", "中": True}

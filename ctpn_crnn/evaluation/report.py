"""Scores as markdown tables and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a markdown table; the first column is flush left, the others flush right.

    Values are shown as `format_value` has them; vertical bars are escaped.
    """
    lines = [list(header), *rows]
    cells = [[_escape(format_value(value)) for value in line] for line in lines]
    rule = [":--" if i == 0 else "--:" for i in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [cells[0], rule, *cells[1:]])


def format_value(value: Any) -> str:
    """Return a cell: floats with two decimals above 1, three below, four below .1; None as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    decimals = 2 if abs(value) > 1 else 4 if 0 < abs(value) < 0.1 else 3
    return f"{value:.{decimals}f}"


def to_json(report: Mapping[str, Any]) -> str:
    """Return a report as JSON text, UTF-8 characters as they are; paths become strings, NaN becomes null."""
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

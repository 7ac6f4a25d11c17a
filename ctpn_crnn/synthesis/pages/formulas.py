"""Formulas, typeset by matplotlib's mathtext (the `train` extra)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.pages.typesetting import Canvas, Color

FONT_SETS = ("cm", "stix", "stixsans", "dejavusans", "dejavuserif")
_PIECES = 200
"""Number of different pieces of each kind and font set."""
_DRAWN_SIZE = 32
"""Em in pixels at which pieces are drawn, before they are resized."""
_MARGIN = 0.08
"""Room of a region about the ink of a formula, in em."""
_GREEK = "alpha beta gamma theta lambda mu sigma pi phi omega epsilon".split()
_LETTERS = (*"xyzabcnmkpqrstuvABCFNPSV", *(f"\\{name}" for name in _GREEK))
_FUNCTIONS = (r"\sin", r"\cos", r"\tan", r"\ln", r"\log", r"\exp", "f", "g", "h")
_OPERATORS = ("+", "-", "+", "-", r"\cdot", r"\times", r"\pm", r"\div", "")
_RELATIONS = ("=", "=", "=", r"\leq", r"\geq", r"\approx", r"\neq", r"\in", r"\rightarrow", "<", ">")


def available() -> bool:
    """Return whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def formula_mask(rng: np.random.Generator, size: int, kind: str) -> tuple[np.ndarray, int]:
    """Draw a random formula.

    Args:
        rng: Source of randomness.
        size: Em in pixels.
        kind: "displayed" for a line of its own, "inline" for running text (shorter and lower), "variable" for a
            single variable with an index, a power or a comparison.

    Returns:
        The coverage, (H, W) uint8 cut tight to the ink, and the number of its rows below the baseline.

    Raises:
        SynthesisError: matplotlib is not installed.
    """
    family = int(rng.integers(len(FONT_SETS)))
    kinds = ["start", *["next"] * int(rng.choice([0, 1, 1, 1, 2]))] if kind == "displayed" else [kind]
    pieces = [_drawn(kind, family, int(rng.integers(_PIECES))) for kind in kinds]
    mask, depth = _joined(pieces)
    scale = size / _DRAWN_SIZE
    height, width = max(1, round(mask.shape[0] * scale)), max(1, round(mask.shape[1] * scale))
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), round(
        depth * scale
    )


def write_formula(
    canvas: Canvas, mask: np.ndarray, depth: int, x: float, baseline: float, size: int, color: Color
) -> bool:
    """Draw a formula and note its region, if it fits on the canvas as a whole; returns whether it does."""
    left, top = round(x), round(baseline) + depth - mask.shape[0]
    right, bottom = left + mask.shape[1], top + mask.shape[0]
    margin = _MARGIN * size
    if left < margin or top < margin or right + margin > canvas.width or bottom + margin > canvas.height:
        return False
    canvas.paint(mask, left, top, color)
    canvas.note(left - margin, top - margin, right + margin, bottom + margin, None, "formula")
    return True


def expression(rng: np.random.Generator, depth: int, terms: int) -> str:
    """Draw an expression in mathtext's dialect of TeX, nested up to `depth`."""
    parts = [_term(rng, depth)]
    for _ in range(terms - 1):
        parts += [_one(rng, _OPERATORS), _term(rng, depth)]
    return " ".join(parts)


def _joined(pieces: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Put pieces side by side on one baseline."""
    above, below = max(mask.shape[0] - depth for mask, depth in pieces), max(depth for _, depth in pieces)
    gap = np.zeros((above + below, _DRAWN_SIZE // 4), np.uint8)
    parts: list[np.ndarray] = []
    for mask, depth in pieces:
        over = above - (mask.shape[0] - depth)
        parts += [gap, np.pad(mask, ((over, above + below - over - mask.shape[0]), (0, 0)))]
    return np.concatenate(parts[1:], axis=1), below


@lru_cache(maxsize=4 * len(FONT_SETS) * _PIECES)
def _drawn(kind: str, family: int, number: int) -> tuple[np.ndarray, int]:
    """Return piece `number` of a kind, drawn once and cached: mathtext takes fifty times as long as a line of text.

    Returns:
        The coverage, and the number of its rows below the baseline.
    """
    try:
        from matplotlib.font_manager import FontProperties
        from matplotlib.mathtext import MathTextParser
    except ImportError:
        raise SynthesisError(
            "Formulas need matplotlib: install it (pip install matplotlib) or choose other page styles."
        ) from None
    rng = np.random.default_rng((list(_MAKERS).index(kind), family, number))
    font = FontProperties(size=_DRAWN_SIZE, math_fontfamily=FONT_SETS[family])
    parsed = MathTextParser("agg").parse(f"${_typeset(kind, rng)}$", dpi=72, prop=font)
    image = np.asarray(parsed.image, np.uint8)
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    below = round(float(parsed.depth) - (image.shape[0] - 1 - rows[-1]))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy(), max(0, below)


def _typeset(kind: str, rng: np.random.Generator) -> str:
    """Return a piece that cannot be taken for text, as a number or a letter alone could be."""
    while True:
        piece = _MAKERS[kind](rng)
        if re.search(r"[\\\\^_=<>+]", re.sub(r"\\(left|right)", "", piece)):
            return piece


def _inline(rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.15:
        return _indexed(rng)
    if draw < 0.6:
        return f"{_atom(rng)} {_one(rng, _RELATIONS)} {expression(rng, 0, int(rng.integers(1, 4)))}"
    return expression(rng, 1, int(rng.integers(1, 4)))


def _variable(rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.35:
        return _indexed(rng)
    if draw < 0.55:
        return _raised(rng)
    if draw < 0.65:
        return f"{_indexed(rng)}^{{{_index(rng)}}}"
    if draw < 0.8:
        return _one(rng, tuple(letter for letter in _LETTERS if len(letter) > 1))
    return f"{_letter(rng)} {_one(rng, _RELATIONS)} {_atom(rng)}"


def _start(rng: np.random.Generator) -> str:
    return expression(rng, int(rng.integers(0, 3)), int(rng.integers(1, 4)))


def _next(rng: np.random.Generator) -> str:
    return f"{_one(rng, _RELATIONS)} {_start(rng)}"


_MAKERS: dict[str, Callable[[np.random.Generator], str]] = {
    "inline": _inline,
    "start": _start,
    "next": _next,
    "variable": _variable,
}


def _term(rng: np.random.Generator, depth: int) -> str:
    if depth <= 0:
        return _atom(rng)
    inner = expression(rng, depth - 1, int(rng.integers(1, 3)))
    draw = rng.random()
    if draw < 0.28:
        return rf"\frac{{{inner}}}{{{expression(rng, depth - 1, int(rng.integers(1, 3)))}}}"
    if draw < 0.38:
        return rf"\sqrt{{{inner}}}"
    if draw < 0.5:
        return rf"\left({inner}\right)" + (f"^{{{_index(rng)}}}" if rng.random() < 0.5 else "")
    if draw < 0.6:
        return rf"{_one(rng, (chr(92) + 'sum', chr(92) + 'prod'))}_{{{_letter(rng)}=0}}^{{{_index(rng)}}} {inner}"
    if draw < 0.68:
        return rf"\int_{{0}}^{{{_index(rng)}}} {inner} \, d{_letter(rng)}"
    if draw < 0.8:
        return rf"{_one(rng, _FUNCTIONS)}({inner})"
    return _atom(rng)


def _atom(rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.25:
        return f"{int(rng.integers(1, 100))}" if rng.random() < 0.8 else f"{rng.uniform(0, 20):.2f}"
    if draw < 0.5:
        return f"{int(rng.integers(2, 10))}{_letter(rng)}"
    if draw < 0.65:
        return _raised(rng)
    if draw < 0.78:
        return _indexed(rng)
    return f"{_letter(rng)}" + ("'" if rng.random() < 0.1 else "")


def _indexed(rng: np.random.Generator) -> str:
    return f"{_letter(rng)}_{{{_index(rng)}}}"


def _raised(rng: np.random.Generator) -> str:
    return f"{_letter(rng)}^{{{_index(rng)}}}"


def _index(rng: np.random.Generator) -> str:
    return (
        str(int(rng.integers(1, 10)))
        if rng.random() < 0.5
        else _one(rng, ("n", "i", "j", "k", "n+1", "i-1", "T", "2k"))
    )


def _letter(rng: np.random.Generator) -> str:
    return _one(rng, _LETTERS)


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]

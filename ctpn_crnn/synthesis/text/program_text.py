"""Lines that look like program code, as screenshots of editors and terminals hold them."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np

from ctpn_crnn.synthesis.word_lists import word_list

_BRACKETS = ("()", "()", "()", "[]", "[]", "{}", "{}", "<>")
_QUOTES = ('"', '"', "'", "'", "`")
_PREFIXES = (
    "$ ", "> ", ">>> ", "# ", "// ", "/* ", "-- ", "@", "#", "- ", "* ", "+ ", "~/", "\\", "&", "*", "!", "...",
)  # fmt: skip
_ENDS = (";", ";", ":", ",", " {", "}", ")", "];", "})", " \\", " */", " &", "")


def program(rng: np.random.Generator, length: int, word: Callable[[], str]) -> str:
    """Draw what looks like a line of code, mostly of at most `length` characters; it need not run.

    Args:
        rng: Source of randomness.
        length: At least 1.
        word: Returns a word for names and strings; it may be empty.
    """
    text = str(rng.choice(_PREFIXES)) if rng.random() < 0.25 else ""
    spaced, enough = rng.random() < 0.7, rng.uniform(0.2, 0.9) * length
    while True:
        text += _expression(rng, word, depth=0)
        if len(text) >= enough:
            break
        operator = str(rng.choice(word_list("code_operators")))
        text += f" {operator} " if spaced else operator
    return text + str(rng.choice(_ENDS)) if rng.random() < 0.5 else text


def _expression(rng: np.random.Generator, word: Callable[[], str], depth: int) -> str:
    forms = (
        lambda: name(rng, word),
        lambda: name(rng, word),
        lambda: _literal(rng, word),
        lambda: f"{rng.choice(word_list('code_keywords'))} {name(rng, word)}",
        lambda: f"--{name(rng, word)}",
        lambda: f"{name(rng, word)}{_enclosed(rng, word, depth)}",
        lambda: _enclosed(rng, word, depth),
    )
    return forms[int(rng.integers(len(forms) if depth < 2 else 3))]()


def _enclosed(rng: np.random.Generator, word: Callable[[], str], depth: int) -> str:
    opening, closing = str(rng.choice(_BRACKETS))
    inside = [_expression(rng, word, depth + 1) for _ in range(int(rng.integers(0, 3)))]
    return opening + str(rng.choice([", ", ": ", ",", ":", " ", "="])).join(inside) + closing


def _literal(rng: np.random.Generator, word: Callable[[], str]) -> str:
    draw = rng.random()
    if draw < 0.4:
        quote = str(rng.choice(_QUOTES))
        inside = word() + str(rng.choice(["", "", "\\n", "%s", "{}", "*", "?", "^", "/"]))
        return f"{quote}{inside}{quote}"
    if draw < 0.5:
        return "0x" + "".join(rng.choice(list("0123456789abcdef"), int(rng.integers(2, 9))))
    digits = str(int(rng.integers(0, 10 ** int(rng.integers(1, 5)))))
    return digits if draw < 0.8 else f"{digits}.{int(rng.integers(0, 100))}"


def name(rng: np.random.Generator, word: Callable[[], str]) -> str:
    """Draw an identifier: snake_case, camelCase, CAPITALS, with an attribute or alone; a path; a single letter."""
    draw = rng.random()
    if draw < 0.2:
        return str(rng.choice(list(string.ascii_letters)))
    parts = [part for part in (_letters(word()) for _ in range(int(rng.integers(1, 4)))) if part] or ["x"]
    if draw < 0.5:
        return "_".join(parts)
    if draw < 0.65:
        return parts[0] + "".join(part.title() for part in parts[1:])
    if draw < 0.72:
        return "_".join(parts).upper()
    return str(rng.choice([".", ".", "->", "::", "/", "\\", "-"])).join(parts)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())[:10].lower()

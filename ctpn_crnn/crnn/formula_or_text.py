"""Whether what the detector took for a formula is a formula, told by the characters that the reader saw in it.

Chinese numerals have the strokes of an equation, and programs its signs: both are found as formulas now and then, and
would then be lost as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ctpn_crnn.crnn.chinese_script import is_hanzi
from ctpn_crnn.page import Char

LIKE_SIGNS = frozenset("一二三十八人入工口日小")
"""Chinese characters that the reader may see in the signs of a formula."""

PROGRAM_SIGNS = re.compile(r"->|=>|==|!=|<=|>=|&&|\|\||\*\*|//|::|<<|>>|\+=|-=|\*=|\+\+|--")
"""Signs of two characters that programs have and formulas do not."""


@dataclass(frozen=True)
class FormulaParams:
    """When a formula is text.

    Attributes:
        chinese_share: Least share of Chinese characters in Chinese text. Chosen on: rendered pages and the training
            part of the formulas.
        chinese_confidence: Least mean probability of those of them that are not like a sign, of which there must be
            one. Chosen on: the same; of 251 true formulas none becomes text.
        program_confidence: Least mean probability of a sign of programs. Chosen on: rendered pages, screenshots and the
            training part of the formulas; of 404 true formulas 3 become text, of 37 pieces of programs 15.
    """

    chinese_share: float = 0.5
    chinese_confidence: float = 0.7
    program_confidence: float = 0.8


DEFAULTS = FormulaParams()


def is_text(chars: Sequence[Char], params: FormulaParams = DEFAULTS) -> bool:
    """Return whether the characters read in a supposed formula are Chinese text, or a piece of a program.

    Args:
        chars: What the reader made of it.
        params: Thresholds.
    """
    return is_chinese_text(chars, params) or is_program(chars, params)


def is_program(chars: Sequence[Char], params: FormulaParams = DEFAULTS) -> bool:
    """Return whether the characters hold a sign of programs for sure: `x**2 + y**2`, `>>>`.

    Args:
        chars: What the reader made of a supposed formula.
        params: Thresholds.
    """
    text = "".join(c.text for c in chars)
    if len(text) != len(chars):  # places in the text would not be those of the characters
        return False
    signs = (chars[match.start() : match.end()] for match in PROGRAM_SIGNS.finditer(text))
    return any(sum(c.confidence for c in sign) >= params.program_confidence * len(sign) for sign in signs)


def is_chinese_text(chars: Sequence[Char], params: FormulaParams = DEFAULTS) -> bool:
    """Return whether the characters are Chinese text, such as "二〇二六年", for sure.

    Args:
        chars: What the reader made of a supposed formula.
        params: Thresholds.
    """
    chinese = [c for c in chars if is_hanzi(c.text)]
    sure = [c.confidence for c in chinese if c.text not in LIKE_SIGNS]
    if not sure or len(chinese) < params.chinese_share * len(chars):
        return False
    return sum(sure) >= params.chinese_confidence * len(sure)

"""Numbers between blanks: dates, amounts, units, codes and digits among Chinese or English words."""

from __future__ import annotations

import string

import numpy as np
from PIL import Image, ImageDraw

from benchmarking.kinds.picture import KindPicture
from ctpn_crnn.synthesis.fonts import FontLibrary

_CHINESE = (
    "共 第 年 月 日 价格 数量 本次 会议 参加 人员 合计 约 公司 产品 电话 地址 时间 不超过 其中 增加 减少 完成".split()
)
_ENGLISH = "page order room about total from the with items only price until member daily report figure call".split()
_UNITS = "kg cm km ml GB MHz kWh".split()


def draw(rng: np.random.Generator, fonts: FontLibrary) -> KindPicture:
    """Draw one to four lines on an even ground, in one font, the em 14 to 40 px."""
    chinese = rng.random() < 0.5
    lines = [_line(rng, chinese) for _ in range(int(rng.integers(1, 5)))]
    face = fonts.pick(rng, "".join(lines), "simplified" if chinese else "latin").at(int(rng.integers(14, 41)))
    ascent, descent = face.getmetrics()
    step = round((ascent + descent) * rng.uniform(1.1, 1.8))
    margin = int(rng.integers(8, 60))
    width = round(max(face.getlength(line) for line in lines)) + 2 * margin
    ground, ink = int(rng.integers(215, 256)), int(rng.integers(0, 70))
    image = Image.new("L", (width, step * len(lines) + 2 * margin), ground)
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((margin, margin + row * step), line, ink, face)
    return KindPicture(np.repeat(np.array(image)[..., None], 3, axis=2), lines)


def _line(rng: np.random.Generator, chinese: bool) -> str:
    """Return words and numbers in turn, one to three blanks between them."""
    words = _CHINESE if chinese else _ENGLISH
    parts: list[str] = []
    for _ in range(int(rng.integers(1, 4))):
        parts += [str(rng.choice(words)), _number(rng)]
    if rng.random() < 0.6:
        parts.append(str(rng.choice(words)))
    return "".join(part + " " * int(rng.integers(1, 4)) for part in parts).rstrip()


def _number(rng: np.random.Generator) -> str:
    """Return a digit, a number, a date, a time, an amount, a measure or a code."""
    value = int(10 ** rng.uniform(0, 6))
    forms = (
        f"{rng.integers(10)}",
        f"{value}",
        f"{value:,}",
        f"{value / 100:.2f}",
        f"{rng.integers(101)}%",
        f"{rng.integers(1990, 2031)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        f"{rng.integers(24)}:{rng.integers(60):02d}",
        f"${value / 100:.2f}",
        f"{rng.integers(1, 1000)} {rng.choice(_UNITS)}",
        f"{rng.choice(list(string.ascii_uppercase))}{rng.integers(10, 10000)}",
        f"{rng.integers(100, 1000)} {rng.integers(1000, 10000)} {rng.integers(1000, 10000)}",
    )
    return str(rng.choice(forms))

"""Short texts by template: numbers, amounts, measures, dates, codes, tick boxes, entries of contents, shop signs."""

from __future__ import annotations

import string
from functools import partial

import numpy as np

from ctpn_crnn.synthesis.word_lists import word_list

_CHOICES = (
    ("适用", "不适用"),
    ("適用", "不適用"),
    ("是", "否"),
    ("有", "无"),
    ("男", "女"),
    ("同意", "不同意"),
    ("Yes", "No"),
)
_CURRENCIES = ("¥", "¥", "¥ ", "￥", "￥", "￥ ", "$", "€", "£", "RMB ", "HK$", "US$", "人民币", "USD ", "RM ", "RM")
_ALIKE = ("l1I|", "O0o", "S5", "B8", "Z2", "l1", "0O", "1I7", "6G")
"""Characters that are easily taken for each other."""
_NUMERALS = "〇一二三四五六七八九"
_MONTHS = "January February March April May June July August September October November December".split(" ")
_VARIABLES = list("abcdknpqrstvxyzABEFKLNPRTVXαβγδλμσθρ")
_RELATIONS = ("=", "=", "=", "<", ">", "≤", "≥", "≈", "≠", "±", ":", "~", "+", "×", "÷", "→")
_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LEADERS = (".", ".", "·", "…", "_", "_", " .", "-")


def number(rng: np.random.Generator) -> str:
    """Draw a number as tables and running text write it."""
    value = int(10 ** rng.uniform(0, 9))
    decimals = int(rng.choice([0, 0, 1, 2, 2, 3]))
    plain = f"{value / 10**decimals:,.{decimals}f}" if rng.random() < 0.7 else f"{value / 10**decimals:.{decimals}f}"
    style = rng.random()
    if style < 0.12:
        return f"({plain})"
    if style < 0.18:
        return f"（{plain}）"
    if style < 0.26:
        return f"-{plain}"
    if style < 0.38:
        return f"{rng.uniform(0, 130):.{int(rng.integers(3))}f}%"
    if style < 0.5:
        return plain + str(rng.choice(word_list("units")))
    if style < 0.57:
        return str(rng.choice(["-", "–", "–", "—", "N/A", "不适用", "*", "0"]))
    return hanzi_number(rng) if style < 0.62 else plain


def hanzi_number(rng: np.random.Generator) -> str:
    """Draw a number in Chinese numerals: counted, digit by digit, a percentage, the number of an article or chapter."""
    value = int(10 ** rng.uniform(0, 4))
    style = rng.random()
    if style < 0.3:
        return _count(value)
    if style < 0.5:
        return _digits(value)
    if style < 0.6:
        return f"{_count(value)}点{_digits(int(rng.integers(10, 100)))}"
    if style < 0.7:
        return f"百分之{_count(int(rng.integers(1, 100)))}"
    return f"第{_count(min(value, 999))}{rng.choice(list('条章节页次期卷回届号'))}"


def _digits(value: int) -> str:
    return "".join(_NUMERALS[int(d)] for d in str(value))


def _count(value: int) -> str:
    """Return a number up to 9999 as it is spoken: 320 is 三百二十, 2005 is 二千零五."""
    text = ""
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // place % 10
        if digit:
            text += _NUMERALS[digit] + unit
        elif text and value % (10 * place) and not text.endswith("零"):
            text += "零"
    text = text.rstrip("零")
    return text.removeprefix("一") if text.startswith("一十") else text or "零"


def money(rng: np.random.Generator) -> str:
    """Draw an amount of money with its currency."""
    currency = _CURRENCIES[int(rng.integers(len(_CURRENCIES)))]
    value, decimals = 10 ** rng.uniform(0, 7), int(rng.choice([0, 2, 2, 2]))
    return f"{currency}{value:,.{decimals}f}" + ("元" if rng.random() < 0.2 else "")


def small_number(rng: np.random.Generator) -> str:
    """Draw a number of one to four digits as it stands between words: a count, a size, a number in a list."""
    draw = rng.random()
    if draw < 0.55:  # Half of them begin with a 1, which looks like l, I and |.
        return str(rng.choice(["1", "1", "1", "11", "12", "10", "21", "31", str(rng.integers(10))]))
    if draw < 0.85:
        return str(rng.integers(10 ** int(rng.integers(1, 5))))
    return f"{rng.uniform(0, 100):.1f}" if draw < 0.93 else f"{rng.integers(1, 13)}/{rng.integers(1, 32)}"


def date(rng: np.random.Generator) -> str:
    """Draw a date or a time in one of the forms that print uses."""
    year, month, day = int(rng.integers(1949, 2036)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    hour, minute, second = (int(v) for v in rng.integers((24, 60, 60)))
    forms = (
        f"{year}年{month}月{day}日",
        f"{year}-{month:02}-{day:02}",
        f"{year}/{month}/{day}",
        f"{year}.{month:02}.{day:02}",
        f"{day} {_MONTHS[month - 1]} {year}",
        f"{_MONTHS[month - 1]} {day}, {year}",
        f"{day:02}/{month:02}/{year}",
        f"{hour:02}:{minute:02}:{second:02}",
        f"{hour}:{minute:02}",
        f"{year}年{month}月",
        f"{year}年度",
        f"{month}月{day}日",
        f"{day:02}-{_MONTHS[month - 1][:3].upper()}-{year}",
        f"{hour % 12 + 1}:{minute:02} {'AP'[hour > 11]}M",
        f"{_digits(year)}年{_count(month)}月{_count(day)}日",
        f"{_digits(year)}年",
    )
    return forms[int(rng.integers(len(forms)))]


def code(rng: np.random.Generator) -> str:
    """Draw what no dictionary holds: an order number, a phone number, an identifier, a web or mail address."""
    pick = partial(_characters, rng)
    digits, capitals, lower = string.digits, string.ascii_uppercase, string.ascii_lowercase
    forms = (
        lambda: pick(digits, 4, 19),
        lambda: pick(capitals, 1, 4) + "-" + pick(digits, 3, 8),
        lambda: pick(capitals + digits, 4, 13),
        lambda: f"1{pick(digits, 10, 11)}",
        lambda: f"0{pick(digits, 2, 4)}-{pick(digits, 7, 9)}",
        lambda: f"No.{pick(digits, 3, 9)}",
        lambda: f"www.{pick(lower, 3, 10)}.com",
        lambda: f"{pick(lower, 3, 9)}@{pick(lower, 2, 7)}.com",
        lambda: f"#{pick(digits, 2, 5)}",
        lambda: pick(string.ascii_letters + digits, 3, 12),
        lambda: f"（{pick(digits, 1, 3)}）",
        lambda: f"[{pick(digits, 1, 3)}]",
        lambda: f"{pick(digits, 1, 3)}.{pick(digits, 1, 3)}",
        lambda: f"第{pick(digits, 1, 4)}号",
        lambda: str(rng.choice(list(_PLATES))) + pick(capitals, 1, 2) + "·" + pick(capitals + digits, 5, 7),
        lambda: f"{pick(digits, 17, 18)}{rng.choice(list('X0123456789'))}",
        lambda: f"+{pick(digits, 1, 4)} {pick(digits, 2, 5)} {pick(digits, 4, 9)}",
        lambda: f"http{rng.choice(['', 's'])}://{pick(lower, 3, 9)}.{pick(lower, 2, 4)}/{pick(lower, 2, 7)}",
        lambda: pick(lower, 3, 8) + str(rng.choice(list("_.-"))) + pick(lower + digits, 2, 6),
        lambda: " ".join(pick(digits, 4, 5) for _ in range(int(rng.integers(2, 6)))),
        lambda: machine_readable(rng),
        lambda: lookalike_code(rng),
        lambda: lookalike_code(rng),
        lambda: f"{pick(capitals, 2, 3)}{pick(digits, 2, 3)} " + " ".join(pick(digits, 4, 5) for _ in range(4)),
        lambda: (
            f"http{rng.choice(['', 's'])}://{pick(lower, 3, 9)}.{pick(lower, 2, 4)}/{pick(lower, 2, 7)}?"
            f"{pick(lower, 1, 4)}={pick(digits + lower, 1, 6)}&{pick(lower, 1, 4)}={pick(lower + digits, 1, 4)}"
        ),
        lambda: pick("0123456789abcdef", 8, 41),
        lambda: ":".join(pick("0123456789abcdef", 1, 5) for _ in range(int(rng.integers(3, 7)))),
    )
    return forms[int(rng.integers(len(forms)))]()


def lookalike_code(rng: np.random.Generator) -> str:
    """Draw a code in groups, full of characters that look alike, such as O0OL-1IL8: a licence key, a serial number."""
    pool = "".join(rng.choice(_ALIKE, 3)) + "".join(rng.choice(list(string.ascii_letters + string.digits), 6))
    pool = pool if rng.random() < 0.4 else pool.replace("|", "1").upper()
    groups = [_characters(rng, pool, 3, 7) for _ in range(int(rng.integers(1, 5)))]
    return str(rng.choice(["-", "-", " ", "."])).join(groups)


def machine_readable(rng: np.random.Generator) -> str:
    """Draw a row of the machine-readable zone of a travel document (ICAO 9303): capitals, digits, "<" as filler."""
    pick = partial(_characters, rng)
    capitals, digits = string.ascii_uppercase, string.digits
    if rng.random() < 0.5:
        names = "<".join(pick(capitals, 2, 8) for _ in range(int(rng.integers(1, 3))))
        row = f"{rng.choice(['P<', 'PO', 'I<', 'V<'])}{pick(capitals, 3, 4)}{pick(capitals, 2, 9)}<<{names}"
    else:
        row = f"{pick(capitals, 1, 2)}{pick(digits, 8, 9)}<{pick(digits, 1, 2)}{pick(capitals, 3, 4)}"
        row += f"{pick(digits, 7, 8)}{rng.choice(list('MF<'))}{pick(digits, 7, 8)}"
    return row + "<" * int(rng.integers(1, 16))


def mark(rng: np.random.Generator) -> str:
    """Draw what stands alone in a table or a form: a dash for nothing, a bullet, a small number, boxes to tick."""
    draw = rng.random()
    if draw < 0.45:
        return str(rng.choice(["–", "–", "–", "—", "-"]))
    if draw < 0.6:
        return str(rng.choice(list("•●■◆○□√×*※·")))
    if draw < 0.8:
        return str(rng.choice([str(rng.integers(100)), f"({rng.integers(1, 1000)})", f"{rng.integers(1, 20)}."]))
    boxes = rng.choice(["□√", "√□", "□□", "☑□", "□☑", "☐☑", "■□"])
    words = _CHOICES[int(rng.integers(len(_CHOICES)))]
    space = " " if rng.random() < 0.5 else ""
    return f"{boxes[0]}{space}{words[0]} {boxes[1]}{space}{words[1]}"


def measure(rng: np.random.Generator) -> str:
    """Draw a number with a sign: a measurement, range, tolerance, comparison, size or section."""

    def value() -> str:
        return f"{10 ** rng.uniform(-1, 3):.{int(rng.integers(3))}f}"

    unit = str(rng.choice(word_list("units"))) if rng.random() < 0.5 else ""
    space = " " if rng.random() < 0.5 else ""
    relation, variable = str(rng.choice(_RELATIONS)), str(rng.choice(_VARIABLES))
    forms = (
        lambda: f"{variable}{space}{relation}{space}{value()}{unit}",
        lambda: f"{variable}{space}{relation}{space}{value()}{unit}",
        lambda: f"{rng.choice(list('<>≤≥≈±~+'))}{space}{value()}{space}{unit}",
        lambda: f"{value()}{space}±{space}{value()}{unit}",
        lambda: f"{value()}{unit}{rng.choice(list('~～-–—'))}{value()}{unit}",
        lambda: f"{value()}{space}×{space}{value()}{unit}",
        lambda: f"{value()}{space}{rng.choice(list('+-÷/*×'))}{space}{value()}{space}={space}{value()}",
        lambda: f"{int(rng.integers(1, 10))}e{rng.choice(list('+-'))}{int(rng.integers(1, 13))}",
        lambda: f"{rng.choice(['§', '§ ', '№ ', 'Fig. ', 'Eq. ', '图', '表'])}{value()}",
        lambda: f"{int(rng.integers(180))}°{int(rng.integers(60))}′{int(rng.integers(60))}″",
        lambda: f"{value()}:{value()}",
        lambda: f"[{rng.choice(['', ' ', '√', 'x', '×'])}]",
    )
    return forms[int(rng.integers(len(forms)))]()


def _characters(rng: np.random.Generator, alphabet: str, low: int, high: int) -> str:
    """Draw characters of an alphabet, at least `low` and fewer than `high` of them."""
    return "".join(rng.choice(list(alphabet), int(rng.integers(low, high))))


def with_leader(rng: np.random.Generator, title: str, length: int) -> str:
    """Draw an entry of contents or a blank to fill in, about `length` long: a title, a leader, mostly a number."""
    leader = str(rng.choice(_LEADERS))
    room = max(3, min(length - len(title) - 4, 40)) // len(leader)
    space = " " if rng.random() < 0.5 else ""
    return f"{title}{space}{leader * int(rng.integers(2, room + 1))}{space}" + (
        str(rng.integers(1, 400)) if rng.random() < 0.7 else ""
    )


def shop_sign(rng: np.random.Generator, name: str) -> str:
    """Draw the sign of a Chinese shop, street or public place: `name` and a trade, a trade alone, or a notice."""
    if rng.random() < 0.35:
        return str(rng.choice(word_list("notices")))
    trade = str(rng.choice(word_list("trades")))
    return trade if rng.random() < 0.2 else name + trade

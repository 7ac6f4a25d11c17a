"""The words of pages: running text, headings, labels and table cells in one of two languages."""

from __future__ import annotations

import numpy as np

from ctpn_crnn.synthesis.text import short_text
from ctpn_crnn.synthesis.text.corpus import Corpus

_RECEIPT_LABELS = {
    "en": (
        *(
            "Subtotal",
            "TOTAL",
            "Total Sales (Inclusive of GST)",
            "CASH",
            "Change",
            "Rounding",
            "Discount",
            "GST 6%",
            "Tax",
        ),
        *(
            "Item Count",
            "Net Total",
            "VISA CARD",
            "Amount Due",
            "Balance",
            "Service Charge",
            "Total Qty :",
            "Paid",
            "Qty",
        ),
    ),
    "zh": (
        *("小计", "合计", "总计：", "应收金额", "实收", "找零", "优惠", "会员折扣"),
        *("数量", "支付宝", "微信支付", "现金", "税额", "件数：", "抹零"),
    ),
}
_HEADER_LABELS = {
    "en": ("Item", "Qty", "Price", "Amount", "U/P", "Total(RM)", "Tax", "Disc", "Code", "Amt ($)"),
    "zh": ("商品", "数量", "单价", "金额", "品名", "折扣", "小计", "编号"),
}
_CLOSINGS = {
    "en": (
        "THANK YOU",
        "PLEASE COME AGAIN",
        "GOODS SOLD ARE NOT RETURNABLE",
        "Have a nice day!",
        "*** THANK YOU ***",
        "TAX INVOICE",
    ),
    "zh": ("谢谢惠顾", "欢迎下次光临", "请妥善保管小票", "如需发票请扫码", "*** 谢谢光临 ***", "购物小票"),
}

_TRIES = 4


class PageText:
    """Draws the words of a page from a corpus.

    Args:
        corpus: where running text comes from.
        language: "zh" (Chinese with English and numbers in it) or "en".
    """

    def __init__(self, corpus: Corpus, language: str) -> None:
        self.corpus = corpus
        self.language = language

    def running(self, rng: np.random.Generator, length: int) -> str:
        """Running text of at least `length` characters, or what 12 draws give."""
        parts: list[str] = []
        total = 0
        for _ in range(12 if length > 1 else 1):
            part = self._line(rng, min(60, max(2, length - total)))
            parts.append(part)
            total += len(part)
            if total >= length:
                break
        return (" " if self.language == "en" else "").join(parts)

    def heading(self, rng: np.random.Generator) -> str:
        """A title of a few words."""
        text = self._line(rng, int(rng.integers(4, 26)))
        return text.upper() if self.language == "en" and rng.random() < 0.4 else text

    def label(self, rng: np.random.Generator, longest: int = 14) -> str:
        """A short label: an item of a table's first column, a menu entry, a button."""
        if rng.random() < 0.25:
            return self.corpus.phrase(rng)
        return self._line(rng, int(rng.integers(2, longest)))

    def amount(self, rng: np.random.Generator) -> str:
        """A number of a financial table: thousands separators, parentheses for negative, a dash for none."""
        draw = rng.random()
        if draw < 0.07:
            return str(rng.choice(["–", "-", "—", "－"]))
        value = int(10 ** rng.uniform(0, 8))
        plain = f"{value:,}" if rng.random() < 0.7 else f"{value / 100:,.2f}"
        if draw < 0.25:
            return f"({plain})"
        if draw < 0.32:
            return f"{rng.uniform(0, 120):.{int(rng.integers(3))}f}%"
        return f"-{plain}" if draw < 0.35 else plain

    def price(self, rng: np.random.Generator) -> str:
        """A price on a receipt."""
        mark = str(rng.choice(["", "", "", "", "$", "RM", "¥"]))
        return f"{mark}{10 ** rng.uniform(-0.3, 3.2):,.2f}" + (" SR" if rng.random() < 0.06 else "")

    def date(self, rng: np.random.Generator) -> str:
        """A date or a time."""
        return short_text.date(rng)

    def code(self, rng: np.random.Generator) -> str:
        """A number or identifier that no dictionary holds."""
        return short_text.code(rng)

    def program(self, rng: np.random.Generator, length: int) -> str:
        """A line of a program, mostly of at most `length` characters; now and then running text, as comments are."""
        return self.running(rng, length) if rng.random() < 0.25 else self.corpus.program(rng, length)

    def receipt_label(self, rng: np.random.Generator) -> str:
        """The label of a sum on a receipt."""
        return str(rng.choice(_RECEIPT_LABELS[self.language]))

    def receipt_header(self, rng: np.random.Generator, count: int) -> list[str]:
        """Column headers of a receipt's list, `count` of them, none twice."""
        return [str(label) for label in rng.choice(_HEADER_LABELS[self.language], count, replace=False)]

    def closing(self, rng: np.random.Generator) -> str:
        """What stands at a receipt's end."""
        return str(rng.choice(_CLOSINGS[self.language]))

    def _line(self, rng: np.random.Generator, length: int) -> str:
        if self.language == "en":
            # English takes about twice the letters to fill the width of as many hanzi.
            for _ in range(_TRIES):
                text = self.corpus.english(rng, 2 * length)
                if sum(map(str.isalpha, text)) > 0.6 * len(text) and text.lower() != "text":
                    break
            return text
        if rng.random() < 0.06:
            return short_text.date(rng) if rng.random() < 0.4 else short_text.hanzi_number(rng)
        return self.corpus.line(rng, length)

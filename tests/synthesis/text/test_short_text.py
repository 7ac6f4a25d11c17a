import re

import numpy as np
import pytest

from ctpn_crnn.synthesis.text import short_text
from ctpn_crnn.synthesis.text.short_text import (
    code,
    date,
    hanzi_number,
    machine_readable,
    measure,
    money,
    number,
    shop_sign,
    with_leader,
)


def test_templates_have_the_forms_of_print():
    rng = np.random.default_rng(2)
    numbers = [number(rng) for _ in range(300)]
    assert any(re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+", n) for n in numbers)
    assert any(re.fullmatch(r"\([\d,.]+\)", n) for n in numbers)
    assert any(n.endswith("%") for n in numbers)
    assert any(re.fullmatch(r"\d{4}年\d+月\d+日", date(rng)) for _ in range(100))
    assert all(re.search(r"\d[\d,]*(\.\d\d)?(元|$)", money(rng)) for _ in range(50))
    assert all(code(rng) for _ in range(100))


def test_numbers_in_hanzi(charset):
    numbers = {hanzi_number(np.random.default_rng((3, i))) for i in range(400)}
    assert any("〇" in n for n in numbers) and any(n.startswith("第") for n in numbers)
    assert not any(
        re.search("一十$|零零|零$.|^零.", n) for n in numbers if not n.startswith(("第", "百", "一一", "一〇"))
    )
    assert any(
        re.fullmatch("[〇一二三四五六七八九]{4}年.{1,2}月.{1,3}日", date(np.random.default_rng(i))) for i in range(99)
    )
    assert charset.covers("".join(numbers))


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        (0, "零"),
        (10, "十"),
        (11, "十一"),
        (101, "一百零一"),
        (1010, "一千零一十"),
        (2005, "二千零五"),
        (9999, "九千九百九十九"),
    ],
)
def test_counting(value, spoken):
    assert short_text._count(value) == spoken


@pytest.mark.parametrize("seed", range(40))
def test_measures_are_of_the_charset_and_hold_a_sign(charset, seed):
    text = measure(np.random.default_rng(seed))
    assert set(text) <= set(charset.characters)
    assert re.search(r"[^0-9A-Za-z. ]", text)


def test_entries_of_contents_have_title_leader_and_mostly_a_number():
    entries = [with_leader(np.random.default_rng(i), "第一章 绪论", 30) for i in range(300)]
    assert all(re.fullmatch(r"第一章 绪论 ?(\.|·|…|_| \.|-){2,} ?\d*", entry) for entry in entries)
    assert 150 < sum(entry[-1].isdecimal() for entry in entries) < 270
    assert max(map(len, entries)) <= 32


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_passports_end_in_fillers(charset, seed):
    row = machine_readable(np.random.default_rng(seed))
    assert re.fullmatch(r"[A-Z0-9<]{15,60}", row) and row.endswith("<") and charset.covers(row)


def test_signs_of_shops_are_a_name_and_a_trade_or_a_notice(charset):
    signs = [shop_sign(np.random.default_rng(i), "东风") for i in range(300)]
    assert all(sign and charset.covers(sign) for sign in signs)
    assert 120 < sum(sign.startswith("东风") and len(sign) > 2 for sign in signs) < 200
    assert len(set(signs)) > 150

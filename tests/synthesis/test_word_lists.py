from importlib.resources import files

import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.synthesis.word_lists import word_list

NAMES = sorted(path.name.removesuffix(".txt") for path in (files("ctpn_crnn") / "assets" / "words").iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_lists_hold_different_items_without_blanks_around_them(name):
    items = word_list(name)
    assert items and all(item and item == item.strip() for item in items)
    if name not in ("code_operators",):  # Frequent operators stand there several times on purpose.
        assert len(set(items)) == len(items)


@pytest.mark.parametrize("name", ["surnames", "cities", "trades", "notices", "receipt_sums_zh", "units", "sentences"])
def test_the_reader_can_read_what_the_lists_say(name):
    charset = Charset.default()
    assert all(charset.covers(item) for item in word_list(name))


def test_weights_of_fonts_are_numbers():
    assert all(float(item.split("\t")[1]) > 0 for item in word_list("font_weights"))

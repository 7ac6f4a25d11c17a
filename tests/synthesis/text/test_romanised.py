import re
import unicodedata

import numpy as np
import pytest

from ctpn_crnn.synthesis.text.romanised import accented, syllable


def test_three_of_four_syllables_bear_one_tone_mark():
    drawn = [syllable(np.random.default_rng((1, i))) for i in range(800)]
    plain = [re.fullmatch("[a-z]+ⁿ?", text) is not None for text in drawn]
    assert 0.2 < np.mean(plain) < 0.35
    assert all(sum(not c.isascii() for c in text.removesuffix("ⁿ")) <= 1 for text in drawn)


@pytest.mark.parametrize("word", ["Hotel", "garden", "total"])
def test_an_accent_changes_one_letter_and_not_which_letter_it_is(word):
    def base(text):
        return "".join(unicodedata.normalize("NFD", c)[0] for c in text).replace("ø", "o")

    for seed in range(30):
        changed = accented(np.random.default_rng(seed), word)
        assert base(changed) == word and sum(a != b for a, b in zip(word, changed)) == 1


def test_a_word_without_a_letter_that_takes_an_accent_stays():
    assert accented(np.random.default_rng(0), "TV 12") == "TV 12"

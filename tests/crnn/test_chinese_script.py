"""Simplified and traditional Chinese: what a line says of its script, and what that makes of its probabilities."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.chinese_script import (
    HANZI,
    SIMPLIFIED,
    TRADITIONAL,
    UNKNOWN,
    ScriptRule,
    has_hanzi,
    is_hanzi,
    script_table,
)
from ctpn_crnn.crnn.frame_probabilities import FrameProbabilities
from ctpn_crnn.crnn.language_model import LanguageModel
from ctpn_crnn.crnn.params import ReadingParams
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.page import Char
from ctpn_crnn.training.ngram_counting import NgramCounter


def line(text: str, confidence: float = 1.0) -> list[Char]:
    return [Char(c, confidence, 0.0, 1.0) for c in text]


def of_lines(*texts: str) -> list[int]:
    return [ScriptRule("").script_of(line(text)) for text in texts]


def test_the_table_knows_forms_of_one_script_only():
    table = script_table()
    assert all(table[c] == SIMPLIFIED for c in "们这国减况东车")
    assert all(table[c] == TRADITIONAL for c in "們這國減況東車併")
    assert not set("后里台只面干云了乾一人大A1，") & {c for c, script in table.items() if script == TRADITIONAL}
    assert not set("里台只面干乾一人大A1，") & set(table)


def test_most_of_the_table_is_in_the_charset():
    known = set(Charset.default().characters)
    assert 3000 < len(script_table()) == sum(c in known for c in script_table())


def test_a_lines_characters_tell_its_script():
    assert of_lines("減值損失", "减值损失", "人口", "", "ABC 12") == [
        TRADITIONAL,
        SIMPLIFIED,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
    ]
    assert of_lines("減值损失额", "国國") == [SIMPLIFIED, UNKNOWN]  # the more of one; none where they balance


def test_probable_characters_outweigh_improbable_ones():
    assert ScriptRule("").script_of(line("減", 0.9) + line("损", 0.5)) == TRADITIONAL


def test_characters_of_the_other_script_are_less_probable():
    scripts, factor = ScriptRule("减減值"), ReadingParams().foreign_factor
    line = FrameProbabilities.from_logits(np.zeros((2, 4), np.float32))
    assert scripts.hold_to(UNKNOWN, line) is line
    for script, foreign in ((TRADITIONAL, 1), (SIMPLIFIED, 2)):
        wanted = np.array([factor if c == foreign else 1 for c in (1, 2, 3)]) / (3 + factor)
        held = scripts.hold_to(script, line)
        assert held.values == pytest.approx(np.tile(wanted, 2))
        assert held.blank == pytest.approx([1 / (3 + factor)] * 2)
    assert line.values == pytest.approx([0.25] * 6)


class TwoForms:
    """Takes 减 for a little likelier than 減, whatever is painted; the other characters are sure."""

    charset = "减減值損损失人一"
    config = {}

    def __init__(self) -> None:
        self.lines = 0

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray]:
        self.lines += len(batch)
        levels = batch[:, 16, ::4, 0].astype(int) // 10
        logits = np.eye(len(self.charset) + 1, dtype=np.float32)[levels] * 12
        logits[..., 1] = np.where(levels == 2, 12.5, logits[..., 1])
        return (logits,)


def painted(text: str) -> np.ndarray:
    classes = [number for c in text for number in (TwoForms.charset.index(c) + 1, 0)]
    return np.tile(np.repeat(np.array(classes, np.uint8) * 10 + 5, 4), (32, 1))


@pytest.fixture
def model() -> LanguageModel:
    counter = NgramCounter()
    counter.add(TwoForms.charset)
    return counter.model()


def test_the_reader_holds_lines_to_their_script(model):
    network = TwoForms()
    reader = LineReader(network=network, language_model=model, lm_weight=0.0, second_look=0)
    texts = [r.text for r in reader.read([painted("損值減損"), painted("減值损失"), painted("減人")])]
    assert texts == ["損值減損", "减值损失", "减人"]
    assert network.lines == 3  # none was shown to the network again
    plain = LineReader(network=network, language_model=None, second_look=0)
    assert plain.read([painted("損值減損")])[0].text == "損值减損"


@pytest.mark.parametrize("character", ["一", "龥", "㐀", "䶵", "国", "國"])
def test_hanzi(character):
    assert is_hanzi(character) and has_hanzi(f"a{character}") and re.fullmatch(f"[{HANZI}]", character)


@pytest.mark.parametrize("other", ["", "a", "。", "ㄅ", "カ", "①", "国家", "䷀"])
def test_what_is_none(other):
    assert not is_hanzi(other) and not re.fullmatch(f"[{HANZI}]", other)
    assert has_hanzi(other) == (other == "国家")

"""Edit distance against hand values and the plain recursion."""

from __future__ import annotations

import random
from functools import cache

import pytest

from ctpn_crnn.evaluation.edit_distance import edit_distance, edits


def slow(a: str, b: str) -> int:
    """The definition."""

    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

    return distance(len(a), len(b))


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("中文字", "中字", 1),
        ("ab", "ba", 2),
        ("𠮷野", "吉野", 1),
    ],
)
def test_known_values(a: str, b: str, distance: int) -> None:
    assert edit_distance(a, b) == distance
    assert len(edits(a, b)) == distance


def test_against_definition() -> None:
    rng = random.Random(1)
    for _ in range(300):
        a, b = ("".join(rng.choices("abc中", k=rng.randrange(12))) for _ in range(2))
        assert edit_distance(a, b) == slow(a, b) == len(edits(a, b))


def test_longer_than_a_machine_word() -> None:
    text = "abcdefghij" * 300
    assert edit_distance(text, text[:1500] + "x" + text[1501:2999]) == 2


def test_edits_are_named_in_order() -> None:
    assert edits("kitten", "sitting") == [("k", "s"), ("e", "i"), ("", "g")]
    assert edits("a b", "ab") == [(" ", "")]
    assert edits("", "x") == [("", "x")]

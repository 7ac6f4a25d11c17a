"""Line scores worked out by hand."""

from __future__ import annotations

import pytest

from ctpn_crnn.evaluation import RecognitionScore, expected_calibration_error
from ctpn_crnn.evaluation.normalisation import fold_case, fold_english, fold_width, keep_raw


def test_rules() -> None:
    assert fold_case("Ａ b\u3000Ｃ１！㎡") == "abc1!m2"
    assert fold_width("Ａ b") == "Ab"
    assert fold_english("It's 5%, ﬁne!") == "its5fine"
    assert fold_english("中-a") == "中a"
    assert keep_raw("Ａ b") == "Ａ b"


def test_scores() -> None:
    score = RecognitionScore()
    assert score.update("Hello World", "hello world") == 0
    assert score.update("中文", "中") == 1
    assert score.update("abcd", "abXdYY") == 3
    summary = score.summary()
    assert summary["lines"] == 3
    assert summary["characters"] == 10 + 2 + 4
    assert summary["exact"] == pytest.approx(1 / 3)
    assert summary["one_minus_ned"] == pytest.approx((1 + 1 / 2 + 3 / 6) / 3)
    assert summary["cer"] == pytest.approx(4 / 16)
    assert summary["calibration_error"] is None


def test_raw_counts_case_and_spaces() -> None:
    score = RecognitionScore(keep_raw)
    assert score.update("Hello World", "helloWorld") == 2


@pytest.mark.parametrize(
    ("truth", "reading", "distance"),
    [
        ("", "abc", 3),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("中文字", "中字", 1),
        ("ab", "ba", 2),
        ("𠮷野", "吉野", 1),
        ("abcdefghij" * 300, "abcdefghij" * 150 + "x" + ("abcdefghij" * 150)[1:-1], 2),
    ],
)
def test_distance_is_the_least_number_of_edits(truth: str, reading: str, distance: int) -> None:
    assert RecognitionScore(keep_raw).update(truth, reading) == distance


def test_confusions_are_the_characters_that_were_replaced_missed_and_invented() -> None:
    score = RecognitionScore(keep_raw)
    score.update("kitten", "sitting")
    score.update("a b", "ab")
    assert score.confusions() == [("", "g", 1), (" ", "", 1), ("e", "i", 1), ("k", "s", 1)]


def test_confusions() -> None:
    score = RecognitionScore()
    for truth, reading in [("10", "1o"), ("0", "o"), ("ab", "a"), ("a", "a"), ("c", "cd")]:
        score.update(truth, reading)
    assert score.confusions() == [("0", "o", 2), ("", "d", 1), ("b", "", 1)]
    assert score.confusions(1) == [("0", "o", 2)]


def test_degenerate() -> None:
    empty = RecognitionScore().summary()
    assert empty["lines"] == 0
    assert [empty[key] for key in ("exact", "one_minus_ned", "cer", "calibration_error")] == [None] * 4
    score = RecognitionScore(fold_english)
    score.update("!", "?")
    assert score.summary()["exact"] == 1 and score.summary()["one_minus_ned"] == 1 and score.summary()["cer"] is None
    score.update("!", "ab")
    assert score.summary()["exact"] == 0.5 and score.summary()["one_minus_ned"] == 0.5


def test_calibration_error() -> None:
    # Two bins. Up to .5: one of two right at .3 on average. Above: one of two right at .95 on average.
    error = expected_calibration_error([0.1, 0.5, 0.9, 1.0], [True, False, True, False], bins=2)
    assert error == pytest.approx((2 * 0.2 + 2 * 0.45) / 4)
    assert expected_calibration_error([1.0, 0.0], [True, False]) == 0
    assert expected_calibration_error([], []) is None


def test_calibration_in_the_summary() -> None:
    score = RecognitionScore()
    score.update("a", "a", 0.75)
    score.update("a", "b", 0.25)
    score.update("a", "b")
    assert score.summary()["calibration_error"] == pytest.approx(0.25)

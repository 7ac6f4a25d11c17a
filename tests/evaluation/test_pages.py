"""Page scores worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctpn_crnn.datasets import PageTruth, TruthRegion
from ctpn_crnn.evaluation import PageScore
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine


def page(*lines: tuple[tuple[float, ...], str], kind: str = "text") -> Page:
    return Page(200, 200, [TextLine(text, 0.9, box_to_quad(*box), kind) for box, text in lines])


def truth(*regions: tuple[tuple[float, ...], str | None], **options: object) -> PageTruth:
    return PageTruth(Path("p.jpg"), [TruthRegion(box_to_quad(*box), text, **options) for box, text in regions])


TOP, MIDDLE, BOTTOM = (0, 0, 100, 10), (0, 20, 100, 30), (0, 40, 100, 50)


def test_errors_of_every_kind() -> None:
    score = PageScore()
    # One letter wrong, three missed, two invented. Case counts, width and spaces do not.
    own = score.update(truth((TOP, "Ab 12"), (MIDDLE, "xyz")), page((TOP, "ＡＢ12"), (BOTTOM, "uv")))
    assert own["cer"] == pytest.approx(4 / 7), "bzxy.. -> replace b, x, y by B, u, v and delete z"
    # Multisets: A b 1 2 x y z against A B 1 2 u v: three in common.
    assert own["character_f1"] == pytest.approx(2 * (3 / 6) * (3 / 7) / (3 / 6 + 3 / 7))
    summary = score.summary()
    assert (summary["pages"], summary["characters"]) == (1, 7)
    assert summary["cer"] == summary["cer_in_order"] == pytest.approx(4 / 7)
    assert (summary["character_precision"], summary["character_recall"]) == (pytest.approx(3 / 6), pytest.approx(3 / 7))
    assert (summary["detection"]["precision"], summary["detection"]["recall"]) == (0.5, 0.5)
    assert (summary["matched_lines"]["lines"], summary["matched_lines"]["cer"]) == (1, pytest.approx(1 / 4))
    assert summary["ends"]["median_px"] == 0


def test_reading_order_is_scored_apart() -> None:
    score = PageScore()
    score.update(truth((TOP, "abc"), (MIDDLE, "def")), page((MIDDLE, "def"), (TOP, "abc")))
    assert score.summary()["cer"] == 0
    assert score.summary()["cer_in_order"] == pytest.approx(1), "abcdef against defabc: six edits either way"
    assert score.summary()["character_f1"] == 1


def test_pieces_and_merged_lines() -> None:
    score = PageScore()
    regions = truth(((0, 0, 100, 10), "abcd"), ((0, 20, 40, 30), "ef"), ((60, 20, 100, 30), "gh"))
    # The first line in two pieces, given from the right; the other two as one.
    score.update(regions, page(((50, 0, 100, 10), "cd"), ((0, 0, 50, 10), "ab"), ((0, 20, 100, 30), "efgh")))
    assert score.summary()["cer"] == 0


@pytest.mark.parametrize("options", [{"ignore": True}, {"kind": "formula"}, {}])
def test_what_is_not_scored(options: dict[str, object]) -> None:
    regions = truth((TOP, "abc"))
    regions.regions += truth((MIDDLE, None), **options).regions
    score = PageScore()
    score.update(regions, page((TOP, "abc"), (MIDDLE, "noise")))
    assert score.summary()["cer"] == 0 and score.summary()["character_f1"] == 1
    assert score.summary()["matched_lines"]["lines"] == 1


def test_the_text_of_lines_taken_for_formulas_is_scored_as_any_other() -> None:
    score = PageScore()
    score.update(truth((TOP, "abc")), page((TOP, "abd"), kind="formula"))
    assert score.summary()["cer"] == pytest.approx(1 / 3)
    assert score.summary()["matched_lines"]["lines"] == 1


def test_totals_are_over_all_characters() -> None:
    score = PageScore()
    score.update(truth((TOP, "a")), page((TOP, "b")))
    score.update(truth((TOP, "abc")), page((TOP, "abc")))
    assert score.summary()["cer"] == pytest.approx(1 / 4)
    assert score.summary()["character_f1"] == pytest.approx(3 / 4)


def test_empty() -> None:
    score = PageScore()
    assert score.summary()["cer"] is None
    own = score.update(truth(), page())
    assert (own["cer"], own["character_f1"]) == (None, None)
    score.update(truth(), page((TOP, "a")))
    score.update(truth((TOP, "a")), page())
    assert score.summary()["cer"] == 2, "one invented, one missed, of one"
    assert score.summary()["character_f1"] == 0

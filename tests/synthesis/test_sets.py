"""Sets on disk, contact sheets and counts of characters."""

import numpy as np
import pytest

from ctpn_crnn.datasets import TruthRegion, read_icdar, read_line_list
from ctpn_crnn.errors import OutputError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.synthesis.lines import LineSample
from ctpn_crnn.synthesis.pages import PageSample
from ctpn_crnn.synthesis.sets import CharacterCount, ContactSheet, render_many, write_lines, write_pages


def test_counts_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot write .*characters.tsv: the folder .* does not exist"):
        CharacterCount("ab").save(tmp_path / "missing" / "characters.tsv")


def test_truth_on_disk_is_that_of_the_sample(tmp_path):
    regions = [
        TruthRegion(box_to_quad(1.25, 2, 30.5, 12), "一, two"),
        TruthRegion(box_to_quad(3, 20, 40, 33), None, "formula"),
    ]
    samples = [PageSample(np.zeros((40, 50, 3), np.uint8), regions), PageSample(np.zeros((9, 9, 3), np.uint8))]
    assert write_pages(tmp_path, iter(samples)) == 2
    first, second = read_icdar(tmp_path, formula_text="formula")
    assert [(region.text, region.kind) for region in first.regions] == [("一, two", "text"), (None, "formula")]
    np.testing.assert_allclose(first.regions[0].quad, regions[0].quad)
    assert second.regions == []


def test_sheet_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="missing"):
        ContactSheet(2, 1).save(tmp_path / "missing" / "sheet.png")


def line(text):
    return LineSample(np.full((32, 40), 9, np.uint8), text, np.zeros((len(text), 2), np.float32))


def test_lines_are_written_in_order_and_not_over_another_set(tmp_path):
    assert write_lines(tmp_path, iter([line("a b"), line("中")])) == 2
    assert [sample.text for sample in read_line_list(tmp_path)] == ["a b", "中"]
    with pytest.raises(OutputError, match="holds a set already"):
        write_lines(tmp_path, iter([line("c")]))


def test_each_sample_depends_on_seed_and_number_only():
    def draw(rng):
        return line("x" * int(rng.integers(1, 1000)))

    lengths = [len(sample.text) for sample in render_many(draw, 3, 7, 1)]
    assert lengths == [int(np.random.default_rng((7, number)).integers(1, 1000)) for number in range(3)]


def test_counts_are_of_the_characters_asked_for_the_rarest_first():
    count = CharacterCount("abc")
    assert [sample.text for sample in count.watch(iter([line("aab"), line("bazz")]))] == ["aab", "bazz"]
    assert count.rarest_first() == [("c", 0), ("b", 2), ("a", 3)]
    assert count.summary().startswith("2 of 3 characters drawn")

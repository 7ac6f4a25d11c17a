"""The weights that ship, on the page that ships: what a stranger tries first."""

from collections import Counter
from pathlib import Path

import pytest

from ctpn_crnn import Recognizer
from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.geometry import Rotation, quad_size
from ctpn_crnn.weights import read_weights, shipped

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def page():
    return Recognizer().recognize(DOCS / "sample.png")


def character_f1(truth, text):
    """Written down plainly: the multiset of characters, without white space."""
    one, two = (Counter("".join(t.split())) for t in (truth, text))
    return 2 * sum((one & two).values()) / max(1, sum(one.values()) + sum(two.values()))


def test_the_sample_page_is_read(page):
    truth = (DOCS / "sample.txt").read_text(encoding="utf-8")
    assert character_f1(truth, page.text) > 0.985  # Measured: 1.0. Raise this with every better set of weights


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_it_is_read_as_well_on_its_side_and_upside_down(page, degrees):
    image = load_image(DOCS / "sample.png")
    turned = Recognizer().recognize(Rotation(degrees, *image.shape[1::-1]).apply(image))
    assert turned.text == page.text
    assert turned.orientation == 360 - degrees


def test_every_line_of_the_sample_is_found(page):
    tops = sorted(line.quad[:, 1].mean() for line in page.lines)
    for expected in (70, *(157 + 58 * number for number in range(8))):
        assert min(abs(top - expected) for top in tops) < 14
    assert all(15 < quad_size(line.quad)[1] < 75 for line in page.lines)


@pytest.mark.parametrize("kind", ["ctpn", "crnn"])
def test_shipped_files_say_where_they_come_from(kind):
    weights = read_weights(shipped(kind))
    assert weights.kind == kind and weights.info["steps"] > 0
    if kind == "crnn":
        assert Charset(weights.charset).num_classes == weights.config["num_classes"]

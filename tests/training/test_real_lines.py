import cv2
import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import CharsetError, DatasetError
from ctpn_crnn.synthesis.lines import LineSample
from ctpn_crnn.training.real_lines import MixedLines, RealLines, vary

CHARSET = Charset("0123456789")


def write(folder, *rows):
    """Rows of (width, height, text); images are called by their number."""
    for number, (width, height, _) in enumerate(rows):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((height, width), 200, np.uint8))
    text = "".join(f"{number}.png\t{text}\n" for number, (_, _, text) in enumerate(rows))
    (folder / "lines.tsv").write_text(text, encoding="utf-8")
    return str(folder)


def test_widths_are_those_at_the_readers_height(tmp_path):
    real = RealLines.open(write(tmp_path, (128, 64, "12"), (20, 32, "3"), (8, 32, "4")), CHARSET)
    assert real.widths.tolist() == [16, 20, 64]  # 8 pixels are less than the network takes
    assert [line.text for line in real.lines] == ["4", "3", "12"]
    samples = [real.draw(np.random.default_rng(seed), 20) for seed in range(20)]
    assert {(sample.text, sample.image.shape) for sample in samples} == {("3", (32, 20)), ("4", (32, 16))}
    assert real.draw(np.random.default_rng(0), 12) is None


def test_wide_buckets_prefer_wide_lines(tmp_path):
    real = RealLines.open(write(tmp_path, (20, 32, "1"), (90, 32, "2")), CHARSET)
    texts = [real.draw(np.random.default_rng(seed), 100).text for seed in range(200)]
    assert 5 < texts.count("1") < 50  # an eighth


def test_lines_that_ctc_cannot_fit_are_left_out(tmp_path):
    real = RealLines.open(write(tmp_path, (16, 32, "11111"), (40, 32, "2")), CHARSET)  # 4 frames; 9 are needed
    assert [line.text for line in real.lines] == ["2"]
    with pytest.raises(DatasetError, match="too long for its image"):
        RealLines.open(write(tmp_path, (16, 32, "11111")), CHARSET)


def test_problems_are_told_at_the_start(tmp_path):
    with pytest.raises(CharsetError, match=r"1 characters .*\(x\)"):
        RealLines.open(write(tmp_path, (40, 32, "1x")), CHARSET)
    with pytest.raises(DatasetError, match="no lines"):
        RealLines.open(write(tmp_path), CHARSET)
    folder = write(tmp_path, (40, 32, "1"))
    (tmp_path / "0.png").write_text("no image")
    with pytest.raises(DatasetError, match="0.png cannot be read"):
        RealLines.open(folder, CHARSET)


@pytest.mark.parametrize("share, expected", [(0.0, 0), (0.25, 100), (1.0, 400)])
def test_share(tmp_path, share, expected):
    real = RealLines.open(write(tmp_path, (40, 32, "1")), CHARSET)
    mixed = MixedLines(
        real, lambda rng, width: LineSample(np.zeros((32, width), np.uint8), "9", np.zeros((1, 2))), share
    )
    texts = [mixed(np.random.default_rng(seed), 64).text for seed in range(400)]
    assert abs(texts.count("1") - expected) < 40
    assert mixed(np.random.default_rng(0), 24).text == "9", "none is as narrow"


def test_a_varied_line_keeps_height_and_room_for_its_text() -> None:
    image = np.full((32, 40), 255, np.uint8)
    image[8:24, 4:36] = 0
    widths = set()
    for seed in range(60):
        varied = vary(np.random.default_rng(seed), image, 1.0, 44, "llllllllll"[:5])
        assert varied.shape[0] == 32 and 33 <= varied.shape[1] <= 44  # five equal letters need nine frames
        widths.add(varied.shape[1])
    assert len(widths) > 3

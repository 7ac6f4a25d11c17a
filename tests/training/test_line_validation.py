import cv2
import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.training.line_validation import LineSet, real_set, rendered_set, validation_scores
from ctpn_crnn.training.smoke import smoke_source


class Painted:
    """Reads the grey level of each frame: 60 is class 1, 120 class 2, 180 class 3."""

    def __call__(self, batch, training):
        return np.eye(4, dtype=np.float32)[batch[:, 16, ::4, 0].astype(int) // 60] * 9


def line(*levels):
    return np.repeat([levels], 4, axis=1).repeat(32, 0).astype(np.uint8)


def test_scores_of_readings_by_hand():
    """Both lines read "ab"; the second one says "ac": one of four characters is wrong."""
    lines = LineSet("set", [line(0, 60, 0, 120)] * 2, ["ab", "ac"])
    assert validation_scores(Painted(), Charset("abc"), [lines]) == {"set_cer": 0.25, "set_exact": 0.5}


def test_lines_of_different_widths_keep_their_order():
    lines = LineSet("set", [line(0, 60, *[0] * 40), line(120, 0), line(0, 180, 180, *[0] * 9)], ["a", "b", "c"])
    assert validation_scores(Painted(), Charset("abc"), [lines])["set_exact"] == 1.0


def test_rendered_lines_are_always_the_same():
    first, second = rendered_set(smoke_source(), 3), rendered_set(smoke_source(), 3)
    assert first.texts == second.texts and len(first.images) == 3
    assert first.columns == ("synthetic_cer", "synthetic_exact")
    assert all(np.array_equal(a, b) for a, b in zip(first.images, second.images))


def test_a_line_list_is_read_and_damaged_images_are_reported(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((64, 128), 200, np.uint8))
    (tmp_path / "b.png").write_text("not an image")
    (tmp_path / "lines.tsv").write_text("a.png\t12\nb.png\t34\n", encoding="utf-8")
    lines = real_set(str(tmp_path), 10)
    assert (lines.name, lines.texts, lines.images[0].shape) == (tmp_path.name, ["12"], (32, 64))
    assert "b.png" in capsys.readouterr().err

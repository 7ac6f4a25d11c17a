import cv2
import numpy as np

from ctpn_crnn.crnn.line_image import batches_by_width, line_image, pad_lines


def test_line_image_keeps_the_proportions():
    crop = np.zeros((64, 200, 3), np.uint8)
    crop[:, :100] = (10, 200, 30)
    line = line_image(crop)
    assert line.shape == (32, 100)
    assert line[10, 10] == cv2.cvtColor(crop[:1, :1], cv2.COLOR_BGR2GRAY)[0, 0]
    assert line[10, 90] == 0


def test_padding_repeats_the_ground():
    line = np.full((32, 20), 200, np.uint8)
    batch = pad_lines([line, np.full((32, 40), 90, np.uint8)], 40)
    assert batch.shape == (2, 32, 40, 1)
    assert (batch[0] == 200).all() and (batch[1] == 90).all()


def test_batches_hold_every_line_once():
    widths = [100, 7000, 20, 300, 90, 301]
    batches = batches_by_width(widths, 1000)
    assert sorted(i for batch in batches for i in batch) == list(range(6))
    assert [1] in batches  # Longer than the budget: alone.


def test_a_batch_is_not_padded_for_more_than_another_batch_costs():
    batches = batches_by_width([320] * 8 + [640] * 8, 100_000)
    assert sorted(map(sorted, batches)) == [list(range(8)), list(range(8, 16))]
    assert len(batches_by_width([300, 310, 320, 330], 100_000)) == 1

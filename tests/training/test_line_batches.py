import numpy as np
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.synthesis.lines import LineSample
from ctpn_crnn.training.batches import TrainingBatches
from ctpn_crnn.training.frame_labels import IGNORED
from ctpn_crnn.training.line_batches import BatchPlan, LineBatches
from ctpn_crnn.training.smoke import smoke_source

SOURCE = smoke_source()


def sample(width, text="12"):
    spans = np.array([[2 + 12 * i, 14 + 12 * i] for i in range(len(text))], np.float32)
    return LineSample(np.full((32, width), 255, np.uint8), text, spans)


def given(*samples):
    """Lines that come in this order."""
    lines = iter(samples)
    return lambda rng, width: next(lines)


def test_labels_for_ctc():
    batches = LineBatches(SOURCE, BatchPlan((96,), 192))
    (images, labels), _ = batches.make(given(sample(40), sample(96, "3")), 0)
    assert images.shape == (2, 32, 96, 1)
    one, two, three = SOURCE.charset.encode("123")
    assert labels.tolist() == [[24, 2, one, two], [24, 1, three, 0]]


def test_labels_of_frames():
    """Characters from 2 to 14 and from 14 to 26 px: centres at frames 2 and 5, half a frame to each side."""
    batches = LineBatches(SOURCE, BatchPlan((96,), 192), frame_labels=True)
    (_, labels), _ = batches.make(given(sample(40), sample(96, "3")), 0)
    one, two = SOURCE.charset.encode("12")
    assert labels.shape == (2, 24)
    assert {i: c for i, c in enumerate(labels[0].tolist()) if c != IGNORED} == {
        1: one, 2: one, 3: 0, 4: two, 5: two, 6: 0, 11: 0, 17: 0,
    }  # fmt: skip


def test_batches_have_a_width_and_a_budget():
    batches = LineBatches(SOURCE, BatchPlan((32, 64), 256, seed=2))
    make = batches.open()
    sizes = set()
    for number in range(6):
        (images, labels), _ = make(number)
        assert len(images) == len(labels) == batches.size(number)
        sizes.add((images.shape[2], len(images)))
    assert sizes == {(32, 8), (64, 4)}
    assert batches.smallest == 4
    assert LineBatches(SOURCE, BatchPlan((400,), 256)).smallest == 1


def test_lines_that_ctc_cannot_fit_are_left_out_and_counted():
    batches = LineBatches(SOURCE, BatchPlan((32,), 32))
    (_, labels), dropped = batches.make(given(sample(20, "1111111111"), sample(20, "12")), 0)
    assert labels[:, 2:].tolist() == [SOURCE.charset.encode("12")]
    assert dropped == 1


@pytest.mark.parametrize("widths", [(), (30,), (4,), (96, 98)])
def test_widths_must_be_whole_frames(widths):
    with pytest.raises(ConfigError, match="--widths"):
        BatchPlan(widths)


def test_worker_processes_make_the_same_batches_in_order():
    maker = LineBatches(SOURCE, BatchPlan((32, 48), 96, seed=9))
    local, remote = TrainingBatches(maker, 3, 3), TrainingBatches(maker, 3, 3, processes=2)
    try:
        for number in range(3):
            for mine, theirs in zip(remote[number], local[number]):
                np.testing.assert_array_equal(mine, theirs)
    finally:
        remote.close()

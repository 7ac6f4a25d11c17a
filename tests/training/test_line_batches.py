import numpy as np
import pytest

from ctpn_crnn.synthesis.lines import LineSample
from ctpn_crnn.training.crnn_smoke import smoke_source
from ctpn_crnn.training.line_batches import (
    IGNORED,
    BatchPlan,
    CTCEncoder,
    FrameEncoder,
    LineBatches,
    frame_labels,
    render_batch,
)

SOURCE = smoke_source()


def test_frame_labels_by_hand():
    """Characters at 0-24 and 24-48 px, frames 0-5 and 6-11: centres at 3 and 9, edges at 0, 6, 12 and .84 inside."""
    positions, labels = frame_labels(np.array([[0.0, 24.0], [24.0, 48.0]]), [5, 7], 14)
    assert dict(zip(positions.tolist(), labels.tolist())) == {
        0: 0, 2: 5, 3: 5, 5: 0, 6: 0, 8: 7, 9: 7, 11: 0, 12: 0,
    }  # fmt: skip


def test_narrow_characters_keep_a_frame_each():
    positions, labels = frame_labels(np.array([[0.0, 6.0], [6.0, 12.0]]), [1, 2], 3)
    assert dict(zip(positions.tolist(), labels.tolist())) == {0: 1, 1: 2, 2: 2}
    assert 0 not in labels  # No room for a blank that is certain.


def test_frames_stay_inside():
    positions, _ = frame_labels(np.array([[-3.0, 2.0], [30.0, 40.0]]), [1, 2], 8)
    assert positions.min() >= 0 and positions.max() <= 7


def sample(width, text="12"):
    spans = np.array([[2 + 12 * i, 14 + 12 * i] for i in range(len(text))], np.float32)
    return LineSample(np.full((32, width), 255, np.uint8), text, spans)


def test_frame_encoder_labels_the_frames_that_are_known():
    """A line of 40 px and one of 96 in a bucket of 96 px, 24 frames; characters from 2 to 14 and 14 to 26 px."""
    images, labels = FrameEncoder(SOURCE.charset)([sample(40), sample(96, "3")], 96)
    assert images.shape == (2, 32, 96, 1) and labels.shape == (2, 24)
    one, two = SOURCE.charset.encode("12")
    # Centres at frames 2 and 5, a half frame to each side; right edges at 3.5 and 6.5; padding from frame 10 on.
    assert {i: c for i, c in enumerate(labels[0].tolist()) if c != IGNORED} == {
        1: one, 2: one, 3: 0, 4: two, 5: two, 6: 0, 11: 0, 17: 0,
    }  # fmt: skip
    assert (labels[1] >= 0).sum() == 3  # No padding.


def test_ctc_encoder():
    images, packed = CTCEncoder(SOURCE.charset)([sample(40), sample(96, "3")], 96)
    assert packed.tolist() == [[24, 2, *SOURCE.charset.encode("12")], [24, 1, *SOURCE.charset.encode("3"), 0]]


def test_batches_have_a_width_and_a_budget():
    plan = BatchPlan((32, 64), 256, seed=2)
    synthesizer = SOURCE.open()
    sizes = set()
    for number in range(6):
        samples, _ = render_batch(synthesizer, plan, number)
        width = plan.width_of(number)
        sizes.add((width, len(samples)))
        assert all(s.image.shape[1] <= width for s in samples)
    assert sizes == {(32, 8), (64, 4)}


def test_lines_that_ctc_cannot_fit_are_dropped_and_counted():
    texts = iter(["1111111111", "12"])

    def synthesizer(rng, width):
        return sample(20, next(texts))

    samples, dropped = render_batch(synthesizer, BatchPlan((32,), 32), 0)
    assert [s.text for s in samples] == ["12"] and dropped == 1


@pytest.mark.slow
def test_worker_processes_give_the_same_batches_in_order():
    plan = BatchPlan((32, 48), 96, seed=9)
    local = LineBatches(SOURCE, plan, CTCEncoder(SOURCE.charset), first=3, count=4, processes=0)
    remote = LineBatches(SOURCE, plan, CTCEncoder(SOURCE.charset), first=3, count=4, processes=2)
    try:
        for number in range(4):
            for mine, theirs in zip(remote[number], local[number]):
                np.testing.assert_array_equal(mine, theirs)
    finally:
        remote.close()


def test_epochs_follow_each_other():
    batches = LineBatches(SOURCE, BatchPlan((32,), 64), CTCEncoder(SOURCE.charset), count=2, processes=0)
    third = batches[2]
    batches.advance()
    np.testing.assert_array_equal(batches[0][0], third[0])

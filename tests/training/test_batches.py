import keras
import numpy as np
import pytest
from toy_batches import ToyBatches

from ctpn_crnn.errors import DatasetError
from ctpn_crnn.training.batches import TrainingBatches


def test_a_stream_that_is_entered_later_is_the_same():
    stream, later = TrainingBatches(ToyBatches(), 0, 6), TrainingBatches(ToyBatches(), 4, 2)
    for mine, theirs in zip(later[1], stream[5]):
        np.testing.assert_array_equal(mine, theirs)
    assert (len(stream), len(later)) == (6, 2)


def test_samples_and_those_left_out_are_counted():
    batches = TrainingBatches(ToyBatches(), 3, 4)
    for index in range(3):  # numbers 3, 4, 5, of which two are odd
        _ = batches[index]
    assert (batches.samples, batches.dropped) == (12, 2)
    assert batches.waited > 0


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others take the batches themselves")
def test_fit_is_given_the_batches_in_order_with_sizes_that_may_vary():
    batches = TrainingBatches(ToyBatches(), 2, 3)
    data = batches.as_input()
    assert [tuple(spec.shape) for spec in data.element_spec] == [(None, 3), (None, 1)]
    for number, (x, _) in enumerate(data, start=2):
        np.testing.assert_array_equal(x, ToyBatches().make(number)[0][0])


def test_an_error_of_ours_is_remembered():
    batches = TrainingBatches(ToyBatches(damaged=1), 0, 3)
    with pytest.raises(DatasetError):
        _ = batches[1]
    assert isinstance(batches.error, DatasetError)

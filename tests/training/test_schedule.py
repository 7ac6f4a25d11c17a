import pytest

from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.schedule import learning_rate_schedule


def rate(step, **options):
    return float(learning_rate_schedule(TrainingOptions(learning_rate=1.0, **options))(step))


@pytest.mark.parametrize("step, expected", [(0, 0.0), (5, 0.5), (10, 1.0), (60, 0.505), (110, 0.01)])
def test_a_linear_warm_up_then_a_cosine(step, expected):
    assert rate(step, steps=110, warmup_steps=10, final_rate=0.01) == pytest.approx(expected, abs=1e-3)


def test_the_warm_up_takes_at_most_a_quarter_of_a_short_run():
    assert rate(5, steps=20, warmup_steps=100) == pytest.approx(1.0)


def test_without_warm_up_the_first_step_has_the_full_rate():
    assert rate(0, steps=10, warmup_steps=0) == 1.0
    assert rate(0, steps=1) == 1.0

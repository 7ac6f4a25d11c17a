from dataclasses import replace

import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training import options as module
from ctpn_crnn.training.options import TrainingOptions, require_tensorboard


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"optimizer": "adam"},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"learning_rate": float("inf")},
        {"final_rate": 1.5},
        {"clip_norm": 0.0},
        {"ema": 1.0},
        {"precision": "float16"},
        {"processes": -1},
        {"checkpoint_steps": 0},
        {"max_minutes": -1.0},
    ],
)
def test_an_option_out_of_its_range_is_refused_by_name(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ConfigError, match=f"{name}: {value!r} is out of range"):
        TrainingOptions(**wrong)


def test_a_longer_or_faster_run_has_the_same_fixed_options():
    options = TrainingOptions()
    free = {"steps": 7, "processes": 4, "checkpoint_steps": 3, "validate_every": 1, "max_minutes": 2.0}
    assert replace(options, **free).fixed() == options.fixed()
    assert replace(options, learning_rate=1.0).fixed() != options.fixed()
    assert set(options.fixed()) == {
        "learning_rate", "warmup_steps", "final_rate", "optimizer", "weight_decay", "clip_norm", "ema", "seed",
    }  # fmt: skip


def test_tensorboard_must_be_installed(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install tensorboard"):
        require_tensorboard()

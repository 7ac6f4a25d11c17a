import numpy as np
import pytest
from toy_training import ToyTask, squared_error

from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.training.checkpoint import load_checkpoint, save_checkpoint
from ctpn_crnn.training.optimizers import build_optimizer
from ctpn_crnn.training.options import CHECKPOINT, TrainingOptions

SETTINGS = {"learning_rate": 0.1, "charset": "一" * 5000, "widths": (32, 64)}


def compiled(steps=0, **options):
    model = ToyTask().model
    model.compile(build_optimizer(TrainingOptions(**options), model), loss=squared_error, run_eagerly=True)
    for number in range(steps):
        model.train_on_batch(np.full((2, 3), number + 1.0), np.ones((2, 1)))
    return model


def variables(model):
    return [np.array(v) for v in [*model.variables, *model.optimizer.variables]]


def test_everything_comes_back(tmp_path):
    trained = compiled(steps=3)
    save_checkpoint(trained, tmp_path, SETTINGS)
    fresh = compiled()
    assert load_checkpoint(fresh, tmp_path, SETTINGS) == 3
    for mine, theirs in zip(variables(fresh), variables(trained), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_other_settings_are_refused_with_a_short_sentence(tmp_path):
    save_checkpoint(compiled(), tmp_path, SETTINGS)
    changed = SETTINGS | {"learning_rate": 0.2, "charset": "二" * 5000}
    with pytest.raises(ConfigError, match="learning_rate was 0.1, is 0.2") as error:
        load_checkpoint(compiled(), tmp_path, changed)
    assert "charset was '一" in str(error.value) and len(str(error.value)) < 400


def test_a_missing_or_damaged_file_is_a_clear_error(tmp_path):
    with pytest.raises(WeightsError, match="no checkpoint to resume from"):
        load_checkpoint(compiled(), tmp_path, SETTINGS)
    path = tmp_path / CHECKPOINT
    save_checkpoint(compiled(), tmp_path, SETTINGS)
    for damage in (path.read_bytes()[:900], b"", b"not a checkpoint"):
        path.write_bytes(damage)
        with pytest.raises(WeightsError, match="not a readable checkpoint"):
            load_checkpoint(compiled(), tmp_path, SETTINGS)


def test_another_optimizer_is_refused_and_nothing_is_changed(tmp_path):
    save_checkpoint(compiled(steps=1), tmp_path, SETTINGS)
    other = compiled(optimizer="sgd")
    before = variables(other)
    with pytest.raises(WeightsError, match="another network or optimizer"):
        load_checkpoint(other, tmp_path, SETTINGS)
    for mine, theirs in zip(before, variables(other)):
        np.testing.assert_array_equal(mine, theirs)


def test_a_stopped_save_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    save_checkpoint(compiled(steps=1), tmp_path, SETTINGS)

    def stop(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", stop)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(compiled(steps=2), tmp_path, SETTINGS)
    assert load_checkpoint(compiled(), tmp_path, SETTINGS) == 1
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]

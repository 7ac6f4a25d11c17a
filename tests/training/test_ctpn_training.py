from dataclasses import replace

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import Block, CTPNSpec
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.crop_batches import CropBatches, CropSampler, CropSettings
from ctpn_crnn.training.ctpn_training import DetectorOptions, DetectorTask, freeze_blocks
from ctpn_crnn.training.loop import Trainer
from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.smoke import bar_page
from ctpn_crnn.weights import read_weights

SMALL = CTPNSpec(
    blocks=(Block(1, 4), Block(1, 4), Block(1, 4), Block(1, 8), Block(1, 8, pool=1)),
    window_filters=16,
    lstm_units=8,
    fc_units=16,
)
SAMPLER = CropSampler(bar_page, CropSettings(64, (0.7, 1.0)))
OPTIONS = TrainingOptions(
    steps=5, learning_rate=1e-3, warmup_steps=1, ema=0.5, processes=0, checkpoint_steps=3, validate_every=1
)


def make(folder, options=OPTIONS, batch_size=2, validated=False, **detector):
    keras.utils.set_random_seed(4)
    detector = DetectorOptions(**{"freeze_blocks": 1, "samples": 16, **detector})
    validation = SAMPLER.batch(1000, 2) if validated else None
    task = DetectorTask(detector, CropBatches(SAMPLER, batch_size), validation, spec=SMALL)
    return Trainer(task, options, folder)


def test_a_resumed_run_ends_as_an_unbroken_one(tmp_path):
    """The state of the anchors' sampling included: bit for bit."""
    whole = make(tmp_path / "whole")
    whole.run()
    make(tmp_path / "broken", replace(OPTIONS, max_minutes=1e-9)).run()
    resumed = make(tmp_path / "broken")
    assert resumed.resume() == 1
    resumed.run()
    for mine, theirs in zip(resumed.task.model.variables, whole.task.model.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs, err_msg=mine.path)


def test_the_loss_falls_and_is_logged_in_parts(tmp_path):
    options = replace(OPTIONS, steps=40, learning_rate=5e-3, checkpoint_steps=10, warmup_steps=4)
    rows = make(tmp_path, options, batch_size=4, validated=True, freeze_blocks=0).run()
    assert [row["step"] for row in rows] == [10, 20, 30, 40]
    assert rows[-1]["score_loss"] < 0.8 * rows[0]["score_loss"]
    for kind in ("", "val_"):
        parts = [rows[1][f"{kind}{name}_loss"] for name in ("score", "vertical", "side")]
        assert rows[1][f"{kind}loss"] == pytest.approx(parts[0] + parts[1] + 2 * parts[2], rel=1e-4)
    weights = read_weights(tmp_path / "ctpn.h5", kind="ctpn")
    assert CTPNSpec.from_config(weights.config) == SMALL
    assert weights.info["last"]["val_loss"] == pytest.approx(rows[-1]["val_loss"])


def test_frozen_blocks_keep_their_weights_and_are_left_out_of_the_gradient(tmp_path):
    trainer = make(tmp_path, replace(OPTIONS, steps=1, warmup_steps=0, learning_rate=1e-2), freeze_blocks=3)
    model = trainer.task.detector
    names = [f"block{number}_conv1" for number in range(1, 6)]
    before = [model.get_layer(name).get_weights()[0] for name in names]
    trainer.run()
    same = [np.array_equal(w, model.get_layer(name).get_weights()[0]) for name, w in zip(names, before)]
    assert same == [True, True, True, False, False]
    assert not any(v.path.startswith(("block1", "block2", "block3")) for v in trainer.task.model.trainable_variables)


def test_thawing():
    model = CTPN(SMALL).build_model()
    freeze_blocks(model, 5)
    assert not model.get_layer("block5_conv1").trainable
    freeze_blocks(model, 0)
    assert model.get_layer("block1_conv1").trainable


def test_other_options_are_refused(tmp_path):
    make(tmp_path, replace(OPTIONS, steps=1, warmup_steps=0)).run()
    with pytest.raises(ConfigError, match="batch_size was 2, is 3, samples was 16, is 32"):
        make(tmp_path, batch_size=3, samples=32).resume()


@pytest.mark.parametrize("wrong", [{"freeze_blocks": 6}, {"samples": 1}, {"negative": 0.8}, {"hard": 1.5}])
def test_options_out_of_their_range(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        DetectorOptions(**wrong)

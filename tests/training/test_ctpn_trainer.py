from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import strips_of_quads
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import Block, CTPNSpec
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.training.ctpn_trainer import (
    TrainingError,
    TrainingOptions,
    Watch,
    build_optimizer,
    build_training_model,
    freeze_blocks,
    load_checkpoint,
    save_checkpoint,
    steps_taken,
    train,
)

SIZE = 64
SMALL = CTPNSpec(blocks=(Block(1, 4), Block(1, 4), Block(1, 4), Block(1, 8), Block(1, 8, pool=1)))


class Bars(keras.utils.PyDataset):
    """Batch number b: one dark bar on white, at a height that b decides."""

    def __init__(self, batch_size: int, batches: int, first: int = 0) -> None:
        super().__init__()
        self.batch_size, self.batches, self.first = batch_size, batches, first
        self.waited = 0.0

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray]]:
        rng = np.random.default_rng(self.first + index)
        images = np.full((self.batch_size, SIZE, SIZE, 3), 230, np.uint8)
        strips = np.zeros((self.batch_size, 16, 7), np.float32)
        for image, padded in zip(images, strips):
            y = int(rng.integers(4, 40))
            image[y : y + 16, 8:60] = 30
            cut = strips_of_quads([np.float32([[8, y], [60, y], [60, y + 16], [8, y + 16]])], [1], (SIZE, SIZE))
            padded[: len(cut)] = cut
        return ((images, strips),)


def build(options: TrainingOptions) -> keras.Model:
    keras.utils.set_random_seed(options.seed)
    net = CTPN(SMALL)
    model = build_training_model(net, net.build_model(), options)
    # Making a graph takes longer than the few steps of most tests.
    model.run_eagerly = options.steps < 10
    return model


def go(options: TrainingOptions, folder: Path, first: int = 0) -> tuple[keras.Model, list[dict[str, float]]]:
    """Train in `folder`, from its checkpoint if `first` is a step."""
    model = build(options)
    if first:
        assert load_checkpoint(model, folder / "checkpoint.npz", options) == first
    batches = Bars(options.batch_size, options.steps + 4, first)
    watch = Watch(options, folder, batches, checkpoint_steps=1000)
    return model, train(model, batches, watch, epoch_steps=3)


OPTIONS = TrainingOptions(steps=7, batch_size=2, learning_rate=1e-3, warmup_steps=2, freeze_blocks=1, samples=16)


def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, _ = go(OPTIONS, tmp_path)
    half = tmp_path / "half"
    half.mkdir()

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if steps_taken(self.model) == 4:
                raise KeyboardInterrupt

    model = build(OPTIONS)
    batches = Bars(2, 20)
    watch = Watch(OPTIONS, half, batches)
    with pytest.raises(KeyboardInterrupt):
        train(model, batches, watch, epoch_steps=3, callbacks=(Stop(),))
    resumed, rows = go(OPTIONS, half, first=4)
    assert rows[-1]["step"] == 7
    for a, b in zip(whole.variables, resumed.variables):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6, err_msg=a.path)
    with (half / "log.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [3, 7]


def test_the_loss_falls_and_is_logged_in_parts(tmp_path: Path) -> None:
    options = TrainingOptions(steps=40, batch_size=4, learning_rate=3e-3, warmup_steps=4, freeze_blocks=0, samples=32)
    model = build(options)
    batches = Bars(4, 60)
    validation = Bars(4, 1, 1000)[0][0]
    rows = train(
        model, batches, Watch(options, tmp_path, batches), epoch_steps=10, validation=validation, validation_epochs=2
    )
    assert [row["step"] for row in rows] == [10, 20, 30, 40]
    assert rows[-1]["score_loss"] < 0.5 * rows[0]["score_loss"]
    assert rows[1]["val_loss"] == pytest.approx(
        rows[1]["val_score_loss"] + rows[1]["val_vertical_loss"] + 2 * rows[1]["val_side_loss"], rel=1e-4
    )
    assert "val_loss" not in rows[0]
    assert rows[-1]["learning_rate"] == pytest.approx(0.01 * 3e-3, rel=0.2)
    assert steps_taken(model) == 40


def test_frozen_blocks_keep_their_weights_and_are_left_out_of_the_gradient(tmp_path: Path) -> None:
    options = TrainingOptions(steps=2, batch_size=1, learning_rate=1e-2, warmup_steps=0, freeze_blocks=3, samples=8)
    model = build(options)
    before = {f"block{b}": model.get_layer(f"block{b}_conv1").get_weights()[0] for b in range(1, 6)}
    batches = Bars(1, 10)
    # The time limit ends the run after its first step.
    rows = train(model, batches, Watch(options, tmp_path, batches, max_seconds=1e-6), epoch_steps=2)
    assert [row["step"] for row in rows] == [1]
    assert (tmp_path / "checkpoint.npz").exists()
    changed = {n: not np.array_equal(w, model.get_layer(f"{n}_conv1").get_weights()[0]) for n, w in before.items()}
    assert changed == {"block1": False, "block2": False, "block3": False, "block4": True, "block5": True}
    assert not any(v.path.startswith(("block1", "block2", "block3")) for v in model.trainable_variables)


def test_thawing() -> None:
    model = CTPN(SMALL).build_model()
    freeze_blocks(model, 5)
    assert not model.get_layer("block5_conv1").trainable
    freeze_blocks(model, 0)
    assert model.get_layer("block1_conv1").trainable


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_warm_up_and_cosine(name: str) -> None:
    options = TrainingOptions(steps=110, optimizer=name, learning_rate=1.0, warmup_steps=10)
    rate = build_optimizer(options)._learning_rate
    assert float(rate(0)) == 0
    assert float(rate(5)) == pytest.approx(0.5)
    assert float(rate(10)) == pytest.approx(1.0)
    assert float(rate(60)) == pytest.approx(0.505, abs=1e-3)
    assert float(rate(110)) == pytest.approx(0.01)
    assert float(build_optimizer(TrainingOptions(steps=10, learning_rate=1.0, warmup_steps=0))._learning_rate(0)) == 1.0


def test_a_loss_that_is_no_number_stops_the_run_and_spares_the_checkpoint(tmp_path: Path) -> None:
    model = build(OPTIONS)
    batches = Bars(2, 20)
    watch = Watch(OPTIONS, tmp_path, batches)
    head = model.get_layer("scores_head")

    class Poison(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                head.bias.assign(np.full(head.bias.shape, np.nan))

    with pytest.raises(TrainingError, match="step 3: the loss is nan"):
        train(model, batches, watch, epoch_steps=3, callbacks=(Poison(),))
    with np.load(watch.checkpoint) as file:
        assert all(np.isfinite(file[name]).all() for name in file.files if name != "options")


def test_checkpoints_that_do_not_fit(tmp_path: Path) -> None:
    model = build(OPTIONS)
    path = tmp_path / "checkpoint.npz"
    with pytest.raises(WeightsError, match="no checkpoint"):
        load_checkpoint(model, path, OPTIONS)
    save_checkpoint(model, path, OPTIONS)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.npz"]
    with pytest.raises(ConfigError, match="batch_size was 2, is 3"):
        load_checkpoint(model, path, replace(OPTIONS, batch_size=3))
    assert load_checkpoint(model, path, replace(OPTIONS, steps=9)) == 0  # a longer run may go on
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="no readable checkpoint"):
        load_checkpoint(model, path, OPTIONS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"optimizer": "adam"},
        {"learning_rate": 0.0},
        {"freeze_blocks": 6},
        {"samples": 1},
        {"clip_norm": 0.0},
        {"hard": 1.5},
    ],
)
def test_senseless_options(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        TrainingOptions(**wrong)

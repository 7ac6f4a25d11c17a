import json

import h5py
import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.training.crnn_run import parse_phase
from ctpn_crnn.training.crnn_smoke import smoke_source
from ctpn_crnn.training.crnn_trainer import LineSet, Phase, ReaderTrainer, frame_loss, validation_scores
from ctpn_crnn.training.line_batches import BatchPlan

SOURCE = smoke_source()


def make(folder, phases):
    keras.utils.set_random_seed(4)
    return ReaderTrainer(SOURCE.charset, SOURCE, BatchPlan((32,), 64, seed=5), phases, folder, 2, 0, ema=0.5)


def weights_of(trainer):
    return [np.array(v) for v in trainer.reader.variables]


def test_a_resumed_run_ends_where_an_unbroken_one_ends(tmp_path):
    phases = [Phase("frames", 6, 1e-3, warmup=2)]
    whole = make(tmp_path / "whole", phases)
    whole.train()
    broken = make(tmp_path / "broken", phases)
    with pytest.raises(KeyboardInterrupt):
        broken.train([StopAfter(3)])
    assert broken.step == 2  # The checkpoint of the first epoch of two steps.
    resumed = make(tmp_path / "broken", phases)
    resumed.resume()
    assert (resumed.step, resumed.total_steps) == (2, 2)
    resumed.train()
    for mine, theirs in zip(weights_of(resumed), weights_of(whole)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_the_length_of_an_epoch_does_not_change_the_training(tmp_path):
    # Keras ends every `fit` by putting the running average in place of the weights, unless told otherwise.
    phases = [Phase("frames", 6, 1e-2, warmup=1)]
    short, long = make(tmp_path / "short", phases), make(tmp_path / "long", phases)
    long.epoch_steps = 6
    for trainer in (short, long):
        trainer.train()
    for mine, theirs in zip(weights_of(short), weights_of(long)):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_the_average_is_put_in_and_taken_out_again(tmp_path):
    trainer = make(tmp_path, [Phase("frames", 4, 1e-2, warmup=1)])
    seen = []
    trainer.train(validate=lambda: seen.append(kernel_of(trainer)) or {}, validate_every=1)
    assert len(seen) == 2 and not np.allclose(seen[-1], kernel_of(trainer), atol=1e-5)


def kernel_of(trainer):
    return np.array(trainer.reader.get_layer("conv3").kernel)


class StopAfter(keras.callbacks.Callback):
    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_every_phase_runs_and_the_weights_can_be_read_with(tmp_path):
    trainer = make(tmp_path, [Phase("frames", 2, 1e-3), Phase("ctc", 2, 1e-4)])
    trainer.train()
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(row["phase"], row["step"], row["total"]) for row in rows] == [
        ("frames", 2, 2),
        ("ctc", 2, 4),
    ]
    assert (tmp_path / "log.csv").read_text().count("\n") == 3
    trainer.save_weights(tmp_path / "crnn.h5", {"data": "test"})
    reader = LineReader(tmp_path / "crnn.h5", runtime="keras", precision="float32")
    assert reader.charset == SOURCE.charset
    assert len(reader.read([np.full((32, 64), 255, np.uint8)])) == 1


def test_a_checkpoint_of_another_charset_is_refused(tmp_path):
    make(tmp_path, [Phase("frames", 0, 1e-3)]).save_checkpoint()
    other = ReaderTrainer(Charset("xyz"), SOURCE, BatchPlan((32,), 64), [Phase("frames", 2, 1e-3)], tmp_path)
    with pytest.raises(WeightsError, match="charset"):
        other.resume()


def test_a_damaged_or_missing_checkpoint_is_a_clear_error(tmp_path):
    trainer = make(tmp_path, [Phase("frames", 2, 1e-3)])
    with pytest.raises(WeightsError, match="resume"):
        trainer.resume()
    trainer.checkpoint.parent.mkdir(exist_ok=True)
    trainer.checkpoint.write_bytes(b"not hdf5")
    with pytest.raises(WeightsError, match="resume"):
        trainer.resume()


def test_a_killed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    trainer = make(tmp_path, [Phase("frames", 2, 1e-3)])
    trainer.save_checkpoint()
    monkeypatch.setattr(h5py.Group, "__setitem__", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        trainer.save_checkpoint()
    monkeypatch.undo()
    make(tmp_path, [Phase("frames", 2, 1e-3)]).resume()


def test_nan_loss_stops_the_run(tmp_path):
    trainer = make(tmp_path, [Phase("frames", 4, 1e-3)])
    bias = trainer.reader.get_layer("projection").bias
    bias.assign(np.full(bias.shape, np.nan, np.float32))
    with pytest.raises(ConfigError, match="step 1"):
        trainer.train()
    assert not trainer.checkpoint.exists()


def test_frame_loss_by_hand():
    """Two labelled frames of probabilities 1/2 and 1/4, a third without a label; a line without any label costs 0."""
    p = np.array([[[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]] * 2)
    loss = np.asarray(frame_loss(np.array([[0, 1, -1], [-1, -1, -1]]), np.log(p)))
    np.testing.assert_allclose(loss, [(np.log(2) + np.log(4)) / 2, 0], rtol=1e-6)


def test_validation_reads_through_the_model():
    class Painted:
        def __call__(self, batch, training):
            return np.eye(4, dtype=np.float32)[batch[:, 16, ::4, 0].astype(int) // 60] * 9

    lines = [np.repeat([[0, 60, 0, 120]], 4, axis=1).repeat(32, 0).astype(np.uint8)] * 2
    scores = validation_scores(Painted(), Charset("abc"), [LineSet("set", lines, ["ab", "ac"])])
    assert scores == {"set_cer": 0.25, "set_exact": 0.5}


@pytest.mark.parametrize("text", ["ctc", "ctc:x", "other:5", "ctc:5:fast", "ctc:-3", "ctc:5:0", "ctc:5:nan"])
def test_bad_schedules(text):
    with pytest.raises(ConfigError):
        parse_phase(text)


def test_schedule():
    assert parse_phase("ctc:30:0.5") == Phase("ctc", 30, 0.5)
    schedule = Phase("ctc", 100, 1.0, warmup=10, final=0.1).schedule()
    assert float(schedule(0)) == pytest.approx(0.01)
    assert float(schedule(10)) == pytest.approx(1.0)
    assert float(schedule(100)) == pytest.approx(0.1, abs=1e-3)

import csv

import numpy as np
import pytest
from toy_batches import ToyBatches
from toy_training import ToyTask

from ctpn_crnn.errors import ConfigError, DatasetError
from ctpn_crnn.training import monitor, options
from ctpn_crnn.training.loop import Trainer
from ctpn_crnn.training.options import CHECKPOINT, TrainingError, TrainingOptions

OPTIONS = TrainingOptions(
    steps=12, learning_rate=0.01, warmup_steps=2, ema=0.5, processes=0, checkpoint_steps=4, validate_every=2
)


def rows_of(folder):
    with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def interrupt_at(monkeypatch, step):
    """Ctrl-C right after a step."""
    go_on = monitor.TrainingMonitor.on_train_batch_end

    def stop(self, batch, logs=None):
        go_on(self, batch, logs)
        if self.step == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(monitor.TrainingMonitor, "on_train_batch_end", stop)


@pytest.mark.parametrize("frame_steps", [0, 5])
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path, monkeypatch, frame_steps):
    whole = Trainer(ToyTask(frame_steps=frame_steps), OPTIONS, tmp_path / "whole")
    whole.run()
    with monkeypatch.context() as patched:
        interrupt_at(patched, 7)
        with pytest.raises(KeyboardInterrupt):
            Trainer(ToyTask(frame_steps=frame_steps), OPTIONS, tmp_path / "broken").run()
    resumed = Trainer(ToyTask(frame_steps=frame_steps), OPTIONS, tmp_path / "broken")
    assert resumed.resume() == 7
    resumed.run()
    for mine, theirs in zip(resumed.task.model.variables, whole.task.model.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(resumed.task.validated[-1], whole.task.validated[-1], strict=True):
        np.testing.assert_array_equal(mine, theirs)  # the averaged weights


def test_the_log_has_a_row_for_each_checkpoint(tmp_path):
    trainer = Trainer(ToyTask(), OPTIONS, tmp_path)
    history = trainer.run()
    rows = rows_of(tmp_path)
    assert list(rows[0]) == [
        "epoch", "step", "learning_rate", "samples_per_s", "waiting", "dropped", "loss", "score",
    ]  # fmt: skip
    assert [int(row["step"]) for row in rows] == [row["step"] for row in history] == [4, 8, 12]
    assert [row["score"] == "NA" for row in rows] == [True, False, False]  # every second one, and the last
    assert float(rows[-1]["learning_rate"]) == pytest.approx(0.01 * 0.01, rel=0.02)
    assert int(rows[0]["dropped"]) >= 2
    with np.load(tmp_path / CHECKPOINT) as file:
        assert 12 in [file[name] for name in file.files if name.endswith("iteration")]


def test_rows_behind_the_last_checkpoint_are_dropped_when_a_run_is_resumed(tmp_path):
    Trainer(ToyTask(), OPTIONS, tmp_path).run()
    checkpoint = (tmp_path / CHECKPOINT).read_bytes()
    longer = TrainingOptions(**{**vars(OPTIONS), "steps": 20})
    for _ in range(2):
        (tmp_path / CHECKPOINT).write_bytes(checkpoint)  # as if killed before the next one
        trainer = Trainer(ToyTask(), longer, tmp_path)
        assert trainer.resume() == 12
        trainer.run()
    assert [int(row["step"]) for row in rows_of(tmp_path)] == [4, 8, 12, 16, 20]


def test_stages_change_the_loss_at_their_step(tmp_path):
    trainer = Trainer(ToyTask(frame_steps=5), OPTIONS, tmp_path)
    first, last, after, *_ = trainer.run()
    assert (first["step"], last["step"], after["step"]) == (4, 5, 9)
    assert last["loss"] > 2 * after["loss"]  # ten times the same error


def test_what_is_validated_and_saved_is_the_average(tmp_path):
    trainer = Trainer(ToyTask(), OPTIONS, tmp_path)
    trainer.run()
    task = trainer.task
    averages = [v for v in trainer.task.model.optimizer.variables if "average" in v.name]
    for mine, average in zip(task.validated[-1], averages, strict=True):
        np.testing.assert_array_equal(mine, average)
    assert not np.array_equal(task.validated[-1][0], task.weights()[0])
    path, info = task.saved[-1]
    assert path == tmp_path / "crnn.h5"
    assert (info["steps"], info["data"], info["last"]["step"]) == (12, {"data": "numbers"}, 12)


def test_a_run_stops_at_its_time_limit_and_can_be_resumed(tmp_path):
    limited = TrainingOptions(**{**vars(OPTIONS), "max_minutes": 1e-9})
    trainer = Trainer(ToyTask(frame_steps=5), limited, tmp_path)
    assert [row["step"] for row in trainer.run()] == [1]
    assert len(trainer.task.saved) == 1
    assert Trainer(ToyTask(frame_steps=5), OPTIONS, tmp_path).resume() == 1


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    Trainer(ToyTask(), OPTIONS, tmp_path).run()
    again = Trainer(ToyTask(), OPTIONS, tmp_path)
    again.resume()
    assert again.run() == []


def test_a_loss_of_nan_stops_the_run_at_its_step_and_spares_the_checkpoint(tmp_path):
    with pytest.raises(TrainingError, match=r"step 7: the loss is nan.*that of step 4"):
        Trainer(ToyTask(ToyBatches(nan=6)), OPTIONS, tmp_path).run()
    with np.load(tmp_path / CHECKPOINT) as file:
        assert all(np.isfinite(file[name]).all() for name in file.files if name != "settings")


@pytest.mark.filterwarnings("ignore")  # what TensorFlow makes of it
@pytest.mark.parametrize("processes", [0, 1])
def test_data_that_cannot_be_made_is_an_error_of_ours(tmp_path, processes):
    several = TrainingOptions(**{**vars(OPTIONS), "processes": processes})
    with pytest.raises(DatasetError, match="batch 5 is damaged"):
        Trainer(ToyTask(ToyBatches(damaged=5)), several, tmp_path).run()


def test_the_number_of_processes_changes_nothing(tmp_path):
    results = []
    for processes in (0, 2):
        trainer = Trainer(
            ToyTask(), TrainingOptions(**{**vars(OPTIONS), "processes": processes}), tmp_path / f"{processes}"
        )
        trainer.run()
        results.append(trainer.task.weights())
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_tensorboard_logs_go_to_the_output_folder(tmp_path):
    pytest.importorskip("tensorboard")
    Trainer(ToyTask(), OPTIONS, tmp_path, tensorboard=True).run()
    assert list((tmp_path / "tensorboard" / "train").glob("events.*"))


def test_a_missing_tensorboard_is_said_before_the_first_step(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="tensorboard"):
        Trainer(ToyTask(), OPTIONS, tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()

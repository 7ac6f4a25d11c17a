from dataclasses import replace

import keras
import numpy as np
import pytest

from ctpn_crnn.crnn.reader import LineReader
from ctpn_crnn.crnn.spec import Convolution, CRNNSpec
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.crnn_training import ReaderData, ReaderTask
from ctpn_crnn.training.line_batches import BatchPlan
from ctpn_crnn.training.loop import Trainer
from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.smoke import smoke_source
from ctpn_crnn.weights import read_weights

SOURCE = smoke_source()
DATA = ReaderData(SOURCE, BatchPlan((32,), 64, seed=5), frame_steps=2)
OPTIONS = TrainingOptions(
    steps=4, learning_rate=1e-3, warmup_steps=1, ema=0.5, processes=0, checkpoint_steps=2, validate_every=9
)
SMALL = CRNNSpec(
    SOURCE.charset.num_classes,
    convolutions=(
        Convolution(4, pool=(4, 2)),
        Convolution(4, normalised=True, pool=(4, 2)),
        Convolution(8, kernel=(2, 2), strides=(2, 1)),
    ),
    lstm_units=8,
)


def make(folder, options=OPTIONS, data=DATA):
    keras.utils.set_random_seed(4)
    return Trainer(ReaderTask(data, spec=SMALL), options, folder)


def test_a_resumed_run_ends_as_an_unbroken_one(tmp_path):
    """Frame labels, CTC, batch normalisation and LSTMs: bit for bit."""
    whole = make(tmp_path / "whole")
    whole.run()
    make(tmp_path / "broken", replace(OPTIONS, max_minutes=1e-9)).run()
    resumed = make(tmp_path / "broken")
    assert resumed.resume() == 1
    resumed.run()
    for mine, theirs in zip(resumed.task.model.variables, whole.task.model.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs, err_msg=mine.path)


def test_the_result_can_be_read_with_and_started_from(tmp_path):
    trainer = make(tmp_path)
    trainer.run()
    reader = LineReader(tmp_path / "crnn.h5", runtime="keras", precision="float32")
    assert reader.charset == SOURCE.charset
    assert len(reader.read([np.full((32, 64), 255, np.uint8)])) == 1
    weights = read_weights(tmp_path / "crnn.h5", kind="crnn")
    assert weights.info["steps"] == 4 and weights.info["options"]["learning_rate"] == 1e-3

    again = make(tmp_path / "again")
    again.task.start_from(weights)
    kernel = again.task.model.get_layer("conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, weights.arrays["conv1/kernel"])


def test_the_logits_are_those_of_inference():
    task = ReaderTask(DATA, spec=SMALL)
    image = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 1)).astype("float32")
    net_out = task.network.inference(image, name="crnn", reuse=True)  # time-major
    np.testing.assert_allclose(task.model(image), np.transpose(net_out, (1, 0, 2)), atol=1e-6)


def test_stages():
    stages = ReaderTask(DATA, spec=SMALL).stages(4)
    assert [(stage.name, stage.end, stage.maker.frame_labels) for stage in stages] == [
        ("frames", 2, True),
        ("ctc", 4, False),
    ]
    assert [stage.name for stage in ReaderTask(replace(DATA, frame_steps=0), spec=SMALL).stages(4)] == ["ctc"]


def test_another_charset_is_refused(tmp_path):
    make(tmp_path, replace(OPTIONS, steps=1, warmup_steps=0)).run()
    other = replace(SOURCE, charset=type(SOURCE.charset)("0123456789.,+"))
    with pytest.raises(ConfigError, match="charset was '0123456789.,-', is '0123456789.,\\+'"):
        make(tmp_path, data=replace(DATA, source=other)).resume()


def test_frame_labels_need_rendered_lines():
    with pytest.raises(ConfigError, match="--frame-steps 5"):
        ReaderData(replace(SOURCE, lines="mine"), BatchPlan(), frame_steps=5)
    with pytest.raises(ConfigError, match="--lines-share 2"):
        ReaderData(replace(SOURCE, share=2.0), BatchPlan())

"""A network of a few weights and its data: what tests of the training loop train."""

from __future__ import annotations

import keras
import numpy as np
from toy_batches import ToyBatches

from ctpn_crnn.training.distributed import TrainingModel
from ctpn_crnn.training.loop import Stage, TrainingTask


def squared_error(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def tenfold_error(y_true, y_pred):
    return 10.0 * squared_error(y_true, y_pred)


class ToyTask(TrainingTask):
    """Learns the sum of three numbers; dropout makes the result depend on the state of a random seed."""

    kind = "crnn"
    columns = ("score",)
    description = {"data": "numbers"}

    def __init__(self, maker=None, frame_steps=0):
        keras.utils.set_random_seed(1)
        x = keras.Input((3,))
        hidden = keras.layers.Dropout(0.2, seed=5)(keras.layers.Dense(4, "tanh", name="hidden")(x))
        self.model = TrainingModel(x, keras.layers.Dense(1, name="out")(hidden))
        self.maker, self.frame_steps = maker or ToyBatches(), frame_steps
        self.settings = {"width": 3, "charset": "abc"}
        self.validated, self.saved = [], []

    def stages(self, steps):
        last = Stage("ctc", steps, squared_error, self.maker)
        return [Stage("frames", self.frame_steps, tenfold_error, self.maker), last] if self.frame_steps else [last]

    def weights(self):
        return [keras.ops.convert_to_numpy(w) for w in self.model.trainable_variables]

    def validate(self):
        self.validated.append(self.weights())
        return {"score": float(np.sum(self.validated[-1][0]))}

    def save_weights(self, path, info):
        self.saved.append((path, info))

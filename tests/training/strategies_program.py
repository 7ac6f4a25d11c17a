"""Trains a tiny network under a strategy and prints its losses and weights as JSON; run by test_strategies.py."""

from __future__ import annotations

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import keras
import numpy as np

from ctpn_crnn.runtime.devices import use_device
from ctpn_crnn.training.distributed import TrainingModel
from ctpn_crnn.training.optimizers import AdamW
from ctpn_crnn.training.strategies import is_chief, replicas, shared_input, strategy_scope


def batches():
    """Six batches of six samples each."""
    import tensorflow as tf

    rngs = [np.random.default_rng(index) for index in range(6)]
    x, y = zip(*[(rng.normal(size=(6, 4)), rng.normal(size=(6, 2))) for rng in rngs])
    return tf.data.Dataset.from_tensor_slices((np.concatenate(x).astype("f"), np.concatenate(y).astype("f"))).batch(6)


def main(strategy: str) -> None:
    keras.config.disable_traceback_filtering()
    use_device("cpu:2" if strategy == "mirrored" else "cpu:1")
    with strategy_scope(strategy):
        keras.utils.set_random_seed(1)
        x = keras.Input((4,))
        model = TrainingModel(x, keras.layers.Dense(2)(keras.layers.Dense(3, "tanh")(x)))
        # The gradients are well above .1: clipping acts, and shows whether it comes before or after adding them up.
        optimizer = AdamW(0.05, weight_decay=0.01, global_clipnorm=0.1, use_ema=True, ema_momentum=0.5)
        model.compile(optimizer, loss="mse")
        history = model.fit(shared_input(batches(), 6), epochs=2, steps_per_epoch=3, shuffle=False, verbose=0)
        weights = [np.asarray(keras.ops.convert_to_numpy(w)).ravel().tolist() for w in model.weights]
        print(
            json.dumps(
                {"replicas": replicas(), "chief": is_chief(), "loss": history.history["loss"], "weights": weights}
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])

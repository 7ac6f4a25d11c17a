"""A network run by Keras, on any of its backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ctpn_crnn.runtime.machine import has_bfloat16
from ctpn_crnn.runtime.network import NetworkDefinition, ReloadedNetwork
from ctpn_crnn.weights import read_weights, shipped

BFLOAT16_GPU = 8
"""Least CUDA compute capability (major) that computes in bfloat16."""


class KerasNetwork(ReloadedNetwork):
    """A network built by Keras from a weights file. See `runtime.Network`; can be pickled (`ReloadedNetwork`).

    Args:
        definition: Of the network.
        weights: A weights file; the shipped one when None.
        precision: "float32", "bfloat16" or "auto".

    Raises:
        WeightsError: The weights are missing, damaged, or those of another network.
    """

    def __init__(
        self, definition: NetworkDefinition, weights: str | Path | None = None, precision: str = "auto"
    ) -> None:
        super().__init__(definition, weights, precision)
        path = Path(weights) if weights is not None else shipped(definition.kind)
        file = read_weights(path, definition.kind)
        self.config: dict[str, Any] = dict(file.config)
        self.charset: str | None = file.charset
        self.precision = choose_precision() if precision == "auto" else precision
        with _policy("mixed_bfloat16" if self.precision == "bfloat16" else "float32"):
            self.model = definition.build_keras(file)
        file.apply_to(self.model)
        self._call = _compiled(self.model)

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network on (N, height, width, channels), of any N and any size that it allows, without retracing."""
        outputs = self._call(np.ascontiguousarray(batch, np.float32))
        return tuple(np.asarray(output, np.float32) for output in outputs)


def choose_precision() -> str:
    """Return "bfloat16" where the processor, or a visible GPU, computes in it; else "float32"."""
    return "bfloat16" if _gpu_has_bfloat16() or has_bfloat16() else "float32"


def _gpu_has_bfloat16() -> bool:
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() == "gpu"
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    capabilities = [tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0)) for gpu in gpus]
    return bool(gpus) and min(major for major, _ in capabilities) >= BFLOAT16_GPU


@contextmanager
def _policy(name: str) -> Iterator[None]:
    """Build layers under another dtype policy, then restore the user's own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _compiled(model: keras.Model) -> Callable[[np.ndarray], tuple[Any, ...]]:
    """Return a function from a float32 batch to the outputs; under TensorFlow one trace serves all sizes."""
    if keras.backend.backend() != "tensorflow":
        return lambda batch: _as_tuple(model.predict_on_batch(batch))
    import tensorflow as tf

    # Every size of image would otherwise be a trace of its own: seconds each, and never freed.
    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    return tf.function(lambda batch: _as_tuple(model(batch, training=False)), input_signature=[signature])


def _as_tuple(outputs: Any) -> tuple[Any, ...]:
    return tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,)

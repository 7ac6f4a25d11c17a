"""The optimizers of a training, and the running average of the weights that they keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from ctpn_crnn.training.options import TrainingOptions
from ctpn_crnn.training.schedule import learning_rate_schedule
from ctpn_crnn.training.strategies import replicas


class _WholeBatchOptimizer:
    """Changes two things that a Keras optimizer does by itself.

    Keras clips the gradient of each replica, so that `global_clipnorm` would mean another thing with each number of
    replicas. Here the gradients are added up first, as one device would see them.

    With `use_ema=True` Keras replaces the weights by their running average whenever `fit` ends, which would throw a
    training back that calls `fit` again. Here the average is used only within `averaged_weights`.
    """

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Add up the gradients of all replicas, then clip and apply them."""
        if replicas() > 1:
            import tensorflow as tf

            context = tf.distribute.get_replica_context()
            known = [gradient for gradient in grads if gradient is not None]
            summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, known))
            grads = [None if gradient is None else next(summed) for gradient in grads]
        super().apply(grads, trainable_variables)

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:  # Keras' own sum, done in `apply`
        return list(grads_and_vars)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Leave the weights as they are at the end of `fit`."""

    def overwrite_by_average(self) -> None:
        """Replace the weights by their running average."""
        self._overwrite_model_variables_with_average_value(self._trainable_variables)


@keras.saving.register_keras_serializable("ctpn_crnn")
class AdamW(_WholeBatchOptimizer, keras.optimizers.AdamW):
    """AdamW that clips the gradient of the whole batch and leaves the weights alone at the end of `fit`."""


@keras.saving.register_keras_serializable("ctpn_crnn")
class SGD(_WholeBatchOptimizer, keras.optimizers.SGD):
    """SGD that clips the gradient of the whole batch and leaves the weights alone at the end of `fit`."""


def build_optimizer(options: TrainingOptions, model: keras.Model) -> keras.optimizers.Optimizer:
    """Return the optimizer of a run, with all its variables, for the trainable weights of `model`."""
    common = {
        "weight_decay": options.weight_decay or None,
        "global_clipnorm": options.clip_norm,
        "use_ema": options.ema > 0,
        "ema_momentum": options.ema or 0.99,  # unused without an average, but Keras checks its range
    }
    rate = learning_rate_schedule(options)
    optimizer = SGD(rate, momentum=0.9, **common) if options.optimizer == "sgd" else AdamW(rate, **common)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(model.trainable_variables)
    return optimizer


def steps_taken(optimizer: keras.optimizers.Optimizer) -> int:
    """Return the optimizer steps since the beginning of the run."""
    return int(keras.ops.convert_to_numpy(optimizer.iterations))


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Give a compiled model the running average of its weights within the block; without an average, change nothing."""
    optimizer = model.optimizer
    sync_state(model)
    if not optimizer.use_ema:
        yield
        return
    kept = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    optimizer.overwrite_by_average()
    if keras.backend.backend() == "jax":
        # Keras' `evaluate` gives the buffers of the weights away: they must not be those of the average.
        for variable in model.trainable_variables:
            variable.assign(keras.ops.copy(variable.value))
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, kept):
            variable.assign(value)


def sync_state(model: keras.Model) -> None:
    """Write the state that `fit` holds back during an epoch under JAX into the variables of the model."""
    if keras.backend.backend() == "jax":
        model.jax_state_sync()

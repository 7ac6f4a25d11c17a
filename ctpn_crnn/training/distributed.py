"""What Keras lacks for training under `tf.distribute` by `compile` and `fit`; on one device both are Keras' own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from ctpn_crnn.training.strategies import is_multiworker, replicas


@keras.saving.register_keras_serializable("ctpn_crnn")
class TrainingModel(keras.Model):
    """A model whose `fit` and `evaluate` run under `MultiWorkerMirroredStrategy` too.

    Keras averages the metrics of several workers along their first axis, which a scalar does not have: it fails at the
    first step (Keras 3.0 to 3.15 at least). Here they get that axis.
    """

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        metrics = super().compute_metrics(x, y, y_pred, sample_weight)
        return keras.tree.map_structure(lambda v: v[None], metrics) if is_multiworker() else metrics

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras builds on the mean of the replicas' parts of a batch, which may differ in size: one part will do.
        if replicas() > 1 and iterator is not None:
            local = self.distribute_strategy.experimental_local_results
            for _, _, batches in iterator:
                data_batch = keras.tree.map_structure(lambda part: local(part)[0], next(batches))
                break
            iterator = None
        super()._maybe_symbolic_build(iterator, data_batch)


class _ReduceThenClip:
    """Adds up the gradients of the replicas before their norm is clipped, as one device would see them.

    Keras clips what each replica brings to the sum: `global_clipnorm` would mean another thing with each number of
    replicas.
    """

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        if replicas() > 1:
            import tensorflow as tf

            context = tf.distribute.get_replica_context()
            known = [gradient for gradient in grads if gradient is not None]
            summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, known))
            grads = [None if gradient is None else next(summed) for gradient in grads]
        super().apply(grads, trainable_variables)

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:  # Keras' own sum; done above
        return list(grads_and_vars)


@keras.saving.register_keras_serializable("ctpn_crnn")
class AdamW(_ReduceThenClip, keras.optimizers.AdamW):
    """AdamW that clips the gradient of the whole batch, and leaves the weights alone at the end of `fit`.

    With `use_ema=True` Keras puts the running average in place of the weights whenever `fit` ends. A training of many
    short calls of `fit` would be thrown back by it each time: of 50 steps, a momentum of .99 leaves about a fifth.
    """

    def finalize_variable_values(self, var_list: Any) -> None:
        """Does nothing; `overwrite_by_average` does it when it is wanted."""

    def overwrite_by_average(self) -> None:
        """Put the running average in place of the weights."""
        self._overwrite_model_variables_with_average_value(self._trainable_variables)


@keras.saving.register_keras_serializable("ctpn_crnn")
class SGD(_ReduceThenClip, keras.optimizers.SGD):
    """SGD that clips the gradient of the whole batch."""


def synchronize_batch_statistics(model: keras.Model) -> None:
    """Let batch normalisation see the whole batch and not the replica's part of it; needs replicas to act."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = replicas() > 1

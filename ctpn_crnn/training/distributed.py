"""What Keras lacks for `fit` under `tf.distribute`; on one device all of it is Keras' own."""

from __future__ import annotations

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
        """Return the metrics, as vectors of one value under several workers."""
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


def synchronize_batch_statistics(model: keras.Model) -> None:
    """Let batch normalisation see the whole batch instead of the replica's part of it."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = replicas() > 1

"""Data-parallel training with `tf.distribute`: each device holds all weights and takes its part of each batch.

    with strategy_scope("mirrored"):
        model = ...                          # models, optimizers and `fit` belong inside the scope
        model.fit(shared_input(dataset))

The devices are chosen by `runtime.devices`. Importing this module imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from ctpn_crnn.errors import ConfigError

STRATEGIES = ("none", "mirrored", "multiworker")


@contextlib.contextmanager
def strategy_scope(name: str = "none") -> Iterator[None]:
    """Build, compile and fit the models of the block on all replicas of a strategy.

    Args:
        name: "none"; "mirrored": all GPUs of this machine that `use_device` left visible, or all logical CPU devices
            where there is no GPU; "multiworker": several processes or machines, which TF_CONFIG describes.

    Raises:
        ConfigError: The name is none of these, the backend is not TensorFlow, or TF_CONFIG is missing or malformed.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"strategy {name!r}: give one of {', '.join(STRATEGIES)}.")
    if name == "none":
        yield
        return
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"strategy {name!r} is TensorFlow's, the Keras backend is {keras.backend.backend()}: leave the strategy "
            "out, or set KERAS_BACKEND=tensorflow. JAX has keras.distribution.DataParallel (docs/gpu.md)."
        )
    import tensorflow as tf

    if name == "multiworker":
        check_tf_config(os.environ.get("TF_CONFIG"))
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    else:
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        devices = [device.name for device in tf.config.list_logical_devices(kind)]
        if len(devices) == 1:
            print(f"strategy 'mirrored': {devices[0]} is the only device and does all the work", file=sys.stderr)
        strategy = tf.distribute.MirroredStrategy(devices)
    with strategy.scope():
        yield


def check_tf_config(text: str | None) -> None:
    """Check the environment variable TF_CONFIG: with a wrong one TensorFlow waits without end or fails late.

    Raises:
        ConfigError: It is missing or malformed.
    """
    example = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
    purpose = f"TF_CONFIG must tell each worker all workers and its own place, as in {example}"
    if not text:
        raise ConfigError(f"strategy 'multiworker': {purpose}; it is not set.")
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        good = task["type"] == "worker" and 0 <= int(task["index"]) < len(workers)
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise ConfigError(f"strategy 'multiworker': {purpose}; it is {text!r}.")


def _strategy() -> Any | None:
    """Return the strategy in whose scope this is called, or None."""
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is None or not tensorflow.distribute.has_strategy():
        return None
    return tensorflow.distribute.get_strategy()


def replicas() -> int:
    """Return the number of replicas that share each batch; 1 outside of a scope."""
    strategy = _strategy()
    return 1 if strategy is None else strategy.num_replicas_in_sync


def is_multiworker() -> bool:
    """Return whether other processes take part in the training."""
    strategy = _strategy()
    resolver = None if strategy is None else strategy.cluster_resolver
    return resolver is not None and len(resolver.cluster_spec().as_dict().get("worker", [])) > 1


def is_chief() -> bool:
    """Return whether this process writes the files: of several workers only the first one does."""
    return not is_multiworker() or _strategy().cluster_resolver.task_id == 0


def shared_input(batches: Any, smallest: int) -> Any:
    """Return what `fit` is to be given, so that the replicas together see the batches that one device would see.

    Args:
        batches: Batches of nested arrays whose first axis is the batch; under a strategy a `tf.data.Dataset`. Every
            worker process is given the same ones.
        smallest: Least number of samples of a batch.

    Returns:
        `batches` itself outside of a scope, else a distributed data set without a known length: give `fit` the steps.

    Raises:
        ConfigError: A batch would leave a replica without samples.
    """
    strategy, count = _strategy(), replicas()
    if strategy is None or count == 1:
        return batches
    if smallest < count:
        raise ConfigError(f"a batch of {smallest} samples cannot be shared by {count} replicas: give a larger batch.")
    import tensorflow as tf

    def parts(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = context.num_replicas_in_sync // context.num_input_pipelines
        first = context.input_pipeline_id * here

        def cut(replica: Any, *batch: Any) -> Any:
            size = tf.shape(tf.nest.flatten(batch)[0], out_type=tf.int64)[0]
            start, stop = size * replica // count, size * (replica + 1) // count
            return tf.nest.map_structure(lambda array: array[start:stop], batch)

        def local_parts(*batch: Any) -> tf.data.Dataset:
            return tf.data.Dataset.range(first, first + here).map(lambda replica: cut(replica, *batch))

        return batches.flat_map(local_parts).prefetch(here)

    return strategy.distribute_datasets_from_function(parts)

"""Trains what stands behind VGG16 on features that are computed once.

Nearly all of a CTPN step's time goes into VGG16. While it is frozen its features of a crop stay, so the window,
the LSTM and the heads, which start from nothing and need many steps, can be trained on kept features some thirty times
faster; training the whole network goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
from keras import ops

from ctpn_crnn.ctpn.anchor_target import AnchorTarget
from ctpn_crnn.ctpn.network import CTPN, VGG16_BLOCKS
from ctpn_crnn.training.ctpn_trainer import with_loss


def split_at_features(model: keras.Model, blocks: int = len(VGG16_BLOCKS)) -> tuple[keras.Model, keras.Model]:
    """A CTPN model as two that share its layers, split behind the first blocks of VGG16.

    Args:
        model: image -> (scores, vertical, side).
        blocks: how many of them (1 to 5); with all of them the features are those of conv5_3, with less, those of the
            pool behind the last one.

    Returns:
        image -> features, and features -> (scores, vertical, side).
    """
    whole = blocks == len(VGG16_BLOCKS)
    features = model.get_layer(f"block{blocks}_conv{VGG16_BLOCKS[-1][0]}" if whole else f"block{blocks}_pool").output
    return keras.Model(model.inputs[0], features, name="vgg16"), keras.Model(features, model.outputs, name="ctpn_head")


def kept_features(
    vgg16: keras.Model,
    batches: Iterator[tuple[np.ndarray, np.ndarray]],
    progress: Callable[[int], object] = lambda n: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Features and ground truth of crops.

    Args:
        vgg16: as `split_at_features` gives it.
        batches: images (n, H, W, 3) and strips (n, M, 7), all crops of one size.
        progress: told the number of crops done.

    Returns:
        Features (crops, H / 16, W / 16, 512) float16 and strips (crops, most M, 7) float32 filled up with zeros.
    """
    features: list[np.ndarray] = []
    strips: list[np.ndarray] = []
    for images, truth in batches:
        features.append(ops.convert_to_numpy(vgg16(images, training=False)).astype(np.float16))
        strips.extend(truth)
        progress(len(strips))
    most = max(len(s) for s in strips)
    padded = np.stack([np.pad(s, ((0, most - len(s)), (0, 0))) for s in strips]).astype(np.float32)
    return np.concatenate(features), padded


def train_head(
    network: CTPN,
    head: keras.Model,
    features: np.ndarray,
    strips: np.ndarray,
    *,
    epochs: int,
    batch_size: int = 4,
    learning_rate: float = 1e-3,
    samples: int = 512,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> dict[str, list[float]]:
    """Fits the layers behind conv5_3.

    Args:
        network: the network that built the model.
        head: as `split_at_features` gives it.
        features, strips: as `kept_features` gives them.
        epochs: passes over the crops.
        batch_size: crops a step.
        learning_rate: of AdamW at its start; falls to 2 % along a cosine.
        samples: anchors sampled of each crop.
        seed: of the sampling.
        callbacks: given to `fit`.

    Returns:
        The losses of each epoch.
    """
    model = with_loss(head, AnchorTarget(network.heights, samples, seed=seed), "ctpn_head_training")
    steps = epochs * -(-len(features) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.02)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-4, global_clipnorm=5.0), jit_compile=False)
    inputs = [features, strips]
    return model.fit(inputs, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=list(callbacks)).history


class EpochBar(keras.callbacks.Callback):
    """A line with the losses after each epoch.

    Args:
        epochs: passes in all.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        losses = "  ".join(f"{name.removesuffix('_loss')} {value:.3f}" for name, value in (logs or {}).items())
        print(f"head {epoch + 1}/{self.epochs}  {losses}", flush=True)

"""Training of the detector: the network, the targets of its anchors, and the loss as one model for `fit`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ctpn_crnn.ctpn.anchor_target import AnchorTarget
from ctpn_crnn.ctpn.anchors import STRIP_COLUMNS
from ctpn_crnn.ctpn.network import CTPN
from ctpn_crnn.ctpn.spec import CTPNSpec
from ctpn_crnn.training.crop_batches import CropBatches
from ctpn_crnn.training.ctpn_losses import CTPNLoss
from ctpn_crnn.training.distributed import TrainingModel
from ctpn_crnn.training.loop import Stage, TrainingTask
from ctpn_crnn.training.options import check_options
from ctpn_crnn.training.vgg16 import load_vgg16, normalise_activations
from ctpn_crnn.weights import WeightsFile, save_weights

_LOSSES = ("loss", "score_loss", "vertical_loss", "side_loss")


@dataclass(frozen=True)
class DetectorOptions:
    """How anchors are sampled, and what is trained.

    Attributes:
        freeze_blocks: VGG blocks that keep their weights, counted from the first (paper: the first two convolutions).
        samples: Anchors sampled of each crop (paper: 128).
        negative: IoU below which an anchor is negative (paper: 0.5).
        hard: Share of the negatives that are those which the network takes for text most (paper: 0).
        balanced: Whether text and formulas have equal parts of the positives (the paper knows no formulas).

    Raises:
        ConfigError: An option is out of its range.
    """

    freeze_blocks: int = 2
    samples: int = 256
    negative: float = 0.5
    hard: float = 0.5
    balanced: bool = True

    def __post_init__(self) -> None:
        blocks = len(CTPNSpec().blocks)
        allowed = {
            f"freeze_blocks (0 to {blocks})": 0 <= self.freeze_blocks <= blocks,
            "samples (2 or more)": self.samples >= 2,
            "negative (above 0, at most 0.7)": 0 < self.negative <= 0.7,
            "hard (0 to 1)": 0 <= self.hard <= 1,
        }
        check_options(self, allowed)


@keras.saving.register_keras_serializable("ctpn_crnn")
class DetectorTrainingModel(TrainingModel):
    """The network with its loss; reports the parts of the loss, which are its output, as metrics."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parts = [keras.metrics.Mean(name=name) for name in _LOSSES[1:]]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Return the loss and its parts."""
        for number, part in enumerate(self.parts):
            part.update_state(y_pred[number])
        return super().compute_metrics(x, y, y_pred, sample_weight)


class DetectorTask(TrainingTask):
    """The CTPN with its crops, targets and loss.

    Args:
        options: How it is trained.
        batches: Makes the crops that it is trained on.
        validation: Images and strips that it is validated on, as `CropSampler.batch` returns them, or None.
        seed: Seed of the sampling of anchors.
        description: What the weights file says of the data.
        spec: Architecture; None for the paper's.
    """

    kind = "ctpn"

    def __init__(
        self,
        options: DetectorOptions,
        batches: CropBatches,
        validation: tuple[np.ndarray, np.ndarray] | None = None,
        seed: int = 0,
        description: Mapping[str, Any] | None = None,
        spec: CTPNSpec | None = None,
    ) -> None:
        self.batches, self.validation, self.description = batches, validation, description or {}
        self.network = CTPN(spec or CTPNSpec())
        self.detector = self.network.build_model()
        freeze_blocks(self.detector, options.freeze_blocks)
        target = AnchorTarget(
            self.network.spec.heights,
            options.samples,
            negative=options.negative,
            hard=options.hard,
            balanced=options.balanced,
            seed=seed,
            name="anchor_target",
        )
        strips = keras.Input((None, STRIP_COLUMNS), name="strips")
        scores, vertical, side = self.detector.outputs
        losses = CTPNLoss(name="ctpn_loss")([scores, vertical, side, *target([scores, strips])])
        self.model = DetectorTrainingModel([self.detector.inputs[0], strips], losses, name="ctpn_training")
        validated = () if validation is None else tuple(f"val_{name}" for name in _LOSSES)
        self.columns = (*_LOSSES[1:], *validated)
        sampler = batches.sampler
        self.settings = {
            **asdict(options),
            **asdict(sampler.settings),
            "batch_size": batches.batch_size,
            "crops_per_page": sampler.crops_per_page,
        }

    def start_from(self, weights: WeightsFile) -> None:
        """Take over the weights of a detector.

        Raises:
            WeightsError: They do not fit.
        """
        weights.apply_to(self.detector)

    def start_from_imagenet(self, vgg16: Path | None) -> None:
        """Start VGG16 with ImageNet's weights, scaled so that its activations have one size on the training crops.

        Args:
            vgg16: An .npz file; None for the weights that `keras.applications` downloads.

        Raises:
            WeightsError: The file is missing or does not fit.
        """
        load_vgg16(self.detector, vgg16)
        crops, _ = self.batches.sampler.batch(0, 8)
        normalise_activations(self.detector, crops)

    def stages(self, steps: int) -> list[Stage]:
        """Return one stage: the model adds its loss by itself."""
        return [Stage("ctpn", steps, None, self.batches)]

    def validate(self) -> dict[str, float]:
        """Return the losses on the validation crops."""
        if self.validation is None:
            return {}
        images, strips = self.validation
        losses = self.model.evaluate([images, strips], batch_size=self.batches.batch_size, verbose=0, return_dict=True)
        return {f"val_{name}": float(np.mean(value)) for name, value in losses.items()}

    def save_weights(self, path: Path, info: dict[str, Any]) -> None:
        """Write the weights with the configuration of the network."""
        save_weights(self.detector, path, kind="ctpn", config=self.network.spec.to_config(), charset=None, info=info)


def freeze_blocks(model: keras.Model, blocks: int) -> None:
    """Keep the weights of the first `blocks` VGG blocks; no gradient is computed for or through them."""
    for layer in model.layers:
        block = re.fullmatch(r"block(\d)_conv\d", layer.name)
        if block:
            layer.trainable = int(block[1]) > blocks

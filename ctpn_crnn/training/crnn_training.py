"""Training of the reader: the logits of `CRNN.inference`, perhaps frame labels at first, then the CTC loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
from keras import ops

from ctpn_crnn.crnn.ctc import ctc_loss
from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import INPUT_HEIGHT, CRNNSpec
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.charset_extension import take_over
from ctpn_crnn.training.distributed import TrainingModel
from ctpn_crnn.training.frame_labels import frame_loss
from ctpn_crnn.training.line_batches import BatchPlan, LineBatches, LineSource
from ctpn_crnn.training.line_validation import LineSet, validation_scores
from ctpn_crnn.training.loop import Stage, TrainingTask
from ctpn_crnn.training.real_lines import RealLines
from ctpn_crnn.weights import WeightsFile, save_weights


@dataclass(frozen=True)
class ReaderData:
    """What a reader is trained on.

    Attributes:
        source: Where the lines come from.
        plan: How they become batches.
        frame_steps: First steps of the run, which learn from frame labels; CTC follows.

    Raises:
        ConfigError: Frame labels for lines of a list, which does not tell where the characters stand, or a number or
            share out of its range.
    """

    source: LineSource
    plan: BatchPlan
    frame_steps: int = 0

    def __post_init__(self) -> None:
        if self.frame_steps < 0:
            raise ConfigError(f"--frame-steps {self.frame_steps}: give 0 or more.")
        if not 0.0 <= self.source.share <= 1.0:
            raise ConfigError(f"--lines-share {self.source.share}: it must lie in 0..1.")
        if self.source.lines and self.frame_steps:
            raise ConfigError(
                f"--lines with --frame-steps {self.frame_steps}: frame labels need the place of each character, which "
                "a line list does not tell. Leave out --frame-steps, and give trained weights with --init."
            )

    def fitting_lines(self) -> tuple[int, int]:
        """Count the lines of the line list that are narrow enough to be trained on, and all of them.

        Raises:
            ConfigError: Every line is too wide.
            DatasetError: The list is malformed, or an image is missing or damaged.
            CharsetError: The charset lacks characters of the list.
        """
        widths = RealLines.open(self.source.lines, self.source.charset).widths
        fitting = int((widths <= max(self.plan.widths)).sum())
        if not fitting:
            raise ConfigError(
                f"--widths {max(self.plan.widths)}: every line of {self.source.lines} is wider at the height of 32 "
                f"pixels (the narrowest is {widths[0]}). Give a larger width too, a multiple of 4."
            )
        return fitting, len(widths)


class ReaderTask(TrainingTask):
    """The CRNN with its lines and losses.

    Args:
        data: What it is trained on.
        sets: Lines to validate on.
        description: What the weights file says of the data.
        spec: Architecture; None for the paper's.
    """

    kind = "crnn"

    def __init__(
        self,
        data: ReaderData,
        sets: Sequence[LineSet] = (),
        description: Mapping[str, Any] | None = None,
        spec: CRNNSpec | None = None,
    ) -> None:
        self.data, self.sets, self.description = data, tuple(sets), description or {}
        self.charset = data.source.charset
        self.network = CRNN(spec or CRNNSpec(self.charset.num_classes))
        image = keras.Input((INPUT_HEIGHT, None, 1), name="image")
        net_out = self.network.inference(image, name="crnn")
        self.model = TrainingModel(image, ops.transpose(net_out, (1, 0, 2)), name="crnn")
        self.columns = tuple(column for lines in self.sets for column in lines.columns)
        self.settings = {
            "charset": "".join(self.charset.characters),
            "widths": list(data.plan.widths),
            "pixels": data.plan.pixels,
            "frame_steps": data.frame_steps,
        }

    def start_from(self, weights: WeightsFile) -> None:
        """Take over the weights of a reader, whose charset may be another one: see `charset_extension`.

        Raises:
            WeightsError: The file is no reader's.
        """
        take_over(self.model, self.charset, weights)

    def stages(self, steps: int) -> list[Stage]:
        """Return the stage of frame labels, if there is one, and that of CTC."""
        batches = LineBatches(self.data.source, self.data.plan)
        ctc = Stage("ctc", steps, ctc_loss, batches)
        if not self.data.frame_steps:
            return [ctc]
        frames = Stage("frames", min(self.data.frame_steps, steps), frame_loss, replace(batches, frame_labels=True))
        return [frames, ctc]

    def validate(self) -> dict[str, float]:
        """Return character error rate and share of exact lines of each set."""
        return validation_scores(self.model, self.charset, self.sets)

    def save_weights(self, path: Path, info: dict[str, Any]) -> None:
        """Write the weights with the charset."""
        config, charset = self.network.spec.to_config(), self.settings["charset"]
        save_weights(self.model, path, kind="crnn", config=config, charset=charset, info=info)

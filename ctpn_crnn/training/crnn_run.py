"""A training run of the reader as the command line describes it."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import ConfigError, CtpnCrnnError
from ctpn_crnn.synthesis.lines import LineStyle
from ctpn_crnn.training.crnn_trainer import LineSet, Phase, ReaderTrainer, validation_scores
from ctpn_crnn.training.line_batches import BatchPlan, LineSource
from ctpn_crnn.training.real_lines import RealLines
from ctpn_crnn.training.strategies import is_chief

_RATES = {"frames": 1e-3, "ctc": 3e-4}


def parse_phase(text: str) -> Phase:
    """ "ctc:3000" or "ctc:3000:0.0003" -> Phase.

    Raises:
        ConfigError: the text has another form.
    """
    parts = text.split(":")
    try:
        steps = int(parts[1])
        rate = float(parts[2]) if len(parts) > 2 else _RATES.get(parts[0], 1e-3)
    except (IndexError, ValueError):
        raise ConfigError(f"--steps {text!r}: write PHASE:STEPS or PHASE:STEPS:RATE, for example ctc:3000.") from None
    return Phase(parts[0], steps, rate)


def train_from_arguments(arguments: Namespace) -> None:
    """Trains as `tools/train_crnn.py` was told and writes `crnn.h5` into the output folder."""
    from ctpn_crnn.runtime.keras_network import choose_precision

    if (choose_precision() if arguments.precision == "auto" else arguments.precision) == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    keras.utils.set_random_seed(arguments.seed)
    charset = Charset.load(arguments.charset) if arguments.charset else Charset.default()
    source = LineSource(
        charset,
        tuple(arguments.fonts),
        arguments.corpus,
        arguments.backgrounds,
        LineStyle(strength=arguments.strength, signs=arguments.signs),
        lines=arguments.lines,
        share=arguments.lines_share,
        traditional=arguments.traditional,
    )
    if any(width % 4 or width < 8 for width in arguments.widths):
        raise ConfigError(f"--widths {arguments.widths}: each must be a multiple of 4 and at least 8.")
    plan = BatchPlan(tuple(arguments.widths), arguments.pixels, arguments.seed)
    phases = [parse_phase(text) for text in arguments.steps]
    if arguments.lines:
        check_own_lines(source, phases, plan)
    trainer = ReaderTrainer(
        charset,
        source,
        plan,
        phases,
        arguments.output,
        arguments.epoch_steps,
        arguments.processes,
        ema=arguments.ema,
    )
    if arguments.init:
        start_from(trainer, arguments.init)
    if arguments.resume is not None:
        trainer.resume(arguments.resume or None)
    sets = [
        synthetic_set(source, arguments.dev_lines),
        *(real_set(path, arguments.dev_lines) for path in arguments.dev),
    ]
    callbacks = (
        [keras.callbacks.TensorBoard(str(Path(arguments.output) / "tensorboard"))] if arguments.tensorboard else []
    )
    print(f"{trainer.reader.count_params():,} parameters, {len(charset)} characters", flush=True)
    trainer.train(
        [*callbacks, Progress(trainer)],
        lambda: validation_scores(trainer.reader, charset, sets),
        arguments.validate_every,
    )
    scores = validation_scores(trainer.reader, charset, sets)
    trainer.save_weights(Path(arguments.output) / "crnn.h5", {"scores": scores})
    if is_chief():
        print(f"Saved {Path(arguments.output) / 'crnn.h5'}", flush=True)


def check_own_lines(source: LineSource, phases: Sequence[Phase], plan: BatchPlan) -> None:
    """Fails before the training rather than in one of its worker processes.

    Raises:
        ConfigError: a phase needs to know where the characters stand, the share is no share, or every line is too wide.
        DatasetError: the list is malformed, or an image is missing or damaged.
        CharsetError: the charset lacks characters of the list.
    """
    other = next((phase.name for phase in phases if phase.name != "ctc"), None)
    if other:
        raise ConfigError(
            f"--lines with the phase {other}: it needs the place of each character, which a line list does not tell. "
            "Train with the phase ctc alone, for example --steps ctc:1000, from weights given with --init."
        )
    if not 0.0 <= source.share <= 1.0:
        raise ConfigError(f"--lines-share {source.share}: it must lie in 0..1.")
    widths = RealLines.open(source.lines, source.charset).widths
    fitting = int((widths <= max(plan.widths)).sum())
    if not fitting:
        raise ConfigError(
            f"--widths {max(plan.widths)}: every line of {source.lines} is wider at the height of 32 pixels (the "
            f"narrowest is {widths[0]}). Give a larger width too, a multiple of 4."
        )
    print(f"{fitting} of {len(widths)} lines of {source.lines} are narrow enough to be trained on", flush=True)


def start_from(trainer: ReaderTrainer, path: str | Path) -> None:
    """Takes over the weights of a file; rows of the projection are matched by character, so the charset may have grown.

    Raises:
        WeightsError: the file is no reader's.
        CharsetError: the trainer's charset lacks characters of the file's.
    """
    from ctpn_crnn.training.charset_extension import take_over
    from ctpn_crnn.weights import read_weights

    take_over(trainer.reader, trainer.charset, read_weights(path))


def synthetic_set(source: LineSource, count: int) -> LineSet:
    """Lines in font families that are kept out of training."""
    from dataclasses import replace

    synthesizer = replace(source, validation=True, lines=None).open()
    samples = [synthesizer(np.random.default_rng((987654, number))) for number in range(count)]
    return LineSet("synthetic", [s.image for s in samples], [s.text for s in samples])


def real_set(folder: str, count: int) -> LineSet:
    """A random subset (by seed) of the lines of a line list or of a detection set with text."""
    from ctpn_crnn.crnn.line_image import line_image
    from ctpn_crnn.datasets import read_detection_set, read_line_list
    from ctpn_crnn.evaluation.crops import choose, line_crops, page_crops, readable_regions

    path = Path(folder)
    if (path / "lines.tsv").exists():
        crops = list(line_crops(choose(read_line_list(path / "lines.tsv"), count, 0), _warn))
    else:
        crops = list(page_crops(choose(readable_regions(read_detection_set(path)), count, 0), _warn))
    return LineSet(path.name, [line_image(crop.image) for crop in crops], [crop.text for crop in crops])


def _warn(name: str, error: CtpnCrnnError) -> None:
    print(f"skipped {name}: {error}", file=sys.stderr)


class Progress(keras.callbacks.Callback):
    """A progress bar over the present phase: samples a second, loss, time left; silent when not in a terminal."""

    def __init__(self, trainer: ReaderTrainer) -> None:
        super().__init__()
        self.trainer = trainer
        self._bar = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        from tqdm import tqdm

        phase = self.trainer.phases[self.trainer.phase]
        self._bar = tqdm(
            total=phase.steps, initial=self.trainer.step, desc=phase.name, unit="step", disable=None, leave=False
        )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._bar.update(1)
        lines = self.trainer.plan.pixels / np.mean(self.trainer.plan.widths)
        rate = (self._bar.format_dict["rate"] or 0) * lines
        self._bar.set_postfix_str(f"loss {(logs or {}).get('loss', 0):.3f}, {rate:.0f} lines/s", refresh=False)

    def on_train_end(self, logs: dict | None = None) -> None:
        self._bar.close()

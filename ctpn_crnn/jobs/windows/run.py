"""A run of the batch detector: the input's images one after the other, into the output."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.ctpn.spec import CLASSES
from ctpn_crnn.documents.sources import load_page
from ctpn_crnn.errors import ConfigError, CtpnCrnnError
from ctpn_crnn.files import writable
from ctpn_crnn.geometry import crop_quad
from ctpn_crnn.jobs.journal import Journal
from ctpn_crnn.jobs.windows.finders import (
    CROP_MODES,
    Found,
    FoundLines,
    GivenWindows,
    ProposedWindows,
    SelectiveSearch,
    WindowFinder,
)
from ctpn_crnn.jobs.windows.inputs import READERS, Entry, check_windows
from ctpn_crnn.jobs.windows.networks import (
    PLAIN_SCALE,
    Preprocessing,
    load_ctpn,
    load_reader,
    parse_channel_swap,
    read_mean,
)
from ctpn_crnn.jobs.windows.scoring import WindowScorer, check_context_pad
from ctpn_crnn.jobs.windows.table import READ_COLUMNS, Row, Table, check_format, columns_of
from ctpn_crnn.recognizer import PADDING, Reader
from ctpn_crnn.runtime.devices import hide_gpus, use_device
from ctpn_crnn.weights import shipped
from ctpn_crnn.weights.manifest import sha256_of

logger = logging.getLogger(__name__)

_DECIMALS = 6
"""Of probabilities and confidences."""

_CROPS_AT_ONCE = 32
"""Crops that are read at once, which bounds the memory: an image may have many large windows."""


@dataclass(frozen=True)
class Options:
    """What a run does.

    Attributes:
        input_file: .txt, a file name a line; or .csv with the columns filename, xmin, ymin, xmax, ymax.
        output_file: .csv; any other name is written as HDF5.
        crop_mode: "ctpn": CTPN's lines; "list": the windows of the input; "selective_search": proposed windows.
        model_def: JSON configuration of the CTPN; None for that of its weights.
        pretrained_model: Weights of the CTPN; None for the shipped ones.
        gpu: Run on a GPU instead of the CPU.
        mean_file: .npy with the mean to subtract; None or "" for none.
        input_scale: Factor of the input after the mean is subtracted; None for 1.
        raw_scale: Factor of the image (0..1) before the mean is subtracted.
        channel_swap: Order of the channels; see `Preprocessing`.
        context_pad: Pixels around a window, in the network's input; not used by "ctpn".
        read: Read the text in the windows.
        reader_model: Weights of the reader; None for the shipped ones.
    """

    input_file: Path | str
    output_file: Path | str
    crop_mode: str = "ctpn"
    model_def: Path | str | None = None
    pretrained_model: Path | str | None = None
    gpu: bool = False
    mean_file: Path | str | None = None
    input_scale: float | None = None
    raw_scale: float = PLAIN_SCALE
    channel_swap: str = "2,1,0"
    context_pad: int = 16
    read: bool = False
    reader_model: Path | str | None = None

    def preprocessing(self) -> Preprocessing:
        """Make the preprocessing of the pixels.

        Raises:
            ConfigError: A value makes no sense, or the mean file cannot be read.
        """
        mean = read_mean(self.mean_file) if self.mean_file else None
        scale = 1.0 if self.input_scale is None else self.input_scale
        return Preprocessing(parse_channel_swap(self.channel_swap), self.raw_scale, mean, scale)


@dataclass(frozen=True)
class Stages:
    """The stages of a run: the source of windows, the number of their classes, and the reader, if they are read."""

    finder: WindowFinder
    classes: int
    reader: Reader | None = None


def run(options: Options, say: Callable[[str], object] = print) -> int:
    """Process all images of the input that an earlier, interrupted run has not processed, and write the output.

    Beside the output OUT lie `OUT.journal` while the run goes on, and `OUT.errors.csv` where images failed. The output
    appears when all images are done.

    Args:
        options: What to do.
        say: Receives the progress messages.

    Returns:
        How many images failed.

    Raises:
        CtpnCrnnError: The options or the input cannot be used, or the output cannot be written; the journal then keeps
            what was done.
    """
    say("GPU mode" if options.gpu else "CPU mode")
    start = time.monotonic()
    source, output = Path(options.input_file), Path(options.output_file)
    preprocessing = options.preprocessing()
    check_context_pad(options.context_pad)
    if options.reader_model and not options.read:
        raise ConfigError(f"reader_model {options.reader_model} needs --read: without it nothing is read")
    _check_paths(source, output)
    say("Loading input...")
    entries = _read_input(options.crop_mode, source)
    stages = make_stages(options, preprocessing)
    columns = columns_of(stages.classes, READ_COLUMNS if options.read else ())
    with Journal(_beside(output, ".journal"), _settings(options, preprocessing)) as journal:
        table = Table(journal, columns)
        if table.done:
            say(f"Going on with {journal.path}: {len(table.done)} of {len(entries)} images are done.")
        try:
            windows = _process(entries, stages, table)
        except KeyboardInterrupt:
            say(f"{len(table.done)} of {len(entries)} images are done; give the same command again to go on.")
            raise
        say(f"Processed {windows} windows in {time.monotonic() - start:.3f} s.")
        start = time.monotonic()
        failures = sum(1 for _ in table.failures())
        table.save_failures(_beside(output, ".errors.csv"))
        table.save(output)
        journal.remove()
    say(f"Saved to {output} in {time.monotonic() - start:.3f} s.")
    return failures


def make_stages(options: Options, preprocessing: Preprocessing) -> Stages:
    """Load the networks.

    Raises:
        ConfigError: The device, the definition, or OpenCV's contrib modules are missing.
        WeightsError: Weights are missing, damaged, of another network, or of another charset.
    """
    search = SelectiveSearch() if options.crop_mode == "selective_search" else None  # fails before networks are loaded
    if options.gpu:
        use_device("gpu")
    else:
        hide_gpus()  # without a framework: ONNX Runtime needs none
    runtime = "keras" if options.gpu else "auto"
    network = load_ctpn(_path(options.model_def), _path(options.pretrained_model), preprocessing, runtime)
    classes = tuple(network.config.get("classes", CLASSES))
    reader = load_reader(_path(options.reader_model), runtime) if options.read else None
    if options.crop_mode == "ctpn":
        return Stages(FoundLines(Detector(network=network), classes), len(classes), reader)
    scorer = WindowScorer(network, options.context_pad, preprocessing.fill())
    finder = ProposedWindows(scorer, search) if search else GivenWindows(scorer, str(options.input_file))
    return Stages(finder, len(classes), reader)


def read_windows(image: np.ndarray, found: Sequence[Found], reader: Reader) -> list[tuple[str, float | None]]:
    """Read windows with the margin that `Recognizer` gives a line.

    Args:
        image: uint8 (H, W, 3), BGR.
        found: Windows; those without a quad are not read.
        reader: Reads crops.

    Returns:
        (text, confidence) of each window in order; ("", None) for a window that is not read.
    """
    texts: list[tuple[str, float | None]] = [("", None)] * len(found)
    wanted = iter([i for i, window in enumerate(found) if window.quad is not None])
    while chunk := list(islice(wanted, _CROPS_AT_ONCE)):
        crops = [crop_quad(image, found[i].quad, PADDING) for i in chunk]
        for i, reading in zip(chunk, reader.read(crops)):
            texts[i] = reading.text, float(reading.confidence)
    return texts


def _process(entries: Sequence[Entry], stages: Stages, table: Table) -> int:
    """Process the images that are not done yet; returns the number of their windows."""
    left = [entry for entry in entries if entry.name not in table.done]
    windows = failed = 0
    with tqdm(total=len(entries), initial=len(entries) - len(left), unit="image", disable=None) as bar:
        for entry in left:
            try:
                rows = _rows(entry, stages)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with this image, the others must not be lost
                if not isinstance(error, CtpnCrnnError):
                    logger.debug("unexpected error at %s", entry.name, exc_info=error)
                table.add_failure(entry.name, " ".join(str(error).split()) or type(error).__name__)
                failed += 1
            else:
                table.add(entry.name, rows)
                windows += len(rows)
            bar.update()
            bar.set_postfix(windows=windows, failed=failed, refresh=False)
    return windows


def _rows(entry: Entry, stages: Stages) -> list[Row]:
    """The rows of one image."""
    image = load_page(entry.name)
    found = stages.finder.find(image, entry)
    rows: list[Row] = [[*one.window, *(round(p, _DECIMALS) for p in one.probabilities)] for one in found]
    if stages.reader is not None:
        for row, (text, confidence) in zip(rows, read_windows(image, found, stages.reader)):
            row += [text, None if confidence is None else round(confidence, _DECIMALS)]
    return rows


def _read_input(crop_mode: str, source: Path) -> list[Entry]:
    if crop_mode not in CROP_MODES:
        raise ConfigError(f"crop_mode is {crop_mode!r}: give one of {', '.join(CROP_MODES)}")
    entries = READERS[crop_mode](source)
    check_windows(entries, str(source))
    return entries


def _check_paths(source: Path, output: Path) -> None:
    """Check the output before the work begins."""
    check_format(output)
    writable(output)
    if source.exists() and output.exists() and source.samefile(output):
        raise ConfigError(f"{output} is the input: the output would replace it; give another name")


def _settings(options: Options, preprocessing: Preprocessing) -> dict[str, Any]:
    """Collect what the results depend on, by the names of the options."""
    settings: dict[str, Any] = {
        "input": _sha256(Path(options.input_file)),
        "crop_mode": options.crop_mode,
        "read": options.read,
        "model_def": _sha256(Path(options.model_def)) if options.model_def else None,
        "pretrained_model": sha256_of(_path(options.pretrained_model) or shipped("ctpn")),
        "mean_file": preprocessing.mean,
        "input_scale": preprocessing.input_scale,
        "raw_scale": preprocessing.raw_scale,
        "channel_swap": preprocessing.channel_swap,
    }
    if options.crop_mode != "ctpn":
        settings["context_pad"] = options.context_pad
    if options.read:
        settings["reader_model"] = sha256_of(_path(options.reader_model) or shipped("crnn"))
    return settings


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _path(value: Path | str | None) -> Path | None:
    return Path(value) if value else None


def _beside(output: Path, suffix: str) -> Path:
    return output.with_name(output.name + suffix)

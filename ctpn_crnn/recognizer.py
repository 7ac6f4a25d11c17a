"""The whole path: an image in, a page of text out.

An image is loaded, set upright, its lines are found, read and put in order; their quads go back to the source.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from ctpn_crnn.documents.images import MAX_PIXELS, ImageSource
from ctpn_crnn.documents.page_ref import PageRef
from ctpn_crnn.documents.prefetch import prefetch as prefetched
from ctpn_crnn.documents.sources import load_page, page_refs, sources
from ctpn_crnn.errors import ConfigError, CtpnCrnnError, with_name
from ctpn_crnn.geometry import Rotation, clip_quad, crop_quad, quad_size
from ctpn_crnn.layout.formula_marks import mark_formulas, with_unread_formulas
from ctpn_crnn.layout.reading_order import reading_order
from ctpn_crnn.layout.spaced_words import join_spaced_words
from ctpn_crnn.page import Char, Page, Region, TextLine
from ctpn_crnn.refine.upright import DEFAULTS as UPRIGHT
from ctpn_crnn.refine.upright import set_upright
from ctpn_crnn.weights.choice import PathLike, WeightsChoice, choose_weights

if TYPE_CHECKING:
    from ctpn_crnn.crnn.language_model import LanguageModel
    from ctpn_crnn.page import Reading

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

PADDING = (0.0, 0.0)
"""What is added to a line before it is read, at each end and at each of top and bottom, in line heights.

Lines fitted to their ink have a margin already, and more of it cost accuracy. Give some, for example (.1, .1), to a
detector whose quads cut strokes. Chosen on: rendered pages."""

_DESKEW = ("off", "auto")
_ORIENTATION = ("auto", "upright")


class Finder(Protocol):
    """What finds lines: `Detector`, or anything with this method."""

    def detect(self, image: np.ndarray) -> list[Region]:
        """Find the regions of an image, uint8 BGR (H, W, 3)."""


class Reader(Protocol):
    """What reads lines: `LineReader`, or anything with this method."""

    def read(self, crops: list[np.ndarray]) -> list[Reading]:
        """Read lines cut out of images, uint8 (H, W) or (H, W, 3), all of one page or not: a reading for each."""


class Failure(NamedTuple):
    """A source that a batch could not read.

    Attributes:
        source: Its name; "<image in memory>" when it has none.
        error: Why.
    """

    source: str
    error: Exception


class Recognizer:
    """Find and read the text of images.

    Example:
        >>> from ctpn_crnn import Recognizer
        >>> recognizer = Recognizer()                      # doctest: +SKIP
        >>> print(recognizer.recognize("img.jpg").text)    # doctest: +SKIP

    A recognizer can be copied, pickled and sent to other processes. A pickle holds no weights: networks that were
    loaded from files are loaded again where it is unpickled. A detector or reader that was given is pickled as it is.

    Args:
        weights: None for the weights shipped with the package, else see `weights.choice.WeightsChoice`.
        runtime: "auto", "keras" or "onnx".
        precision: "auto", "float32", "bfloat16" or "int8", see `runtime.load_network`.
        min_confidence: Lines whose characters are less probable on average (`TextLine.character_confidence`, 0..1) are
            left out, whatever their length. Lines without any text are always left out, formulas never.
        padding: See `PADDING`.
        max_pixels: Larger images are refused, see `load_image`.
        deskew: "off" or "auto". "off": a page whose lines lean by 2 to 30 degrees is set upright before it is read.
            "auto": any image whose lines lean by 0.1 to 30 degrees is. Quads are those of the source all the same.
        orientation: "auto" or "upright". "auto": an image that is upside down or on its side is turned before it is
            read, and `Page.orientation` tells. Quads are those of the source all the same.
        detector: Finds the lines instead of CTPN. `weights`, `runtime` and `precision` are then not used for finding.
        reader: Reads the lines instead of CRNN. `weights`, `runtime`, `precision` and the options below are then not
            used for reading.
        beam_width: Width of the reader's beam search, see `LineReader`. None for the reader's own, as below.
        language_model: A character language model, or its file; "auto" for the shipped one, None for none.
        lm_weight: Power of the language model's probabilities, see `LineReader`.
        length_bonus: Natural log of what a character is worth beside the language model, see `LineReader`.
        second_look: Lines with a lower confidence are read again in other ways, see `LineReader`.

    Raises:
        WeightsError: A weights file or the language model is missing, damaged, or of another kind.
        ConfigError: An argument makes no sense.
    """

    def __init__(
        self,
        weights: WeightsChoice = None,
        runtime: str = "auto",
        precision: str = "auto",
        *,
        min_confidence: float = 0.0,
        padding: tuple[float, float] = PADDING,
        max_pixels: int = MAX_PIXELS,
        deskew: str = "off",
        orientation: str = "auto",
        detector: Finder | None = None,
        reader: Reader | None = None,
        beam_width: int | None = None,
        language_model: LanguageModel | PathLike | None = "auto",
        lm_weight: float | None = None,
        length_bonus: float | None = None,
        second_look: float | None = None,
    ) -> None:
        if not 0.0 <= min_confidence <= 1.0:
            raise ConfigError(f"min_confidence must lie in 0..1, not {min_confidence}")
        if min(padding) < 0:
            raise ConfigError(f"padding must not be negative: {padding}")
        if max_pixels < 1:
            raise ConfigError(f"max_pixels must be positive, not {max_pixels}")
        if deskew not in _DESKEW:
            raise ConfigError(f"deskew must be one of {', '.join(_DESKEW)}, not {deskew!r}")
        if orientation not in _ORIENTATION:
            raise ConfigError(f"orientation must be one of {', '.join(_ORIENTATION)}, not {orientation!r}")
        files = choose_weights(weights)
        self.min_confidence = min_confidence
        self.padding = padding
        self.max_pixels = max_pixels
        self.deskew = deskew
        self.orientation = orientation
        self.detector = detector or _make_detector(files["ctpn"], runtime, precision)
        given = {
            "beam_width": beam_width,
            "lm_weight": lm_weight,
            "length_bonus": length_bonus,
            "second_look": second_look,
        }
        search: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        search["language_model"] = language_model
        self.reader = reader or _make_reader(files["crnn"], runtime, precision, search)

    def recognize(self, source: ImageSource | PageRef) -> Page:
        """Find and read the text of one image.

        Args:
            source: A path, the bytes of a file, a binary file object, a Pillow image, or an array (grey, BGR as
                `cv2.imread` gives it, or BGRA); "path#page=N" for a page of a TIFF or PDF, or what `page_refs` gives;
                "-" for standard input. A TIFF with several pages gives its first one, with a warning in the log.

        Returns:
            The page; without lines when the image holds no text.

        Raises:
            ImageError: The source cannot be read.
        """
        name = _name_of(source)
        return self._read_page(load_page(source, max_pixels=self.max_pixels), name)

    def recognize_all(
        self,
        given: ImageSource | PageRef | Iterable[ImageSource | PageRef],
        on_error: Callable[[Failure], object] | None = None,
        *,
        prefetch: int = 0,
    ) -> Iterator[Page]:
        """Find and read the text of many images; one that cannot be read is reported, and the others go on.

        Example:
            >>> failures = []
            >>> for page in Recognizer().recognize_all("scans", on_error=failures.append):  # doctest: +SKIP
            ...     print(page.source, page.text)

        Args:
            given: Images, folders, patterns ("scans/*.png"), PDFs and multi-page TIFFs, "-" for standard input; one or
                an iterable of them. For encrypted PDFs, another resolution, or a choice of pages: `page_refs(...)`.
            on_error: Called with each failure, in the caller's thread. None: it is logged as a warning.
            prefetch: How many pages are loaded or rendered, in a thread, while the present one is read; each is held in
                memory. 0: nothing is taken before it is asked for.

        Yields:
            Pages in the order of the sources. `Page.source` tells which is which: a path, or "path#page=N".
        """
        report = on_error or _log_failure
        loaded = prefetched(self._refs(given), _load, prefetch)
        with closing(loaded):
            for outcome in loaded:
                if isinstance(outcome.item, Failure):
                    report(outcome.item)
                    continue
                try:
                    page = self._read_page(outcome.get(), outcome.item.name)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with this page, the others must not be lost
                    report(_failure(outcome.item.name, error))
                    continue
                yield page

    def _refs(self, given: ImageSource | PageRef | Iterable[ImageSource | PageRef]) -> Iterator[PageRef | Failure]:
        """Yield the pages of all sources; in the place of a source that cannot be opened, its failure."""
        for source in _guarded(sources(given), "the list of sources"):
            if isinstance(source, Failure):
                yield source
            else:
                yield from _guarded(page_refs(source, max_pixels=self.max_pixels), _name_of(source))

    def _read_page(self, image: np.ndarray, name: str | None) -> Page:
        height, width = image.shape[:2]
        turn, seen = set_upright(
            image,
            lambda turn: _FoundLines(self, image, turn),
            quarter_turns=self.orientation == "auto",
            any_lean=self.deskew == "auto",
        )
        lines = join_spaced_words([line for line in seen.read() if self._is_worth_keeping(line)])
        order = reading_order([line.quad for line in lines])

        def to_source(quad: np.ndarray) -> np.ndarray:
            quad = turn.to_source(quad)
            return clip_quad(quad, image.shape) if turn.degrees % 90 else quad  # a leaning image becomes a larger one

        in_source = [replace(n, quad=to_source(n.quad), formulas=[to_source(q) for q in n.formulas]) for n in lines]
        return Page(width, height, [in_source[index] for index in order], name)

    def read_regions(self, image: np.ndarray, turn: Rotation, regions: Sequence[Region]) -> list[TextLine]:
        """Read regions of a turned image.

        The regions are cut out of the image itself: its pixels are sharper than those of the turned one.

        Args:
            image: uint8 BGR (H, W, 3), the source.
            turn: Of the image.
            regions: With quads in pixels of the turned image.

        Returns:
            A line for each region, in their order and in the same pixels.
        """
        crops = [crop_quad(image, turn.to_source(region.quad), self.padding) for region in regions]
        readings = self.reader.read(crops) if crops else []
        lines = []
        for region, reading in zip(regions, readings, strict=True):
            chars = _without_padding(reading.chars, region.quad, self.padding[0])
            lines.append(TextLine(reading.text, reading.confidence, region.quad, chars=chars))
        return lines

    def _is_worth_keeping(self, line: TextLine) -> bool:
        """Return whether a line is a formula, or text that is probable enough."""
        return line.kind != "text" or bool(line.text.strip() and line.character_confidence >= self.min_confidence)


class _FoundLines:
    """The lines found in a turned image, of which no more are read than needed. Each is read once.

    Args:
        recognizer: Finds and reads them.
        image: uint8 BGR (H, W, 3), the source.
        turn: Of the image, after which its text is taken to stand upright.
    """

    def __init__(self, recognizer: Recognizer, image: np.ndarray, turn: Rotation) -> None:
        self._recognizer = recognizer
        self._image = image
        self._turn = turn
        found = recognizer.detector.detect(turn.apply(image))
        self._formulas = [region.quad for region in found if region.kind == "formula"]
        self._regions = with_unread_formulas(found)
        self._lines: dict[int, TextLine] = {}  # those that are read, by the index of their region

    def read(self) -> list[TextLine]:
        """Return the lines in the order in which they were found, formulas marked."""
        return mark_formulas(self._read(range(len(self._regions))), self._formulas)

    @property
    def legibility(self) -> float:
        """Mean probability of the characters of a few lines, 0..1; 0 without lines."""
        return mean_legibility(self._read(self._few()))

    @property
    def legibility_upside_down(self) -> float:
        """Mean probability of the characters of the same lines, each turned by half."""
        few = [self._regions[index] for index in self._few()]
        turned = [Region(region.quad[[2, 3, 0, 1]], region.score, region.kind) for region in few]
        return mean_legibility(self._recognizer.read_regions(self._image, self._turn, turned))

    def _few(self) -> list[int]:
        """Return which lines show how the image stands: those found first."""
        text = [index for index, region in enumerate(self._regions) if region.kind == "text"]
        return text[: UPRIGHT.few_lines]

    def _read(self, indices: Sequence[int]) -> list[TextLine]:
        unread = [index for index in indices if index not in self._lines]
        regions = [self._regions[index] for index in unread]
        lines = self._recognizer.read_regions(self._image, self._turn, regions)
        self._lines.update(zip(unread, lines, strict=True))
        return [self._lines[index] for index in indices]


def mean_legibility(lines: Sequence[TextLine]) -> float:
    """Return the mean probability of the characters of lines, weighted by the lines' lengths; 0 without lines."""
    weights = [_length_in_heights(line.quad) for line in lines]
    return float(np.average([line.character_confidence for line in lines], weights=weights)) if lines else 0.0


def _length_in_heights(quad: np.ndarray) -> float:
    """Return a line's length in its heights, about the number of its Chinese characters."""
    width, height = quad_size(quad)
    return max(width, 1.0) / max(height, 1.0)


def _load(item: PageRef | Failure) -> np.ndarray | None:
    return None if isinstance(item, Failure) else item.load()


def _guarded(items: Iterator[Item], name: str | None) -> Iterator[Item | Failure]:
    """Yield the items until they end or fail; the failure comes last."""
    try:
        yield from items
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the rest of this source, the others must not be lost
        yield _failure(name, error)


def _name_of(source: object) -> str | None:
    if isinstance(source, PageRef):
        return source.name
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None


def _without_padding(chars: Iterable[Char], quad: np.ndarray, padding: float) -> list[Char]:
    """Return characters, placed in fractions of a padded crop, with places in fractions of the quad's own length."""
    width, height = quad_size(quad)
    before = padding * height / max(width, 1e-6)

    def place(fraction: float) -> float:
        return min(max(fraction * (1 + 2 * before) - before, 0.0), 1.0)

    return [replace(char, start=place(char.start), end=place(char.end)) for char in chars]


def _failure(name: str | None, error: Exception) -> Failure:
    if not isinstance(error, CtpnCrnnError):  # not the image's fault by our knowledge: keep the traceback for a report
        logger.debug("unexpected error at %s", name, exc_info=error)
    return Failure(name or "<image in memory>", error)


def _log_failure(failure: Failure) -> None:
    logger.warning("skipped: %s", with_name(failure.source, failure.error))


def _make_detector(weights: PathLike | None, runtime: str, precision: str) -> Finder:
    from ctpn_crnn.ctpn.detector import Detector  # here: it brings TensorFlow

    # The recognizer sets images upright itself.
    return Detector(weights=weights, runtime=runtime, precision=precision, level=False)


def _make_reader(weights: PathLike | None, runtime: str, precision: str, search: Mapping[str, Any]) -> Reader:
    from ctpn_crnn.crnn.reader import LineReader

    return LineReader(weights=weights, runtime=runtime, precision=precision, **search)

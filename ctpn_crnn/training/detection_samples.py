"""Training crops for the CTPN: a page drawn from real or rendered sources, a random piece of it, and its strips.

No Keras here: worker processes import this module and stay small.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from ctpn_crnn.ctpn.anchors import IGNORE, PADDING, STRIP_COLUMNS, not_class, strips_of_quads
from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError, DatasetError, ImageError, SynthesisError

if TYPE_CHECKING:
    from ctpn_crnn.synthesis.fonts import FontLibrary
    from ctpn_crnn.synthesis.pages import PageSynthesizer
    from ctpn_crnn.synthesis.text import Corpus

_log = logging.getLogger(__name__)
_ATTEMPTS = 20

BESIDE = 2.0
"""Ink at most so many heights away from an annotated region, and level with it, belongs to the same line."""

KIND_CLASSES: Mapping[str, int] = {"text": 1, "formula": 2}
"""Class of the network for each kind of region; 0 is the background."""


class LabelledRegion(NamedTuple):
    """A region of a page.

    Attributes:
        quad: (4, 2) in pixels.
        kind: "text" or "formula".
        ignore: It is not to be scored.
        other: It is known only that it is nothing of this kind.
    """

    quad: np.ndarray
    kind: str = "text"
    ignore: bool = False
    other: bool = False

    @property
    def strip_kind(self) -> int:
        """Kind of its strips, see `anchors.strips_of_quads`."""
        if self.ignore:
            return IGNORE
        return not_class(KIND_CLASSES[self.kind]) if self.other else KIND_CLASSES[self.kind]


PageSource = Callable[[np.random.Generator], tuple[np.ndarray, Sequence[LabelledRegion]]]
"""Gives a page, (BGR uint8 image, its regions), for a random generator. It must be picklable for worker processes."""


@dataclass(frozen=True)
class FolderPages:
    """Real pages, drawn at random; a page that cannot be read is passed over for another.

    Attributes:
        pages: the pages to draw from.
        partial: only some of the text is annotated (formulas, say), so other ink is neither text nor background.
    """

    pages: Sequence[PageTruth]
    partial: bool = False

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
        for _ in range(_ATTEMPTS):
            page = self.pages[int(rng.integers(len(self.pages)))]
            try:
                image = load_image(page.path)
            except ImageError:
                continue
            regions = [LabelledRegion(r.quad, r.kind, r.ignore) for r in page.regions]
            return image, regions + (unlabelled_ink(image, regions) if self.partial else [])
        raise ImageError(f"{_ATTEMPTS} pages drawn could not be read, the last one was {page.path}; check the set.")


def unlabelled_ink(image: np.ndarray, regions: Sequence[LabelledRegion]) -> list[LabelledRegion]:
    """Regions around everything written that no region covers.

    What stands beside an annotated region, on the same line, was left out of it on purpose: it is not of its kind
    (words that lead to a handwritten formula, say). Whatever else there is is not to be scored.

    Args:
        image: (H, W, 3) uint8 BGR.
        regions: what is annotated.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    # The median of a window much larger than a stroke is the paper, dark or light.
    paper = cv2.medianBlur(grey, 2 * max(15, min(grey.shape) // 12) + 1)
    ink = (cv2.absdiff(grey, paper) > 22).astype(np.uint8)
    for region in regions:
        cv2.fillPoly(ink, [np.round(region.quad).astype(np.int32)], 0)
    ink = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((5, 15), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(ink)
    found = []
    for x, y, width, height, area in boxes[1:]:
        if area >= 12:
            box = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)
            box += np.float32([[-2, -2], [2, -2], [2, 2], [-2, 2]])
            beside = next((r for r in regions if not r.ignore and _beside(box, r.quad)), None)
            found.append(
                LabelledRegion(box, "text", ignore=True)
                if beside is None
                else LabelledRegion(box, beside.kind, other=True)
            )
    return found


def _beside(box: np.ndarray, quad: np.ndarray) -> bool:
    """Whether a box lies left or right of a quad, up to `BESIDE` of its heights away, and mostly level with it."""
    (x1, y1), (x2, y2) = box.min(axis=0), box.max(axis=0)
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    level = min(y2, bottom) - max(y1, top) >= 0.5 * (y2 - y1)
    away = max(left - x2, x1 - right)
    return bool(level and -0.25 * (x2 - x1) <= away <= BESIDE * (bottom - top))


@dataclass(frozen=True)
class MixedPages:
    """Pages from several sources.

    Attributes:
        sources: the sources.
        weights: how often each is drawn, relative to the others.
    """

    sources: Sequence[PageSource]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        matched = self.sources and len(self.sources) == len(self.weights)
        if not matched or min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ConfigError(
                f"{len(self.sources)} sources with the weights {tuple(self.weights)}: "
                "give at least one source, and a weight of 0 or more for each, not all 0."
            )

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, Sequence[LabelledRegion]]:
        share = np.asarray(self.weights, float) / np.sum(self.weights)
        return self.sources[int(rng.choice(len(self.sources), p=share))](rng)


@dataclass(frozen=True)
class CropSettings:
    """How a crop is taken from a page.

    Attributes:
        size: side of the square crop in pixels, a multiple of 16.
        scale: least and greatest enlargement of the page; a page that would fill too little of the crop is enlarged
            more.
        stretch: greatest extra enlargement of one axis, as a fraction.
        rotation: greatest turn in degrees; half of the crops are not turned at all.
        colour: strength of the changes of colour, 0 to 1.
    """

    size: int = 512
    scale: tuple[float, float] = (0.6, 1.6)
    stretch: float = 0.1
    rotation: float = 4.0
    colour: float = 1.0

    def __post_init__(self) -> None:
        if self.size < STRIDE or self.size % STRIDE:
            raise ConfigError(f"crop size {self.size}: give a multiple of {STRIDE}.")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ConfigError(f"crop scale {self.scale}: give two numbers above 0, the smaller one first.")


@dataclass(frozen=True)
class CropSampler:
    """Sample number -> crop and strips; the same number always gives the same crop.

    Attributes:
        source: where the pages come from.
        settings: how crops are taken.
        seed: of all randomness.
        crops_per_page: crops with neighbouring numbers that share a page, where rendering a page is dear.
        max_strips: rows of the padded strip array; None for two a position of the feature map.
    """

    source: PageSource
    settings: CropSettings = field(default_factory=CropSettings)
    seed: int = 0
    crops_per_page: int = 1
    max_strips: int | None = None

    def batch(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Crops number `first` to `first + count - 1`.

        Returns:
            images uint8 (count, size, size, 3), RGB; strips float32 (count, max_strips, 7), padded with zeros.
        """
        size = self.settings.size
        room = self.max_strips or 2 * (size // STRIDE) ** 2
        images = np.empty((count, size, size, 3), np.uint8)
        strips = np.full((count, room, STRIP_COLUMNS), PADDING, np.float32)
        page: tuple[np.ndarray, Sequence[LabelledRegion]] | None = None
        page_number = -1
        for place in range(count):
            number = first + place
            if page is None or number // self.crops_per_page != page_number:
                page_number = number // self.crops_per_page
                page = self.source(np.random.default_rng([self.seed, 0, page_number]))
            images[place], cut = take_crop(np.random.default_rng([self.seed, 1, number]), *page, self.settings)
            strips[place, : min(len(cut), room)] = cut[:room]
        return images, strips


def take_crop(
    rng: np.random.Generator, image: np.ndarray, regions: Sequence[LabelledRegion], settings: CropSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Take a random piece of a page, scaled, turned and recoloured.

    Args:
        rng: source of all randomness.
        image: (H, W, 3) uint8 BGR.
        regions: what is on the page.
        settings: see `CropSettings`.

    Returns:
        crop uint8 (size, size, 3), RGB; strips float32 (M, 7) of `anchors.strips_of_quads`.
    """
    scale, angle = _draw_geometry(rng, image.shape[:2], settings)
    centre = _draw_centre(rng, image.shape[:2], regions, settings.size / scale)
    crop, matrix = _cut(rng, image, centre, scale, angle, settings.size)
    quads = [np.asarray(r.quad, np.float64) @ matrix[:, :2].T + matrix[:, 2] for r in regions]
    kinds = [r.strip_kind for r in regions]
    strips = strips_of_quads(quads, kinds, (settings.size, settings.size))
    return recolour(rng, crop, settings.colour)[:, :, ::-1], strips


def _draw_geometry(rng: np.random.Generator, size: tuple[int, int], settings: CropSettings) -> tuple[np.ndarray, float]:
    """Scale of the two axes (x, y) and the turn in radians, for a page of `size` (height, width)."""
    # At this scale the longer side of the page spans the crop: below 3/4 of it, most of the crop would be empty.
    spanning = settings.size / max(size)
    low, high = np.log(np.maximum(settings.scale, (0.75 * spanning, spanning)))
    stretch = rng.uniform(-0.5, 0.5) * settings.stretch
    scale = np.exp(rng.uniform(low, high) + np.array([stretch, -stretch]))
    turned = rng.random() < 0.5
    return scale, np.radians(rng.uniform(-settings.rotation, settings.rotation)) if turned else 0.0


def _draw_centre(
    rng: np.random.Generator, size: tuple[int, int], regions: Sequence[LabelledRegion], window: np.ndarray
) -> np.ndarray:
    """Centre (x, y) of the piece on the page: mostly near a region, so that most crops hold text."""
    page = np.array(size[::-1], float)
    scored = [r for r in regions if not r.ignore and not r.other]
    if scored and rng.random() < 0.85:
        quad = np.asarray(scored[int(rng.integers(len(scored)))].quad, float)
        # A point along the line, so that long lines are not always seen at their middle.
        along = rng.random()
        point = (1 - along) * quad[[0, 3]].mean(axis=0) + along * quad[[1, 2]].mean(axis=0)
        centre = point + rng.uniform(-0.4, 0.4, 2) * window
    else:
        centre = rng.uniform(0, 1, 2) * page
    # Where the page is larger than the piece the piece stays on it; else the whole page stays in the piece.
    low, high = np.minimum(window / 2, page - window / 2), np.maximum(window / 2, page - window / 2)
    return np.clip(centre, low, high)


def _cut(
    rng: np.random.Generator, image: np.ndarray, centre: np.ndarray, scale: np.ndarray, angle: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The crop, and the 2x3 matrix that takes page coordinates (pixel edges) to it."""
    reach = (size / 2) * (abs(np.cos(angle)) + abs(np.sin(angle))) / scale + 2
    x1, y1 = np.floor(np.maximum(centre - reach, 0)).astype(int)
    x2, y2 = np.ceil(np.minimum(centre + reach, image.shape[1::-1])).astype(int)
    piece = np.ascontiguousarray(image[y1:y2, x1:x2])
    wanted = np.maximum(np.round(scale * (x2 - x1, y2 - y1)), 1).astype(int)
    scale = wanted / (x2 - x1, y2 - y1)
    method = cv2.INTER_AREA if scale.max() < 1 else cv2.INTER_LINEAR
    piece = cv2.resize(piece, (int(wanted[0]), int(wanted[1])), interpolation=method)

    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = (centre - (x1, y1)) * scale
    shift = size / 2 - turn @ middle
    if angle == 0.0:
        shift = np.round(shift)  # No second interpolation for a crop that is not turned.
    # warpAffine counts from pixel centres, half a pixel from the edges that quads count from.
    by_centres = np.column_stack([turn, shift + turn @ (0.5, 0.5) - 0.5])
    fill = [int(v) for v in np.median(piece.reshape(-1, 3)[:: max(1, piece.size // 3000)], axis=0)]
    if rng.random() < 0.3:
        fill = [int(v) for v in rng.integers(0, 256, 3)]
    crop = cv2.warpAffine(piece, by_centres, (size, size), flags=cv2.INTER_LINEAR, borderValue=fill)
    matrix = np.column_stack([turn * scale, shift - turn @ (scale * (x1, y1))])
    return crop, matrix


def recolour(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Change brightness, contrast, hue and sharpness, at times to grey, other or inverted colours; uint8 BGR."""
    if strength <= 0:
        return image
    out = image.astype(np.float32)
    if rng.random() < 0.15 * strength:
        out[:] = out.mean(axis=2, keepdims=True)
    if rng.random() < 0.12 * strength:
        out = 255.0 - out
    if rng.random() < 0.2 * strength:
        out = out[:, :, rng.permutation(3)]
    gain = 1 + strength * rng.uniform(-0.35, 0.25) + strength * rng.uniform(-0.08, 0.08, 3)
    out = (out - 128) * gain.astype(np.float32) + np.float32(128 + strength * rng.uniform(-35, 35))
    if rng.random() < 0.2 * strength:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.3 * strength:
        noise = rng.standard_normal((*out.shape[:2], 1), dtype=np.float32)
        out += noise * np.float32(rng.uniform(1, 12))
    out = np.clip(out, 0, 255).astype(np.uint8)
    if rng.random() < 0.3 * strength:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return out


@dataclass(frozen=True)
class RenderedPages:
    """Pages that `ctpn_crnn.synthesis` renders; fonts and text are loaded at the first page, once a process.

    Attributes:
        corpus: folder of .txt files; None for the few sentences that are built in.
        fonts: folders of fonts; None for those of the system.
        photos: folder of photos without text to write on; None for plain grounds.
        sizes: (height, width) of the pages in pixels, one of which is drawn for each page.
    """

    corpus: Path | None = None
    fonts: tuple[Path, ...] | None = None
    photos: Path | None = None
    sizes: tuple[tuple[int, int], ...] = ((640, 640), (896, 704), (640, 896))

    def __call__(self, rng: np.random.Generator) -> tuple[np.ndarray, list[LabelledRegion]]:
        size = self.sizes[int(rng.integers(len(self.sizes)))]
        synthesizer = _synthesizer(self.corpus, self.fonts, self.photos, size)
        for _ in range(_ATTEMPTS):
            try:
                page = synthesizer(rng)
            except Exception as error:
                # One page in thousands that cannot be rendered must not end a training of hours.
                _log.warning("a page could not be rendered (%s: %s)", type(error).__name__, error)
                continue
            return page.image, [LabelledRegion(r.quad, r.kind) for r in page.regions]
        raise SynthesisError(f"{_ATTEMPTS} pages in a row could not be rendered; the log says why.")


@functools.lru_cache(maxsize=16)
def _synthesizer(
    corpus: Path | None, fonts: tuple[Path, ...] | None, photos: Path | None, size: tuple[int, int]
) -> PageSynthesizer:
    from ctpn_crnn.synthesis.pages import PageSynthesizer

    return PageSynthesizer(_library(fonts), _corpus(corpus), _pictures(photos), size)


@functools.lru_cache(maxsize=2)
def _library(fonts: tuple[Path, ...] | None) -> FontLibrary:
    from ctpn_crnn.synthesis.fonts import FontLibrary

    return FontLibrary.discover(fonts)


@functools.lru_cache(maxsize=2)
def _corpus(folder: Path | None) -> Corpus:
    from ctpn_crnn.synthesis.text import Corpus

    return Corpus(folder)


def _pictures(folder: Path | None) -> list[Path] | None:
    if folder is None:
        return None
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder of photos; check the path, or leave it out for plain grounds.")
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))

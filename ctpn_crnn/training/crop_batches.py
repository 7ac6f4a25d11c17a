"""Training crops of the detector: a random piece of a page, scaled, turned and recoloured, and its strips.

Nothing here imports Keras, so that worker processes stay small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ctpn_crnn.ctpn.anchors import PADDING, STRIP_COLUMNS, strips_of_quads
from ctpn_crnn.ctpn.spec import STRIDE
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.training.labelled_regions import LabelledRegion
from ctpn_crnn.training.page_sources import PageSource
from ctpn_crnn.training.recolouring import recolour


@dataclass(frozen=True)
class CropSettings:
    """How a crop is taken from a page.

    Attributes:
        size: Side of the square crop in pixels, a multiple of 16.
        scale: Smallest and largest magnification of the page.
        filling: Share of the crop that the longer side of a page spans at least: smaller pages are magnified more.
        stretch: Largest difference between the magnifications of the two axes, as a share.
        rotation: Largest rotation in degrees, either way.
        rotated: Share of crops that are rotated.
        colour: Strength of the changes of colour, 0 to 1.
        near_text: Share of crops that are taken near a region, where there is one; the others are taken anywhere.
        offset: Largest distance of the centre of such a crop from the line, as a share of the crop, on each axis.
        any_border: Share of crops whose outside of the page has a random colour; otherwise it has that of the page.

    Raises:
        ConfigError: A size or scale out of its range.
    """

    size: int = 512
    scale: tuple[float, float] = (0.6, 1.6)
    filling: float = 0.75
    stretch: float = 0.1
    rotation: float = 4.0
    rotated: float = 0.5
    colour: float = 1.0
    near_text: float = 0.85
    offset: float = 0.4
    any_border: float = 0.3

    def __post_init__(self) -> None:
        if self.size < STRIDE or self.size % STRIDE:
            raise ConfigError(f"crop size {self.size}: give a multiple of {STRIDE}.")
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ConfigError(f"crop scale {self.scale}: give two numbers above 0, the smaller one first.")


@dataclass(frozen=True)
class CropSampler:
    """Makes crop and strips of each number; the same number always gives the same crop.

    Attributes:
        source: Gives the pages.
        settings: How crops are taken.
        seed: Seed of all randomness.
        crops_per_page: Crops with neighbouring numbers that share a page, since rendering a page takes long.
        max_strips: Rows of the padded array of strips; None for two to each position of the feature map.
    """

    source: PageSource
    settings: CropSettings = field(default_factory=CropSettings)
    seed: int = 0
    crops_per_page: int = 1
    max_strips: int | None = None

    @property
    def strip_rows(self) -> int:
        """Rows of the array of strips of a crop."""
        return self.max_strips or 2 * (self.settings.size // STRIDE) ** 2

    def batch(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Make the crops number `first` to `first + count - 1`.

        Returns:
            images uint8 (count, size, size, 3), RGB; strips float32 (count, max_strips, 7), padded with zeros.
        """
        size, room = self.settings.size, self.strip_rows
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


@dataclass(frozen=True)
class CropBatches:
    """Makes batches of crops, as a `batches.BatchMaker`.

    A batch is ((images, strips),), as `CropSampler.batch` returns them; batch b holds the crops b * batch_size and on.

    Attributes:
        sampler: Makes the crops.
        batch_size: Crops of a batch.

    Raises:
        ConfigError: A batch without crops.
    """

    sampler: CropSampler
    batch_size: int

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ConfigError(f"--batch-size {self.batch_size}: give 1 or more.")

    @property
    def signature(self) -> tuple:
        """Shapes and types of a batch."""
        size = self.sampler.settings.size
        images = ((None, size, size, 3), "uint8")
        return ((images, ((None, self.sampler.strip_rows, STRIP_COLUMNS), "float32")),)

    @property
    def smallest(self) -> int:
        """Number of crops of a batch."""
        return self.batch_size

    def size(self, number: int) -> int:
        """Return the number of crops of a batch."""
        return self.batch_size

    def open(self) -> Callable[[int], tuple[tuple, int]]:
        """Return `make`; pages are loaded when they are drawn."""
        return self.make

    def make(self, number: int) -> tuple[tuple, int]:
        """Return a batch, and 0: no crop is left out."""
        return (self.sampler.batch(number * self.batch_size, self.batch_size),), 0


def take_crop(
    rng: np.random.Generator, image: np.ndarray, regions: Sequence[LabelledRegion], settings: CropSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Take a random piece of a page, scaled, turned and recoloured.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) uint8 BGR.
        regions: What is on the page.
        settings: How the piece is taken.

    Returns:
        crop uint8 (size, size, 3), RGB; strips float32 (M, 7) of `anchors.strips_of_quads`.
    """
    scale, angle = _draw_geometry(rng, image.shape[:2], settings)
    centre = _draw_centre(rng, image.shape[:2], regions, settings, settings.size / scale)
    crop, matrix = _cut(rng, image, centre, scale, angle, settings)
    quads = [np.asarray(r.quad, np.float64) @ matrix[:, :2].T + matrix[:, 2] for r in regions]
    kinds = [r.strip_kind for r in regions]
    strips = strips_of_quads(quads, kinds, (settings.size, settings.size))
    return recolour(rng, crop, settings.colour)[:, :, ::-1], strips


def _draw_geometry(rng: np.random.Generator, size: tuple[int, int], settings: CropSettings) -> tuple[np.ndarray, float]:
    """Draw the magnification of the two axes (x, y) and the rotation in radians, for a page of (height, width)."""
    # At this scale the longer side of the page spans the crop.
    spanning = settings.size / max(size)
    low, high = np.log(np.maximum(settings.scale, (settings.filling * spanning, spanning)))
    stretch = rng.uniform(-0.5, 0.5) * settings.stretch
    scale = np.exp(rng.uniform(low, high) + np.array([stretch, -stretch]))
    turned = rng.random() < settings.rotated
    return scale, np.radians(rng.uniform(-settings.rotation, settings.rotation)) if turned else 0.0


def _draw_centre(
    rng: np.random.Generator,
    size: tuple[int, int],
    regions: Sequence[LabelledRegion],
    settings: CropSettings,
    window: np.ndarray,
) -> np.ndarray:
    """Draw the centre (x, y) of the piece on the page: mostly near a region, so that most crops hold text."""
    page = np.array(size[::-1], float)
    scored = [r for r in regions if not r.ignore and not r.other]
    if scored and rng.random() < settings.near_text:
        quad = np.asarray(scored[int(rng.integers(len(scored)))].quad, float)
        # A point along the line, so that long lines are not always seen at their middle.
        along = rng.random()
        point = (1 - along) * quad[[0, 3]].mean(axis=0) + along * quad[[1, 2]].mean(axis=0)
        centre = point + rng.uniform(-settings.offset, settings.offset, 2) * window
    else:
        centre = rng.uniform(0, 1, 2) * page
    # Where the page is larger than the piece the piece stays on it; else the whole page stays in the piece.
    low, high = np.minimum(window / 2, page - window / 2), np.maximum(window / 2, page - window / 2)
    return np.clip(centre, low, high)


def _cut(
    rng: np.random.Generator,
    image: np.ndarray,
    centre: np.ndarray,
    scale: np.ndarray,
    angle: float,
    settings: CropSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the crop, and the 2x3 matrix that maps page coordinates (pixel edges) to it."""
    size = settings.size
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
    if rng.random() < settings.any_border:
        fill = [int(v) for v in rng.integers(0, 256, 3)]
    crop = cv2.warpAffine(piece, by_centres, (size, size), flags=cv2.INTER_LINEAR, borderValue=fill)
    matrix = np.column_stack([turn * scale, shift - turn @ (scale * (x1, y1))])
    return crop, matrix

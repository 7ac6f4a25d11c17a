"""Views: images as the network sees them, no larger than their text needs.

A photograph is shown as in the paper, by its short side. A page says by itself how large it has to be: its small print
must keep some pixels, its margins can go. The cost of the network is that of its pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ctpn_crnn.geometry import Quad, clip_quad
from ctpn_crnn.refine.paper import Paper


@dataclass(frozen=True)
class ScaleParams:
    """How large an image is shown to the network.

    Attributes:
        short_side: Least short side in pixels (paper, section 4: 600). Smaller images are enlarged.
        max_side: Largest long side in pixels, of a long image that is shown in tiles: of a tile. Bounds the memory.
        tiled_short_side: Largest short side in pixels of a long image that is shown in tiles, if its print has no
            height that could be measured: as of a picture of 4 : 3 whose long side is `max_side`.
        max_enlargement: Largest factor by which a small image is enlarged; beyond it only blur is added.
        small_print: Height in pixels to which the ink of a page's small print may be shrunk, if the page need not be
            enlarged; None: pages are shown as photographs are, margins and all. Chosen on: rendered pages.
        min_scale: Smallest factor by which a page is shrunk on account of its print: narrow gaps between columns would
            close. Chosen on: rendered pages.
        page_enlargement: Largest factor by which a page is enlarged until its small print is `small_print` high.
        formula_print: The same as `small_print` for a page with formulas: the signs of one in running text are as
            narrow as a strip in full size. Chosen on: rendered pages.
        formula_enlargement: The same as `page_enlargement` for a page with formulas. Chosen on: rendered pages.
        margin: Blank strides left around what is on a page: the network learnt that ground surrounds text.
        coarse: Factors by which a view is shrunk to find large text: with anchors of up to 273 px, text that is higher
            than a third of the short side is not found in the view itself.
        min_side: Images with a side of fewer pixels hold no legible text.
    """

    short_side: int = 600
    max_side: int = 1792
    tiled_short_side: int = 1344
    max_enlargement: float = 3.0
    small_print: float | None = 9.5
    min_scale: float = 0.66
    page_enlargement: float = 1.0
    formula_print: float = 22.0
    formula_enlargement: float = 1.8
    margin: int = 2
    coarse: tuple[float, ...] = (0.25, 0.125)
    min_side: int = 4

    def for_formulas(self) -> ScaleParams:
        """Return the parameters for a second, closer view of a page with formulas."""
        least = None if self.small_print is None else max(self.small_print, self.formula_print)
        return replace(self, small_print=least, page_enlargement=self.formula_enlargement)


DEFAULTS = ScaleParams()


@dataclass(frozen=True, eq=False)
class View:
    """An image as the network sees it.

    Attributes:
        pixels: uint8 (H, W, 3) RGB, both sides multiples of the network's stride.
        size: (height, width) of it without padding.
        grey: uint8, the whole source image.
        page: Whether that is a page, see `paper.Paper.is_page`.
        scales: (x, y) from source to view.
        corner: (x, y) in the source of the view's top left.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    grey: np.ndarray
    page: bool
    scales: tuple[float, float]
    corner: tuple[float, float] = (0, 0)

    def to_source(self, quad: Quad) -> Quad:
        """Return a quad of the view in pixels of the source, inside of it."""
        points = quad / np.array(self.scales, np.float32) + np.array(self.corner, np.float32)
        return clip_quad(points, self.grey.shape)


def view_of(image: np.ndarray, stride: int, params: ScaleParams = DEFAULTS) -> View | None:
    """Return what the network is to see of an image.

    Args:
        image: uint8 BGR (H, W, 3).
        stride: Of the network, in pixels.
        params: How large it is shown.

    Returns:
        The view; None for an image of one colour, or with a side below `ScaleParams.min_side`.
    """
    height, width = image.shape[:2]
    if min(height, width) < params.min_side or (image == image[0, 0]).all():
        return None
    most = params.max_side / max(height, width)
    if _is_too_long(height, width, params):  # its print says how large it is shown, in tiles (`refine.tiles`)
        most = min(1.0, params.tiled_short_side / min(height, width))
    scale = min(max(1.0, params.short_side / min(height, width)), params.max_enlargement, most)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    paper = Paper(grey)
    x1, y1, x2, y2 = 0, 0, width, height
    if params.small_print is not None:
        found = paper.print_height() if scale <= 1 or params.page_enlargement > 1 else None
        if found is not None:
            most = min(max(scale, params.page_enlargement), most)
            scale = min(most, max(params.min_scale, params.small_print / found))
        x1, y1, x2, y2 = paper.content_box(round(params.margin * stride / scale))
    size = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    image = image[y1:y2, x1:x2]
    if size != (x2 - x1, y2 - y1):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    scales = size[0] / (x2 - x1), size[1] / (y2 - y1)
    right, bottom = -size[0] % stride, -size[1] % stride
    padded = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=cv2.mean(image)[:3])
    return View(cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), size[::-1], grey, paper.is_page, scales, (x1, y1))


def _is_too_long(height: int, width: int, params: ScaleParams) -> bool:
    """Return whether `ScaleParams.max_side` would squeeze the short side of an image below what the network needs."""
    scale = params.max_side / max(height, width)
    return scale < 1 and scale * min(height, width) < params.short_side


def coarse_view(view: View, factor: float, stride: int) -> View:
    """Return a view shrunk by a factor, with a stride of ground around it: large text may fill the whole image."""
    height, width = view.size
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small = cv2.resize(view.pixels[:height, :width], size, interpolation=cv2.INTER_AREA)
    right, bottom = -size[0] % stride, -size[1] % stride
    pixels = cv2.copyMakeBorder(small, stride, stride + bottom, stride, stride + right, cv2.BORDER_REPLICATE)
    scales = view.scales[0] * size[0] / width, view.scales[1] * size[1] / height
    corner = view.corner[0] - stride / scales[0], view.corner[1] - stride / scales[1]
    return View(pixels, pixels.shape[:2], view.grey, view.page, scales, corner)


def groups_of(views: Sequence[View | None], max_pixels: int) -> Iterator[list[int]]:
    """Yield indices of views of one padded size, as many at once as are within `max_pixels` (or one)."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for i, view in enumerate(views):
        if view is not None:
            by_size.setdefault(view.pixels.shape[:2], []).append(i)
    for (height, width), members in by_size.items():
        most = max(1, max_pixels // (height * width))
        for start in range(0, len(members), most):
            yield members[start : start + most]

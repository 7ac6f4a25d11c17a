"""Detector: an image in, regions with text and formulas out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.ctpn.decode import Proposals, decode_heads, suppress_columns
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.formulas import connect_formulas
from ctpn_crnn.ctpn.line_params import DEFAULTS as LINES
from ctpn_crnn.ctpn.line_params import LineParams
from ctpn_crnn.ctpn.spec import STRIDE, CTPNSpec
from ctpn_crnn.ctpn.text_lines import connect
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.geometry import Rotation, clip_quad, quad_size
from ctpn_crnn.page import Region
from ctpn_crnn.refine.large_text import DEFAULTS as LARGE_TEXT
from ctpn_crnn.refine.large_text import with_large_lines
from ctpn_crnn.refine.page_lines import DEFAULTS as PAGE_LINES
from ctpn_crnn.refine.page_lines import Source, improve_lines
from ctpn_crnn.refine.scales import DEFAULTS as SCALES
from ctpn_crnn.refine.scales import ScaleParams, View, coarse_view, groups_of, view_of
from ctpn_crnn.refine.tiles import predict_in_tiles
from ctpn_crnn.refine.upright import lean_turn
from ctpn_crnn.runtime import Network, load_network

MAX_BATCH_PIXELS = 1248 * 1760
"""Images that the network sees at once: one A4 page at 150 dpi, or several photos. Bounds the memory, about 2 GB at
float32."""


class Detector:
    """Find lines of text and formulas with CTPN (Tian et al., ECCV 2016, arXiv 1609.03605).

    An image is set upright if it is a leaning page (`refine.upright`), scaled (`refine.scales`), and seen by the
    network, whose strips are joined to lines (`text_lines`); those that look like formulas also to formulas
    (`formulas`), which lie on the lines that they are part of. On a page, lines are then fitted to their ink
    (`refine.page_lines`). A page with formulas is seen a second time, larger; every image is seen much smaller too, for
    characters that fill it (`refine.large_text`).

    Args:
        weights: A weights file; the shipped one when None.
        runtime: "auto", "keras" or "onnx": what runs the network.
        precision: "auto", "float32", "bfloat16" or "int8", see `runtime.load_network`.
        short_side: Least short side that the network sees, in pixels (paper: 600). Smaller images are enlarged, at most
            threefold.
        max_side: Largest long side that the network sees at once, in pixels. Bounds the memory. Images so long that
            their short side would become shorter than `short_side` are seen in tiles (`refine.tiles`).
        small_print: Height in pixels to which the ink of a page's small print may be shrunk; None: pages are shown as
            photographs are.
        min_score: Least probability of a strip (paper: .7). A weak strip should not break a line, whose mean score
            decides. Chosen on: pictures of the training sets.
        nms_overlap: IoU from which the weaker of two strips in one column is dropped.
        level: Set leaning pages upright first. What is found is given in pixels of the image all the same.
        lines: Parameters of the connector.
        fit_ink: Fit the lines of a page to their ink, and find the cells that stand in one row with them; give those of
            a photograph some room.
        weak_score: With ``fit_ink``: strips of at least this probability make lines too, if ink is found there. Chosen
            on: 16 rendered pages.
        large_text: Look for characters up to the height of the image too, in coarser views (`refine.large_text`).
        network: A loaded network, used in place of ``weights``, ``runtime`` and ``precision``.

    Raises:
        ConfigError: A parameter is out of its range.
        WeightsError: The weights are missing, damaged, or not those of a CTPN.

    Example:
        >>> for region in Detector().detect("page.jpg"):  # doctest: +SKIP
        ...     print(region.kind, region.score, region.quad.tolist())
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        runtime: str = "auto",
        precision: str = "auto",
        *,
        short_side: int = SCALES.short_side,
        max_side: int = SCALES.max_side,
        small_print: float | None = SCALES.small_print,
        min_score: float = 0.5,
        nms_overlap: float = 0.3,
        level: bool = True,
        lines: LineParams = LINES,
        fit_ink: bool = True,
        weak_score: float = 0.45,
        large_text: bool = True,
        network: Network | None = None,
    ) -> None:
        if not STRIDE <= short_side <= max_side:
            raise ConfigError(
                f"short_side is {short_side!r} and max_side is {max_side!r}: give pixels with "
                f"{STRIDE} <= short_side <= max_side, for example 600 and 1792."
            )
        if small_print is not None and not small_print > 0:
            raise ConfigError(f"small_print is {small_print!r}: give a height in pixels above 0, or None.")
        for name, value in (("min_score", min_score), ("nms_overlap", nms_overlap), ("weak_score", weak_score)):
            if not 0 < value < 1:
                raise ConfigError(f"{name} is {value!r}: give a number between 0 and 1.")
        self.scales = ScaleParams(short_side=short_side, max_side=max_side, small_print=small_print)
        if not large_text:
            self.scales = replace(self.scales, coarse=())
        self.min_score = min_score
        self.nms_overlap = nms_overlap
        self.level = level
        self.lines = lines
        self.fit_ink = fit_ink
        self.weak_score = min(weak_score, min_score)
        self._least_score = self.weak_score if fit_ink else min_score
        self.network = network if network is not None else load_network(CTPN_DEFINITION, weights, runtime, precision)
        spec = CTPNSpec.from_config(self.network.config)
        if spec.stride != STRIDE:
            raise WeightsError(
                f"{weights or 'the detector'} has a stride of {spec.stride} px, but this release works with {STRIDE}: "
                "give weights that were trained with it"
            )
        self._classes, self._heights = spec.classes, spec.heights

    def detect(self, image: Any) -> list[Region]:
        """Find the regions of one image.

        Args:
            image: Path, bytes, PIL image, or array (grey, BGR as ``cv2.imread`` gives it, BGRA).

        Returns:
            Regions in source pixels, sorted by kind ("text" first), then strongest evidence first; empty for an image
            without text.

        Raises:
            ImageError: The image cannot be read.
        """
        return self.detect_batch([image])[0]

    def detect_batch(self, images: Iterable[Any]) -> list[list[Region]]:
        """Find the regions of several images; those that the network sees at one size go through it together.

        Args:
            images: As for ``detect``. All are loaded before the first one is looked at.

        Returns:
            The regions of each image, in the order of ``images``.

        Raises:
            ImageError: An image cannot be read.
        """
        loaded = [load_image(image) for image in images]
        turns = [lean_turn(image) if self.level else Rotation(0.0, *image.shape[1::-1]) for image in loaded]
        levelled = [turn.apply(image) for turn, image in zip(turns, loaded, strict=True)]
        found = self._found(levelled)
        return [[_turned_back(region, turn) for region in regions] for turn, regions in zip(turns, found, strict=True)]

    def _found(self, images: Sequence[np.ndarray]) -> list[list[Region]]:
        """Return the regions of each image, looking at pages with formulas twice."""
        views = [view_of(image, STRIDE, self.scales) for image in images]
        regions = self._seen(views)
        closer = [self._closer_view(*seen) for seen in zip(images, views, regions, strict=True)]
        seen_again = self._seen(closer)
        best = [regions[i] if closer[i] is None else seen_again[i] for i in range(len(images))]
        return [with_large_lines(seen, large) for seen, large in zip(best, self._large_lines(views), strict=True)]

    def _closer_view(self, image: np.ndarray, view: View | None, regions: list[Region]) -> View | None:
        """Return a larger view of a page on which there are formulas, if its print is small; otherwise None."""
        if self.scales.small_print is None or view is None or not any(r.kind == "formula" for r in regions):
            return None
        closer = view_of(image, STRIDE, self.scales.for_formulas())
        return closer if closer is not None and closer.scales[0] > view.scales[0] else None

    def _large_lines(self, views: Sequence[View | None]) -> list[list[Region]]:
        """Return lines too high for each view, seen in coarser ones, the coarsest first."""
        lines = replace(self.lines, sure_strip=None)
        large: list[list[Region]] = [[] for _ in views]
        for factor in sorted(self.scales.coarse):
            coarse = [None if view is None else coarse_view(view, factor, STRIDE) for view in views]
            for i, proposals in self._proposals(coarse):
                found = self._lines(proposals, coarse[i], self.min_score, lines)
                found = [r for r in found if quad_size(r.quad)[1] >= LARGE_TEXT.min_height * STRIDE]
                large[i] += [_in_source(region, coarse[i]) for region in found]
        return large

    def _seen(self, views: Sequence[View | None]) -> list[list[Region]]:
        """Return the regions of each view, none for None."""
        regions: list[list[Region]] = [[] for _ in views]
        for i, proposals in self._proposals(views):
            regions[i] = self._regions(proposals, views[i])
        return regions

    def _proposals(self, views: Sequence[View | None]) -> Iterator[tuple[int, Proposals]]:
        """Yield the index of each view with the strips that the network sees in it."""
        for group in groups_of(views, MAX_BATCH_PIXELS):
            pixels = np.stack([views[i].pixels for i in group])
            heads = predict_in_tiles(self.network.predict, pixels, STRIDE, self.scales.max_side)
            strips = decode_heads(
                *heads, heights=self._heights, min_score=self._least_score, max_overlap=self.nms_overlap
            )
            yield from zip(group, strips, strict=True)

    def _regions(self, proposals: Proposals, view: View) -> list[Region]:
        """Join the strips of a view to regions, in pixels of its source."""
        # On photographs what is half sure is leaves and tiles.
        lines = self.lines if view.page else replace(self.lines, sure_strip=None)
        text = self._lines(proposals, view, self.min_score, lines)
        regions = text + self._other_regions(proposals, view, lines)
        if not self.fit_ink:
            return [_in_source(region, view) for region in regions]
        # The strong strips are joined by themselves, so that weak ones never change a line that is sure.
        least = replace(self.lines, min_line_score=self.weak_score, min_single_score=self.weak_score)
        weak = self._lines(proposals, view, self.weak_score, least)
        return improve_lines(
            Source(view.grey, view.page, STRIDE / view.scales[1], self._sure_text(proposals, view)),
            [_in_source(region, view) for region in regions],
            [_in_source(region, view) for region in weak],
        )

    def _sure_text(self, proposals: Proposals, view: View) -> np.ndarray:
        """Return the boxes (S, 4), in pixels of the source, of strips that are part of a line for sure."""
        boxes = proposals.boxes[self._is_written(proposals) & (proposals.scores >= PAGE_LINES.sure_text)]
        return view.to_source(boxes.reshape(-1, 2)).reshape(-1, 4)

    def _lines(self, proposals: Proposals, view: View, least: float, params: LineParams) -> list[Region]:
        """Return the lines, in pixels of the view, of strips with a score of at least `least`.

        A formula in a line is part of it: of the strips of both classes at one place the better one counts.
        """
        mine = np.flatnonzero(self._is_written(proposals) & (proposals.scores >= least))
        columns, y1, _, y2 = proposals.boxes[mine].T
        mine = mine[suppress_columns(columns, y1, y2, proposals.scores[mine], self.nms_overlap)]
        found = connect(proposals.boxes[mine], proposals.scores[mine], proposals.sides[mine], view.size, params)
        return [Region(quad, score, "text") for quad, score in found]

    def _is_written(self, proposals: Proposals) -> np.ndarray:
        """Return which strips (P,) are text or formula: what lines are made of."""
        return np.isin(np.array(self._classes)[proposals.kinds], ("text", "formula"))

    def _other_regions(self, proposals: Proposals, view: View, params: LineParams) -> list[Region]:
        """Return formulas and regions of classes beyond, in pixels of the view."""
        regions = []
        for index, kind in enumerate(self._classes):
            if index == 0 or kind == "text":
                continue
            mine = (proposals.kinds == index) & (proposals.scores >= self.min_score)
            join = connect_formulas if kind == "formula" else connect
            found = join(proposals.boxes[mine], proposals.scores[mine], proposals.sides[mine], view.size, params)
            regions += [Region(quad, score, kind) for quad, score in found]
        return regions


def _in_source(region: Region, view: View) -> Region:
    """Return a region of a view in pixels of its source."""
    return replace(region, quad=view.to_source(region.quad))


def _turned_back(region: Region, turn: Rotation) -> Region:
    """Return a region of a turned image in pixels of its source."""
    return replace(region, quad=clip_quad(turn.to_source(region.quad), (turn.height, turn.width)))

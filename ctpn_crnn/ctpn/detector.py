"""Detector: an image in, regions with text and formulas out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctpn_crnn.ctpn.anchors import ANCHOR_HEIGHTS, STRIDE
from ctpn_crnn.ctpn.decode import Proposals, decode_heads
from ctpn_crnn.ctpn.ink import fit_to_ink, rest_of_rows, trim_to_ink
from ctpn_crnn.ctpn.rules import without_rules
from ctpn_crnn.ctpn.text_lines import DEFAULTS, LineParams, connect, connect_formulas
from ctpn_crnn.ctpn.views import View, groups_of, view_of
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.geometry import Quad, clip_quad, intersection_area, quad_area, quad_size
from ctpn_crnn.images import load_image
from ctpn_crnn.runtime import Network, load_network

CLASSES = ("background", "text", "formula")

MAX_BATCH_PIXELS = 1248 * 1760
"""Images that the network sees at once: one A4 page at 150 dpi, or several photos. Bounds the memory, about 2 GB at
float32."""

INSIDE = 0.5
"""Text of which more than this share lies in a formula is part of the formula; a weak line, part of the sure ones."""

FORMULA_LENIENCE = 0.1
"""Strips of formulas may score so much less than those of text: what stands around a fraction makes up for them. Chosen
on pictures of the training set."""

PAGE_LINES = 8
"""Weak lines are looked for where at least so many sure ones, and half of all, were fitted to ink: on a page, not on a
photograph."""

ROW_SCORE = 0.4
"""Score of text that CTPN did not see, but that stands in one row with lines of a page."""

TALL = 2 * STRIDE
"""Lines higher than this, in pixels of the view, CTPN places well: its strips are coarse for small print only."""

SAME_INK = 0.6
"""A tall line is fitted to ink only if line and ink agree so far, as IoU: on a photograph other ink is no letters."""

IN_ROW = 0.5
"""A formula that shares more than this part of its rows, or of a line's, with the line stands in it, ..."""

LEAST_PIECE = 0.4
"""... and what it leaves of the line must be as long as this, in heights of the line."""

SAME_LINE = 0.5
"""Of two fitted lines that share more than this part of the smaller one, the weaker is dropped."""


@dataclass(frozen=True, eq=False)
class Region:
    """A line of text or a formula.

    Attributes:
        quad: float32 (4, 2), pixels of the source image, clockwise from the text's own top left.
        score: Mean probability of the strips it was made of, 0..1.
        kind: "text" or "formula".
    """

    quad: Quad
    score: float
    kind: str


class Detector:
    """Finds lines of text and formulas with CTPN (Tian et al., ECCV 2016, arXiv 1609.03605).

    An image is enlarged until its short side reaches ``short_side`` (at most threefold), then shrunk if its long side
    exceeds ``max_side``. A page, ink on an even ground, loses its margins and shrinks as far as its small print allows
    (``ctpn_crnn.ctpn.views``).

    Args:
        weights: A weights file; the shipped one when None.
        runtime: "auto", "keras" or "onnx": what runs the network.
        precision: "auto", "float32", "bfloat16" or "int8", see `runtime.load_network`.
        short_side: Least short side that the network sees, in pixels (paper: 600).
        max_side: Largest long side that the network sees, in pixels. Bounds the memory.
        small_print: Height in pixels to which the ink of a page's small print may be shrunk; None: pages are shown as
            photographs are.
        min_score: Least probability of a strip (paper: .7). A weak strip should not break a line, whose mean score
            decides; chosen on pictures of the training sets.
        nms_overlap: Overlap above which the weaker of two strips in one column is dropped, as IoU.
        lines: Parameters of the connector.
        fit_ink: Fit lines on an even ground to their ink, and find the cells of a page that stand in one row with them
            (``ctpn_crnn.ctpn.ink``).
        weak_score: With ``fit_ink``: strips of at least this probability make lines too, if ink is found there.
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
        short_side: int = 600,
        max_side: int = 1792,
        small_print: float | None = 9.5,
        min_score: float = 0.5,
        nms_overlap: float = 0.3,
        lines: LineParams = DEFAULTS,
        fit_ink: bool = True,
        weak_score: float = 0.45,
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
        self.short_side = short_side
        self.max_side = max_side
        self.small_print = small_print
        self.min_score = min_score
        self.nms_overlap = nms_overlap
        self.lines = lines
        self.fit_ink = fit_ink
        self.weak_score = min(weak_score, min_score)
        self._least_score = min(self.weak_score if fit_ink else min_score, max(0.0, min_score - FORMULA_LENIENCE))
        self.network = network if network is not None else load_network("ctpn", weights, runtime, precision)
        self._classes = tuple(self.network.config.get("classes", CLASSES))
        self._heights = tuple(self.network.config.get("heights", ANCHOR_HEIGHTS))

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
        views = [view_of(load_image(image), self.short_side, self.max_side, self.small_print) for image in images]
        regions: list[list[Region]] = [[] for _ in views]
        for group in groups_of(views, MAX_BATCH_PIXELS):
            heads = self.network.predict(np.stack([views[i].pixels for i in group]))
            strips = decode_heads(
                *heads, heights=self._heights, min_score=self._least_score, max_overlap=self.nms_overlap
            )
            for i, proposals in zip(group, strips, strict=True):
                regions[i] = self._regions(proposals, views[i])
        return regions

    def _regions(self, proposals: Proposals, view: View) -> list[Region]:
        regions = _without_text_in_formulas(self._connected(proposals, view, self.min_score, self.lines))
        if not self.fit_ink:
            return [_in_source(region, view) for region in regions]
        # The strong strips are joined by themselves, so that weak ones never change a line that is sure.
        least = replace(self.lines, min_line_score=self.weak_score, min_single_score=self.weak_score)
        weak = self._connected(proposals, view, self.weak_score, least, kinds=("text",))
        weak = _outside(weak, [r for r in regions if r.kind == "formula"])
        return _fitted(
            view.grey,
            [_in_source(region, view) for region in regions],
            [_in_source(region, view) for region in weak],
            TALL / view.scales[1],
        )

    def _connected(
        self, proposals: Proposals, view: View, least: float, lines: LineParams, kinds: Collection[str] | None = None
    ) -> list[Region]:
        """Return the regions, of these kinds or of all, of strips with a score of at least `least`, in pixels of the
        view."""
        regions = []
        for index, kind in enumerate(self._classes):
            if index == 0 or (kinds is not None and kind not in kinds):
                continue
            lowest = least - FORMULA_LENIENCE if kind == "formula" else least
            mine = (proposals.kinds == index) & (proposals.scores >= lowest)
            join = connect_formulas if kind == "formula" else connect
            found = join(proposals.boxes[mine], proposals.scores[mine], proposals.sides[mine], view.size, lines)
            regions += [Region(quad, score, kind) for quad, score in found]
        return regions


def _in_source(region: Region, view: View) -> Region:
    return replace(region, quad=view.to_source(region.quad))


def _without_text_in_formulas(regions: list[Region]) -> list[Region]:
    """Drop text that lies inside a formula, so that nothing is reported twice."""
    formulas = [r for r in regions if r.kind == "formula"]
    others = [r for r in regions if r.kind not in ("text", "formula")]
    return _outside([r for r in regions if r.kind == "text"], formulas) + formulas + others


def _outside(regions: list[Region], others: list[Region]) -> list[Region]:
    """Return the regions of which no more than `INSIDE` lies in the other ones."""
    if not others:
        return regions
    corners = np.stack([r.quad for r in others])
    low, high = corners.min(axis=1), corners.max(axis=1)

    def covered(region: Region) -> bool:
        near = ((region.quad.min(axis=0) < high) & (region.quad.max(axis=0) > low)).all(axis=1)
        common = sum(intersection_area(region.quad, others[i].quad) for i in np.flatnonzero(near))
        return common > INSIDE * quad_area(region.quad)

    return [r for r in regions if not covered(r)]


def _fitted(grey: np.ndarray, sure: list[Region], weak: list[Region], tall: float) -> list[Region]:
    """Fit text and formulas to their ink; of the weak lines those stay that ink confirms and that are not yet there."""
    formulas = [replace(r, quad=clip_quad(trim_to_ink(grey, r.quad), grey.shape)) for r in sure if r.kind == "formula"]
    text = [r for r in sure if r.kind == "text"]
    if text:
        grey = without_rules(grey, float(np.median([quad_size(r.quad)[1] for r in text])))
    fits = _fits(grey, text, tall)
    kept = _with_quads(text, [[r.quad] if quads is None else quads for r, quads in zip(text, fits)], grey.shape)
    fitted = sum(bool(quads) for quads in fits)
    if fitted >= max(PAGE_LINES, len(fits) / 2):
        weak = _outside(weak, kept)
        kept += _with_quads(weak, [quads or [] for quads in _fits(grey, weak, tall)], grey.shape)
        kept = _distinct(kept)
        pieces = rest_of_rows(grey, [r.quad for r in kept])
        kept += [Region(clip_quad(quad, grey.shape), ROW_SCORE, "text") for quad in pieces]
    lines = _cut_by(_distinct(kept), [r.quad for r in formulas])
    return lines + formulas + [r for r in sure if r.kind not in ("text", "formula")]


def _cut_by(lines: list[Region], formulas: list[Quad]) -> list[Region]:
    """Take the formulas out of the lines in which they stand: the ink of a line runs on over them."""
    if not formulas:
        return lines
    return [replace(line, quad=piece) for line in lines for piece in _pieces_beside(line.quad, formulas)]


def _pieces_beside(quad: Quad, others: list[Quad]) -> list[Quad]:
    """Return what is left of a line beside other regions in its row, as pieces no shorter than `LEAST_PIECE`."""
    width, height = quad_size(quad)
    along = (quad[1] + quad[2] - quad[0] - quad[3]) / (2 * max(width, 1e-6))
    down = np.array([-along[1], along[0]], np.float32)
    middle = quad.mean(axis=0)
    spans = [(-width / 2, width / 2)]
    for other in others:
        across, rows = (other - middle) @ along, (other - middle) @ down
        common = min(rows.max(), height / 2) - max(rows.min(), -height / 2)
        if common > IN_ROW * min(height, np.ptp(rows)):
            low, high = across.min(), across.max()
            spans = [s for left, right in spans for s in ((left, min(right, low)), (max(left, high), right))]
    spans = [(left, right) for left, right in spans if right - left >= min(LEAST_PIECE * height, width)]
    if spans == [(-width / 2, width / 2)]:
        return [quad]
    return [
        np.stack([middle + x * along + y * down for x, y in ((a, -h), (b, -h), (b, h), (a, h))]).astype(np.float32)
        for h in (height / 2,)
        for a, b in spans
    ]


def _fits(grey: np.ndarray, regions: list[Region], tall: float) -> list[list[Quad] | None]:
    """Return what `fit_to_ink` makes of each region; None also for one higher than `tall` that it would change much."""

    def agree(quad: Quad, fit: list[Quad]) -> bool:
        common = sum(intersection_area(quad, piece) for piece in fit)
        return common > SAME_INK * (quad_area(quad) + sum(map(quad_area, fit)) - common)

    quads = [region.quad for region in regions]
    return [
        None if fit and quad_size(quad)[1] > tall and not agree(quad, fit) else fit
        for quad, fit in zip(quads, fit_to_ink(grey, quads), strict=True)
    ]


def _with_quads(regions: list[Region], quads: list[list[Quad]], shape: tuple[int, ...]) -> list[Region]:
    """Return each region once for each of its quads, which are kept inside the image."""
    return [
        replace(region, quad=clip_quad(quad, shape))
        for region, several in zip(regions, quads, strict=True)
        for quad in several
    ]


def _distinct(regions: list[Region]) -> list[Region]:
    """Make one of lines that mostly lie in one another: the stronger one, as long as both where they share a row."""
    kept: list[Region] = []
    boxes = np.empty((len(regions), 4), np.float32)  # of `kept`
    for region in regions:
        low, high = region.quad.min(axis=0), region.quad.max(axis=0)
        so_far = boxes[: len(kept)]
        near = np.flatnonzero(((so_far[:, :2] < high) & (so_far[:, 2:] > low)).all(axis=1))
        area = quad_area(region.quad)
        same = [
            i
            for i in near
            if intersection_area(region.quad, kept[i].quad) > SAME_LINE * min(area, quad_area(kept[i].quad))
        ]
        if not same:
            place = len(kept)
            kept.append(region)
        else:
            place = same[0]
            kept[place] = replace(kept[place], quad=_as_long_as_both(kept[place].quad, region.quad))
        quad = kept[place].quad
        boxes[place] = *quad.min(axis=0), *quad.max(axis=0)
    return kept


def _as_long_as_both(line: Quad, other: Quad) -> Quad:
    """Return a line lengthened by another one in its row, of which it lacks one end."""
    width, height = quad_size(line)
    along = (line[1] + line[2] - line[0] - line[3]) / (2 * max(width, 1e-6))
    middle = line.mean(axis=0)
    offset = (other.mean(axis=0) - middle) @ np.array([-along[1], along[0]])
    if abs(offset) > 0.3 * height or not 0.6 < quad_size(other)[1] / max(height, 1e-6) < 1.6:
        return line
    reach = (other - middle) @ along
    left, right = (line[[0, 3]] - middle) @ along, (line[[1, 2]] - middle) @ along
    before, behind = left.mean() - reach.min(), reach.max() - right.mean()
    if (before > 0) == (behind > 0):  # One of the two holds the other: the stronger one knows best.
        return line
    longer = line.copy()
    longer[[0, 3]] -= np.outer(np.maximum(0, left - reach.min()), along)
    longer[[1, 2]] += np.outer(np.maximum(0, reach.max() - right), along)
    return longer

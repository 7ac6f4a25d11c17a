"""What stands beside the letters in a crop of a sign: emblems, arrows, edges of boards, neighbouring lines.

A detector cuts a line out with everything that touches its box. A reader that has only seen letters on their ground
takes the edge of a board for an "l" and an emblem for a Chinese character.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ctpn_crnn.synthesis.lines.line_sample import SignStyle


class SignCrop(NamedTuple):
    """A crop of a sign, before it is painted.

    Attributes:
        ink: Coverage of the letters, uint8 (H, W).
        left: Number of columns added on the left of the letters' own crop.
        marks: Coverage of everything else on the board, uint8 (H, W).
        beyond: Coverage of the wall behind the board, where the board has ended, uint8 (H, W).
    """

    ink: np.ndarray
    left: int
    marks: np.ndarray
    beyond: np.ndarray


def with_surroundings(rng: np.random.Generator, ink: np.ndarray, style: SignStyle = SignStyle()) -> SignCrop:
    """Widen a crop of letters by what stands beside them.

    Args:
        rng: Source of randomness.
        ink: Coverage of the letters, uint8 (H, W), cut close to them.
        style: Its shares say how often something stands at an edge.
    """
    height = ink.shape[0]
    left, right = (_Edge.draw(rng, height, style.emblem, style.board_end, (0.15, 1.1)) for _ in range(2))
    above, below = (_Edge.draw(rng, height, style.neighbour, style.board_edge, (0.04, 0.28)) for _ in range(2))
    ink = cv2.copyMakeBorder(ink, above.room, below.room, left.room, right.room, cv2.BORDER_CONSTANT, value=0)
    marks, beyond = np.zeros_like(ink), np.zeros_like(ink)
    # The drawing functions draw at the right or the lower edge; for the others they get a mirrored view.
    for edge, mirrored in ((right, slice(None)), (left, slice(None, None, -1))):
        if edge.kind == "mark":
            _draw_emblem(rng, marks[:, mirrored], edge)
        elif edge.kind == "end":
            _draw_end(rng, beyond[:, mirrored], edge)
    for edge, mirrored in ((below, slice(None)), (above, slice(None, None, -1))):
        if edge.kind == "mark":
            _draw_line(rng, marks[mirrored], ink[mirrored], edge)
        elif edge.kind == "end":
            _draw_end(rng, beyond[mirrored].T, edge)
    return SignCrop(ink, left.room, marks, beyond)


class _Edge(NamedTuple):
    """One edge of a crop.

    Attributes:
        kind: "mark" (an emblem or a neighbouring line), "end" (of the board) or "" for nothing.
        shown: Pixels of it that are seen.
        gap: Pixels between it and the letters.
    """

    kind: str = ""
    shown: int = 0
    gap: int = 0

    @classmethod
    def draw(cls, rng: np.random.Generator, height: int, mark: float, end: float, shown: tuple[float, float]) -> _Edge:
        """Draw an edge: a mark or an end with these probabilities; `shown` is a range in heights of the letters."""
        choice = rng.random()
        kind = "mark" if choice < mark else "end" if choice < mark + end else ""
        if not kind:
            return cls()
        gap = rng.uniform(0.03, 0.12) if shown[1] < 0.5 else rng.uniform(0.08, 0.6)
        return cls(kind, max(1, round(rng.uniform(*shown) * height)), max(1, round(gap * height)))

    @property
    def room(self) -> int:
        return self.shown + self.gap


def _draw_end(rng: np.random.Generator, beyond: np.ndarray, edge: _Edge) -> None:
    """Draw the end of the board at the right, along a line that may lean."""
    height, width = beyond.shape
    lean = rng.uniform(-0.5, 0.5) * min(height, 2 * edge.gap)
    at = width - edge.shown
    points = np.array([[at + lean, 0], [width + 1, 0], [width + 1, height], [at - lean, height]])
    _fill(beyond, points, 255)


def _draw_line(rng: np.random.Generator, marks: np.ndarray, ink: np.ndarray, edge: _Edge) -> None:
    """Draw the tops or feet of a line below: the letters of this line in other places."""
    letters = ink[::-1] if rng.random() < 0.5 else ink
    rows = np.flatnonzero(letters.any(axis=1))
    if not len(rows):
        return
    height, width = marks.shape
    letters = letters[rows[0] : rows[-1] + 1]
    scale = rng.uniform(0.5, 1.2)
    size = max(8, round(letters.shape[1] * scale)), max(4, round(letters.shape[0] * scale))
    letters = np.roll(cv2.resize(letters, size, interpolation=cv2.INTER_AREA), int(rng.integers(size[0])), axis=1)
    start = int(rng.integers(0, max(1, width // 2)))
    shown = letters[: edge.shown, : width - start]
    marks[height - edge.shown :, start : start + shown.shape[1]][: len(shown)] = shown


def _draw_emblem(rng: np.random.Generator, marks: np.ndarray, edge: _Edge) -> None:
    """Draw an emblem, an arrow or a rule at the right; it may reach beyond the crop."""
    height, width = marks.shape
    at = width - edge.shown
    if rng.random() < 0.25:  # A rule or a bracket, longer than the letters are high.
        thick = max(1, round(rng.uniform(0.03, 0.1) * height))
        marks[:, at : at + thick] = 255
        if rng.random() < 0.4:
            rows = slice(0, thick) if rng.random() < 0.5 else slice(height - thick, height)
            marks[rows, at - round(0.5 * edge.gap) : at] = 255
        return
    size = height * rng.uniform(0.6, 1.4)
    centre = np.array([at + size / 2, height * rng.uniform(0.35, 0.65)])
    if rng.random() < 0.35:
        angle = rng.choice(8) * np.pi / 4
        thick = rng.uniform(0.07, 0.16)
        arrow = [[-0.5, -thick], [0, -thick], [0, -0.4], [0.5, 0], [0, 0.4], [0, thick], [-0.5, thick]]
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        _fill(marks, np.array(arrow) @ turn * size + centre, 255)
        return
    _fill(marks, _outline(rng) * size / 2 + centre, 255)
    for _ in range(int(rng.integers(1, 4))):  # Shapes cut out of the emblem, or standing in such a hole.
        offset = rng.normal(0, 0.12, 2) * size
        _fill(marks, _outline(rng) * size * rng.uniform(0.15, 0.42) + centre + offset, int(rng.choice([0, 0, 255])))


def _outline(rng: np.random.Generator) -> np.ndarray:
    """Return the outline of a disc, a polygon with few corners or a blot, of radius 1: float (N, 2)."""
    kind = rng.random()
    corners = 24 if kind < 0.45 else int(rng.integers(3, 7))
    angles = np.arange(corners) * 2 * np.pi / corners + rng.choice([0, np.pi / 4, np.pi / 2])
    radius = np.ones(corners) if kind < 0.8 else rng.uniform(0.4, 1.0, corners)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None]


def _fill(canvas: np.ndarray, points: np.ndarray, value: int) -> None:
    """Fill a polygon (N, 2) on a canvas that may be a mirrored or transposed view."""
    whole = np.ascontiguousarray(canvas)
    cv2.fillPoly(whole, [np.round(points * 16).astype(np.int32)], value, cv2.LINE_AA, 4)
    canvas[:] = whole

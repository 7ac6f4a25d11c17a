"""Levels the content of a PDF page whose lines lean, without touching its pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ctpn_crnn.layout.upright_boxes import weighted_median
from ctpn_crnn.page import Page
from ctpn_crnn.refine.upright import DEFAULTS
from ctpn_crnn.writers.pdf_text import PageFrame


@dataclass(frozen=True)
class Levelling:
    """A small turn of a page's content about the middle of the page: a point p goes to ``p @ matrix + shift``.

    Attributes:
        matrix: Float64 (2, 2).
        shift: Float64 (2,), points.
    """

    matrix: np.ndarray
    shift: np.ndarray

    @classmethod
    def of_page(cls, page: Page, frame: PageFrame, box: tuple[float, float, float, float]) -> Levelling | None:
        """Return the turn after which most lines run level; None where they do, or where there are none.

        Args:
            page: The page, as it was read.
            frame: Maps its pixels to user space.
            box: Left, bottom, right, top of the page in user space.
        """
        lean = common_lean(frame.points(np.array([line.quad for line in page.lines], np.float64).reshape(-1, 4, 2)))
        if not DEFAULTS.min_any_lean <= abs(lean) <= DEFAULTS.max_lean:
            return None
        cosine, sine = math.cos(math.radians(lean)), math.sin(math.radians(lean))
        matrix = np.array([[cosine, -sine], [sine, cosine]])
        middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        return cls(matrix, middle - middle @ matrix)

    def frame(self, frame: PageFrame) -> PageFrame:
        """Return the frame that maps the pixels of a page to where they are after the turn."""
        return PageFrame(frame.matrix @ self.matrix, frame.shift @ self.matrix + self.shift)

    @property
    def operator(self) -> bytes:
        """The operator that turns what is drawn after it."""
        numbers = [*self.matrix.ravel(), *self.shift]
        return (" ".join(f"{number:.6f}" for number in numbers) + " cm\n").encode("ascii")


def common_lean(quads: np.ndarray) -> float:
    """Return by how many degrees most lines lean, counterclockwise; 0 without lines.

    Args:
        quads: (N, 4, 2) in user space, y up, each clockwise from the text's own top left.

    Returns:
        The median, weighted by length, of the angles to that multiple of 90 degrees in which most text runs.
    """
    along = (quads[:, 1] - quads[:, 0]) + (quads[:, 2] - quads[:, 3])
    lengths = np.hypot(along[:, 0], along[:, 1])
    if not lengths.any():
        return 0.0
    x, y = along.sum(axis=0)
    axis = round(math.degrees(math.atan2(y, x)) / 90) * 90
    angles = np.degrees(np.arctan2(along[:, 1], along[:, 0])) - axis
    return weighted_median((angles + 180) % 360 - 180, lengths)

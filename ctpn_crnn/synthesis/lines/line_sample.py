"""A rendered line, and the style that it is rendered in."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ctpn_crnn.crnn.spec import INPUT_HEIGHT


@dataclass
class LineSample:
    """A rendered line.

    Attributes:
        image: (32, W) uint8 grey.
        text: The text on it.
        spans: (len(text), 2) float32: left and right edge of each character's advance, in pixels of `image`.
    """

    image: np.ndarray
    text: str
    spans: np.ndarray


@dataclass(frozen=True)
class SignStyle:
    """How scene text is drawn. Shares are 0..1, contrasts and coverages grey levels 0..255; all were set by hand.

    Attributes:
        small_capitals: Share of words in capitals whose first letter is larger than the others.
        arc: Share of texts that stand on an arc of a circle.
        far: Share of signs seen from so far away that their letters are 9 to 18 pixels high.
        contrast: Least difference of letters and ground.
        low_contrast: Least difference on 6 % of the signs, such as red letters on blue seen in grey.
        ink_level: Least coverage that counts as ink when the crop is cut close to the letters.
        emblem: Share of left and right ends with an emblem, an arrow or a rule beside the letters.
        board_end: Share of left and right ends at which the board ends.
        neighbour: Share of upper and lower edges into which a neighbouring line reaches.
        board_edge: Share of upper and lower edges at which the board ends.
    """

    small_capitals: float = 0.08
    arc: float = 0.18
    far: float = 0.1
    contrast: float = 45.0
    low_contrast: float = 20.0
    ink_level: int = 96
    emblem: float = 0.14
    board_end: float = 0.14
    neighbour: float = 0.1
    board_edge: float = 0.08


@dataclass(frozen=True)
class LineStyle:
    """How far rendering may go from a clean black line on white. Shares are 0..1; all were set by hand.

    Attributes:
        strength: Of the degradation, 0..1; each line draws its own strength up to this.
        inverted: Share of light text on dark.
        mixed_fonts: Share of lines whose ASCII is set in another face than their Chinese.
        clutter: Share of lines with underlines, table rules or ink of neighbouring lines at the edge of the crop.
        texture: Share of lines on a photograph or an uneven ground instead of plain paper.
        tilt: Largest rotation in degrees.
        signs: Share of lines 160 pixels wide that are scene text. Narrower lines have up to a quarter more, wider ones
            fewer in proportion, because a short sign would leave most of a wide crop empty.
        sign_style: How scene text is drawn. It also uses `strength` and `mixed_fonts`.
    """

    strength: float = 0.6
    inverted: float = 0.15
    mixed_fonts: float = 0.5
    clutter: float = 0.25
    texture: float = 0.2
    tilt: float = 1.5
    signs: float = 0.3
    sign_style: SignStyle = SignStyle()


def empty_line() -> LineSample:
    """Return a sample without text, for a text of which not one character fits."""
    return LineSample(np.full((INPUT_HEIGHT, 4), 255, np.uint8), "", np.zeros((0, 2), np.float32))


def at_line_height(image: np.ndarray) -> np.ndarray:
    """Resize an image, uint8 (H, W), to the reader's height with its width in proportion."""
    height, width = image.shape
    method = cv2.INTER_AREA if height > INPUT_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(image, (max(4, round(width * INPUT_HEIGHT / height)), INPUT_HEIGHT), interpolation=method)

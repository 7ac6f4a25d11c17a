"""Lines of a line list as training samples, mixed with rendered ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.ctc import minimum_frames
from ctpn_crnn.crnn.line_image import line_image
from ctpn_crnn.crnn.spec import FRAME_WIDTH, INPUT_HEIGHT
from ctpn_crnn.datasets.line_list import read_line_list
from ctpn_crnn.datasets.samples import LabelledLine
from ctpn_crnn.documents.images import load_image, upright_size
from ctpn_crnn.errors import CharsetError, DatasetError
from ctpn_crnn.synthesis.degradation import degrade
from ctpn_crnn.synthesis.lines import LineSample


@dataclass(frozen=True)
class RealLines:
    """A line list that samples of a width can be drawn from; images are read when they are drawn.

    Attributes:
        lines: The lines, narrow ones first, without those whose text CTC cannot fit into their width.
        widths: int (N,), width of each line in pixels at the height of the reader's input.
        strength: How far images are varied when they are drawn, 0..1; 0 leaves them as they are.
    """

    lines: list[LabelledLine]
    widths: np.ndarray
    strength: float = 0.0

    @classmethod
    def open(cls, folder: str, charset: Charset, strength: float = 0.0) -> RealLines:
        """Read the list and the sizes of its images.

        Args:
            folder: A line list, or the folder of one.
            charset: Must have every character of the texts.
            strength: How far images are varied when they are drawn, 0..1.

        Raises:
            DatasetError: The list is malformed or empty, an image is missing or damaged, or no text fits its image.
            CharsetError: Characters are not in the charset.
        """
        lines = read_line_list(folder)
        if not lines:
            raise DatasetError(f"{folder}: there are no lines in the list; write an image, a tab and its text on each")
        missing = sorted({character for line in lines for character in line.text if character not in charset})
        if missing:
            raise CharsetError(
                f"{folder}: {len(missing)} characters are not in the charset ({''.join(missing[:20])}); give a charset "
                "that has them with --charset, or leave out their lines"
            )
        sized = [(width, line) for line in lines if _fits_ctc(line.text, width := _width(line))]
        if not sized:
            raise DatasetError(f"{folder}: every text is too long for its image; check that texts and images belong")
        sized.sort(key=lambda pair: pair[0])
        return cls([line for _, line in sized], np.array([width for width, _ in sized]), strength)

    def draw(self, rng: np.random.Generator, width: int) -> LineSample | None:
        """Draw a line at most `width` pixels wide, without the places of its characters; None if none is so narrow."""
        fitting = int(np.searchsorted(self.widths, width, side="right"))
        if fitting == 0:
            return None
        # Of the lines that fit, those that would fit a bucket of half the width are left to that one where possible.
        first = int(np.searchsorted(self.widths, width // 2, side="right"))
        first = 0 if first == fitting or rng.random() < 0.25 else first
        line = self.lines[int(rng.integers(first, fitting))]
        image = line_image(load_image(line.path))
        if self.strength > 0:
            image = vary(rng, image, self.strength, width, line.text)
        return LineSample(image, line.text, np.zeros((0, 2), np.float32))


@dataclass(frozen=True)
class MixedLines:
    """Draws lines of a list or renders them.

    Attributes:
        real: The lines of the list.
        rendered: Renders a line that is at most so many pixels wide.
        share: Share of lines of the list, 0..1; where none is narrow enough, one is rendered.
    """

    real: RealLines
    rendered: Callable[[np.random.Generator, int], LineSample]
    share: float

    def __call__(self, rng: np.random.Generator, width: int) -> LineSample:
        """Return a line at most `width` pixels wide."""
        sample = self.real.draw(rng, width) if rng.random() < self.share else None
        return sample or self.rendered(rng, width)


def vary(rng: np.random.Generator, image: np.ndarray, strength: float, width: int, text: str) -> np.ndarray:
    """Return a line as another scan or photograph of it would look: cut closer or wider, stretched, slanted, degraded.

    Args:
        rng: Source of randomness.
        image: uint8 (32, W) grey.
        strength: 0..1; a third of the lines stays as it is at any strength.
        width: Largest width of the result in pixels.
        text: What the line says; the result keeps enough frames for it.
    """
    if rng.random() < 1 / 3:
        return image
    height, old = image.shape
    top, bottom = (round(v) for v in rng.uniform(-0.08, 0.08, 2) * strength * height)  # below 0: rows cut off
    edges = [max(0, top), max(0, bottom), *(int(v) for v in rng.uniform(0, 0.3, 2) * strength * height)]
    image = image[max(0, -top) : height - max(0, -bottom)]
    image = cv2.copyMakeBorder(image, *edges, cv2.BORDER_REPLICATE)
    if rng.random() < 0.4:
        slant = rng.uniform(-0.3, 0.3) * strength
        matrix = np.array([[1, slant, -slant * image.shape[0] / 2], [0, 1, 0]], np.float32)
        image = cv2.warpAffine(
            image, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    wanted = round(image.shape[1] * height / image.shape[0] * np.exp(rng.uniform(-0.3, 0.3) * strength))
    if not _fits_ctc(text, wanted):
        wanted = old
    image = cv2.resize(image, (min(max(wanted, 16), width), height), interpolation=cv2.INTER_AREA)
    image = 255 - image if rng.random() < 0.1 else image
    return degrade(rng, image, strength * rng.uniform(0, 1))


def _fits_ctc(text: str, width: int) -> bool:
    """Return whether CTC has enough frames for a text in a line of this width."""
    return minimum_frames([ord(character) for character in text]) <= -(-width // FRAME_WIDTH)


def _width(line: LabelledLine) -> int:
    """Return the width of a line in pixels at the height of the reader's input, from the header of its file."""
    try:
        with Image.open(line.path) as image:
            width, height = upright_size(image)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f"{line.path} cannot be read as an image: {error}; delete its line from the list") from error
    return max(16, round(width * INPUT_HEIGHT / height))

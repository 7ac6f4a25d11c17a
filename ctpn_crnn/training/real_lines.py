"""Lines of a line list as training samples, mixed with rendered ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from ctpn_crnn.synthesis.lines import LineSample


@dataclass(frozen=True)
class RealLines:
    """A line list that samples of a width can be drawn from; images are read when they are drawn.

    Attributes:
        lines: The lines, narrow ones first, without those whose text CTC cannot fit into their width.
        widths: int (N,), width of each line in pixels at the height of the reader's input.
    """

    lines: list[LabelledLine]
    widths: np.ndarray

    @classmethod
    def open(cls, folder: str, charset: Charset) -> RealLines:
        """Read the list and the sizes of its images.

        Args:
            folder: A line list, or the folder of one.
            charset: Must have every character of the texts.

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
        return cls([line for _, line in sized], np.array([width for width, _ in sized]))

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

"""A server whose recognizer needs no networks, for the tests of the server."""

from __future__ import annotations

import io
import threading

import numpy as np
from PIL import Image

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Char, Reading, Region
from ctpn_crnn.recognizer import Recognizer


class StubFinder:
    """Finds one line across the middle half of every picture.

    Attributes:
        gate: Pages are read only while it is set.
        begun: Number of pages that were begun.
    """

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = 0

    def detect(self, image: np.ndarray) -> list[Region]:
        self.begun += 1
        assert self.gate.wait(30)
        height, width = image.shape[:2]
        return [Region(box_to_quad(width * 0.25, height * 0.4, width * 0.75, height * 0.6), 0.9, "text")]


class StubReader:
    """Reads the mean grey of each line, as a number: so an answer tells which picture it belongs to."""

    def read(self, crops: list[np.ndarray]) -> list[Reading]:
        return [_reading(str(round(float(crop.mean())))) for crop in crops]


def _reading(text: str) -> Reading:
    step = 1 / len(text)
    return Reading(text, 0.9, [Char(char, 0.9, i * step, (i + 1) * step) for i, char in enumerate(text)])


def stub_recognizer() -> Recognizer:
    """A recognizer of the stubs; its finder is `recognizer.detector`."""
    return Recognizer(detector=StubFinder(), reader=StubReader())


def grey_picture(grey: int, size: tuple[int, int] = (80, 40), format: str = "PNG") -> bytes:  # noqa: A002
    """The file of a picture (width, height) that is all of one grey: the stub reads this number."""
    return _saved([Image.new("L", size, grey)], format)


def grey_document(*greys: int, format: str = "PDF") -> bytes:  # noqa: A002
    """A PDF or TIFF with a page for each grey."""
    return _saved([Image.new("L", (80, 40), grey) for grey in greys], format)


def _saved(pages: list[Image.Image], format: str) -> bytes:  # noqa: A002
    file = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(file, format, **more)
    return file.getvalue()

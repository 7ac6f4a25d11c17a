"""A single page, as one wants it in a script or a notebook: saved, as text in any format, drawn, shown.

    from ctpn_crnn import Recognizer
    from ctpn_crnn.writers.one_page import draw, page_text, save_page, show

    page = Recognizer().recognize("img.jpg")
    save_page(page, "img.hocr")
    print(page_text(page, "md"))
    draw(page).save("img-read.png")
    show(page)          # in a notebook

These are functions and no methods of `Page`: the core of this package knows nothing of its writers.
"""

from __future__ import annotations

import base64
import html
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ctpn_crnn.documents.images import ImageSource
from ctpn_crnn.documents.sources import load_page
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.page import Page
from ctpn_crnn.writers import WRITERS, open_writer
from ctpn_crnn.writers.picture import SUFFIXES, draw_page

_SHOWN_SIDE = 1600
"""Longer side of the picture in a notebook, in pixels; a larger one would make the notebook's file large."""


def save_page(
    page: Page,
    path: str | os.PathLike[str],
    image: ImageSource | None = None,
    format: str | None = None,  # noqa: A002
) -> None:
    """Write a page to a file.

    Args:
        page: The page.
        path: The file; one that is there already is replaced.
        image: What the page was read from; None: it is loaded from `page.source` where the format needs it.
        format: A key of `WRITERS`; None: the ending of `path` tells, such as ".hocr", ".md", ".alto.xml" or ".pdf".

    Raises:
        ConfigError: There is no such format, or the image is needed and there is none.
        ImageError: The image cannot be loaded.
        OutputError: The file cannot be written.
    """
    name = format or format_of(path)
    options = _kept_source(page) if name == "pdf" and image is None else {}
    with open_writer(name, path, **options) as writer:
        writer.add(page, _image_of(page, image) if writer.needs_image else None)


def page_text(page: Page, format: str = "txt") -> str:  # noqa: A002
    """Return a page in one of the formats that are text: "txt", "md", "json", "tsv", "hocr" or "alto".

    Raises:
        ConfigError: There is no such format, or it is no text.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page"
        if format in WRITERS and WRITERS[format].needs_image:
            raise ConfigError(f"{format} is no text; write it to a file with save_page")
        save_page(page, path, format=format)
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{format} is no text; write it to a file with save_page") from error


def draw(page: Page, image: ImageSource | None = None) -> Image.Image:
    """Draw the image with its lines outlined, and beside it the text that was read, in the same places.

    Args:
        page: The page.
        image: What it was read from; None: it is loaded from `page.source`.

    Raises:
        ConfigError: There is no image.
        ImageError: It cannot be loaded.
    """
    drawn = draw_page(page, _image_of(page, image))
    return Image.fromarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2RGB))


def show(page: Page, image: ImageSource | None = None) -> ShownPage:
    """Return a page that a notebook shows: its picture as `draw` draws it, where there is an image, and its text."""
    return ShownPage(page, image)


@dataclass(frozen=True)
class ShownPage:
    """A page as a notebook shows it.

    Attributes:
        page: The page.
        image: What it was read from; None: it is loaded from `page.source`, and left out where there is none.
    """

    page: Page
    image: ImageSource | None = None

    def _repr_html_(self) -> str:
        picture = ""
        if self.image is not None or self.page.source is not None:
            drawn = draw(self.page, self.image)
            drawn.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
            file = io.BytesIO()
            drawn.save(file, "PNG", optimize=True)
            data = base64.b64encode(file.getvalue()).decode()
            picture = f'<img alt="" style="max-width: 100%" src="data:image/png;base64,{data}">'
        text = html.escape(self.page.text)
        return f'{picture}<pre style="white-space: pre-wrap">{text}</pre>'


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format that the ending of a file's name stands for.

    Raises:
        ConfigError: It stands for none.
    """
    name = Path(path).name.lower()
    if name.endswith(SUFFIXES):
        return "png"
    for format_name in WRITERS:
        if name.endswith((WRITERS[format_name].suffix, f".{format_name}")):
            return format_name
    raise ConfigError(f"the ending of {path} stands for no format; give format=, one of {', '.join(WRITERS)}")


def _kept_source(page: Page) -> dict[str, Any]:
    """Return the options by which a PDF keeps what the page was read from as it is."""
    file, _, number = (page.source or "").partition("#page=")
    if not os.path.isfile(file):
        return {}
    return {"source": file, "only": int(number) if number.isdecimal() else None}


def _image_of(page: Page, image: ImageSource | None) -> np.ndarray:
    """Load what a page was read from, uint8 BGR (H, W, 3)."""
    source = page.source if image is None else image
    if source is None:
        raise ConfigError("the page was read from memory: give its image, too")
    return load_page(source)

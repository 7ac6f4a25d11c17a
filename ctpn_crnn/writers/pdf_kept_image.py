"""The picture of an image file as an image object of a PDF, without coding it again where PDF knows its coding."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from ctpn_crnn.documents.images import exif_orientation
from ctpn_crnn.writers.packages import IMG2PDF

_PLACEMENTS = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""EXIF orientation -> matrix that draws the unit square of the stored picture as the picture is shown."""

_PAGE_SIZE = (595.0, 842.0)
"""Points; of a page that is not used."""


def kept_image(pdf: Any, file: Path | bytes, frame: int | None = None) -> tuple[Any, tuple[int, ...]] | None:
    """Add the picture of an image file to a PDF: JPEG, JPEG 2000 and CCITT G4 as they are, others without loss.

    Args:
        pdf: The document, open in pikepdf.
        file: The image, as its path or its bytes.
        frame: Index from 0 of the page of a TIFF with several pages; None for a single image.

    Returns:
        The image object, and the matrix (a, b, c, d, e, f) that draws it upright into the unit square, by its EXIF
        orientation; None for an image that PDF cannot hold as it is, such as one with transparency.

    Raises:
        ConfigError: img2pdf is not installed.
    """
    import pikepdf

    img2pdf = IMG2PDF.load()
    try:
        data = file if isinstance(file, bytes) else file.read_bytes() if frame is None else b""
        with Image.open(io.BytesIO(data) if data else file) as opened:
            if frame is not None:
                opened.seek(frame)
                data = _single_image(opened)
            if opened.has_transparency_data:  # shown on white paper, and perhaps not read on white
                return None
            placement = _PLACEMENTS.get(exif_orientation(opened), _PLACEMENTS[1])
        on_any_page = img2pdf.get_layout_fun(pagesize=_PAGE_SIZE)  # otherwise it refuses or logs uncommon sizes
        converted = img2pdf.convert(data, rotation=img2pdf.Rotation.none, first_frame_only=True, layout_fun=on_any_page)
        with pikepdf.open(io.BytesIO(converted)) as made:
            (image,) = made.pages[0].Resources.XObject.values()
            return pdf.copy_foreign(image), placement
    except Exception:  # noqa: BLE001 - img2pdf raises errors of many kinds; the pixels that were read remain
        return None


def _single_image(opened: Image.Image) -> bytes:
    """A page of a TIFF as a file of its own, without loss."""
    file = io.BytesIO()
    if opened.mode == "1":
        opened.save(file, "TIFF", compression="group4")
    else:
        opened.save(file, "TIFF" if opened.mode == "CMYK" else "PNG")
    return file.getvalue()

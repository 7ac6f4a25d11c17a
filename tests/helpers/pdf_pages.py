"""Tools of the tests of searchable PDFs: pages made by hand, and what PDFium, poppler and pikepdf read back."""

import math
import subprocess
from contextlib import closing

import numpy as np
import pytest

from ctpn_crnn.page import Page, TextLine

pdfium = pytest.importorskip("pypdfium2")
pikepdf = pytest.importorskip("pikepdf")

from ctpn_crnn.writers.pdf import PdfWriter  # noqa: E402

DPI = 144  # two pixels a point
LINE_END_HYPHEN = "\ufffe"  # PDFium's own mark for a hyphen at the end of a line


def slanted(x, y, width, height, degrees=0.0):
    """A quad from its top left corner."""
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    down = np.array([-along[1], along[0]])
    corner = np.array([x, y], float)
    return np.array([corner, corner + width * along, corner + width * along + height * down, corner + height * down])


def line(text, *quad, chars=()):
    return TextLine(text, 0.9, slanted(*quad), "text", list(chars))


def page_of(*lines, width=1200, height=1600):
    return Page(width, height, list(lines))


def white(page):
    return np.full((page.height, page.width, 3), 255, np.uint8)


def write(path, *pages, **options):
    with PdfWriter(path, **{"dpi": DPI, "picture": "none", **options}) as writer:
        for page in pages:
            writer.add(page, white(page))
    return path


def texts(path):
    """The text of each page, line ends as \\n."""
    with closing(pdfium.PdfDocument(path)) as document:
        return [document[i].get_textpage().get_text_range().replace("\r\n", "\n") for i in range(len(document))]


def boxes(path, number=0):
    """(character, left, bottom, right, top) of a page in points, without white space."""
    with closing(pdfium.PdfDocument(path)) as document:
        text = document[number].get_textpage()
        found = [(text.get_text_range(i, 1), *text.get_charbox(i)) for i in range(text.count_chars())]
    return [box for box in found if box[0].strip()]


def problems(path):
    """What pikepdf finds wrong with the file."""
    with pikepdf.open(path) as document:
        return document.check_pdf_syntax() if hasattr(document, "check_pdf_syntax") else document.check()


def poppler(path):
    command = ["pdftotext", "-raw", str(path), "-"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout

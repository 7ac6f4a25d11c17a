"""How a client wants its file read: the form fields beside the file."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Form

from ctpn_crnn.documents.sources import PDF_DPI
from ctpn_crnn.recognizer import Recognizer
from ctpn_crnn.server.settings import ServerSettings


@dataclass(frozen=True)
class ReadOptions:
    """Options of one document.

    Attributes:
        deskew: Set any leaning image upright before it is read, see `Recognizer`.
        orientation: "auto" or "upright", see `Recognizer`.
        min_confidence: Lines that are less sure are left out, 0..1.
        dpi: Resolution at which pages of PDFs are rendered.
        password: Opens an encrypted PDF.
    """

    deskew: bool = False
    orientation: str = "auto"
    min_confidence: float = 0.0
    dpi: float = PDF_DPI
    password: str | None = None

    def applied_to(self, recognizer: Recognizer) -> Recognizer:
        """Return a recognizer with these options and the networks of the one given."""
        view = copy.copy(recognizer)
        view.deskew = "auto" if self.deskew else "off"
        view.orientation = self.orientation
        view.min_confidence = self.min_confidence
        return view


def read_options(
    deskew: Annotated[bool, Form(description="Set leaning pictures upright before they are read.")] = False,
    orientation: Annotated[
        Literal["auto", "upright"], Form(description="auto: also read pages on their side or upside down.")
    ] = "auto",
    min_confidence: Annotated[float, Form(ge=0, le=1, description="Leave out lines that are less sure.")] = 0.0,
    dpi: Annotated[
        float, Form(ge=36, le=ServerSettings.max_dpi, description="Resolution for pages of PDFs.")
    ] = PDF_DPI,
    password: Annotated[str | None, Form(max_length=256, description="Opens an encrypted PDF.")] = None,
) -> ReadOptions:
    """Collect the form fields of a request; FastAPI checks them and documents them."""
    return ReadOptions(deskew, orientation, min_confidence, dpi, password or None)

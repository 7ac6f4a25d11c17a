"""The shapes of the answers, as OpenAPI shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Character(BaseModel):
    """One character of a line."""

    text: str
    confidence: float = Field(description="Its probability, 0..1.")
    start: float = Field(description="Where it begins, as a fraction of the line's length.")
    end: float = Field(description="Where it ends, as a fraction of the line's length.")


class Line(BaseModel):
    """One line of a page."""

    text: str = Field(description="What it says; empty for a formula, which is found but not read.")
    confidence: float = Field(description="Estimated probability that the whole text is right, 0..1.")
    kind: Literal["text", "formula"]
    quad: list[list[float]] = Field(description="Four points in pixels, clockwise from the text's own top left.")
    chars: list[Character]


class PageAnswer(BaseModel):
    """One page: what `Page.to_dict` gives and `Page.from_dict` takes."""

    version: int
    source: str | None = Field(description='"upload", or "upload#page=N" for a page of a document.')
    width: int
    height: int
    lines: list[Line] = Field(description="In reading order.")


class PageFailure(BaseModel):
    """A page that could not be read."""

    page: int = Field(description="Its number, from 1.")
    error: str


class DocumentAnswer(BaseModel):
    """All pages of a file."""

    version: int
    pages: list[PageAnswer]
    failures: list[PageFailure]


class JobAnswer(BaseModel):
    """How far a job is."""

    id: str = Field(description="Cannot be guessed; whoever has it may see the document.")
    state: Literal["reading", "done"]
    pages: int = Field(description="Pages of the document.")
    done: int = Field(description="Pages that were read or failed so far, from the first on.")
    failures: list[PageFailure]


class ServerAnswer(BaseModel):
    """What this server can do."""

    version: str
    formats: list[str] = Field(description="Values of `format`.")
    max_bytes: int
    max_pixels: int
    read_pages: int
    job_pages: int


class HealthAnswer(BaseModel):
    """That the server answers, and how busy it is."""

    status: Literal["ok"]
    unfinished_documents: int
    queue: int = Field(description="Most unfinished documents; further ones are refused with 503.")


class Problem(BaseModel):
    """Why a request was refused."""

    detail: str

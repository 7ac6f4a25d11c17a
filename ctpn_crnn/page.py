"""What a recognised page is: plain dataclasses, and their dictionary form for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ctpn_crnn.errors import ConfigError

FORMAT_VERSION = 1
"""Version of the dictionary form; raised when a reader of the old form would misread the new one."""


@dataclass(frozen=True, eq=False)
class Region:
    """A line of text or a formula.

    Attributes:
        quad: float32 (4, 2), pixels of the source image, clockwise from the text's own top left.
        score: Mean probability of the strips it was made of, 0..1.
        kind: "text" or "formula".
    """

    quad: np.ndarray
    score: float
    kind: str


@dataclass(slots=True)
class Char:
    """One character of a line.

    Attributes:
        text: The character.
        confidence: Its probability, 0..1.
        start: Where it begins, as a fraction (0..1) of the line's length, measured along the line from its left end.
        end: Where it ends, as a fraction of the line's length.
    """

    text: str
    confidence: float
    start: float
    end: float

    def __post_init__(self) -> None:
        self.confidence, self.start, self.end = float(self.confidence), float(self.start), float(self.end)

    def to_dict(self) -> dict[str, Any]:
        """Return the character as JSON types."""
        return {"text": self.text, "confidence": self.confidence, "start": self.start, "end": self.end}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Char:
        """Return what `to_dict` was called on; raise `ConfigError` when a key is missing or malformed."""
        return cls(
            text=_text(data, "text", "char"),
            confidence=_number(data, "confidence", "char"),
            start=_number(data, "start", "char"),
            end=_number(data, "end", "char"),
        )


def mean_confidence(chars: Sequence[Char]) -> float:
    """Return the geometric mean of the characters' probabilities, each at least 1e-12; 0 without characters."""
    if not chars:
        return 0.0
    return math.exp(sum(math.log(max(char.confidence, 1e-12)) for char in chars) / len(chars))


@dataclass
class Reading:
    """What a line says.

    Attributes:
        text: The characters read, "" for a line without any.
        confidence: Estimate of the probability that the whole text is right, 0..1: the product of the characters'
            probabilities to the power that the weights are calibrated with (`crnn.ctc.line_confidence`); 0 for an empty
            line. Long lines have less of it than short ones.
        chars: Each character with its probability and its place, as fractions of the crop's width.
    """

    text: str
    confidence: float
    chars: list[Char] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TextLine:
    """One line of a page.

    Attributes:
        text: What it says. A formula is read as text is, sign by sign along the line, so that its text is a rough one.
        confidence: Estimate of the probability, 0..1, that all of the text is right; longer lines have less. For a
            measure that does not depend on the length see `character_confidence`.
        quad: Float32 (4, 2), source pixels (pixel edges), clockwise from the text's own top left.
        kind: "formula" for a line that is a formula for the most part, else "text".
        chars: The characters with their places along the line.
        formulas: Quads, like `quad`, of the formulas on this line. One of several rows, such as a fraction, reaches
            beyond the line; it is on one of its lines only.
    """

    text: str
    confidence: float
    quad: np.ndarray
    kind: str = "text"
    chars: list[Char] = field(default_factory=list)
    formulas: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.confidence = float(self.confidence)
        self.quad = _quad(self.quad, "the quad of a text line")
        self.formulas = [_quad(formula, "a formula of a text line") for formula in self.formulas]

    @property
    def character_confidence(self) -> float:
        """Geometric mean of the characters' probabilities, 0..1; `confidence` where there are no characters."""
        if not self.chars:
            return self.confidence
        return mean_confidence(self.chars)

    def __eq__(self, other: object) -> bool:
        # The generated comparison would ask an array for its truth value.
        if not isinstance(other, TextLine):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON types; float32 values become the same float64 values, so nothing is rounded."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "kind": self.kind,
            "quad": self.quad.tolist(),
            "chars": [char.to_dict() for char in self.chars],
            "formulas": [formula.tolist() for formula in self.formulas],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TextLine:
        """Return what `to_dict` was called on; raise `ConfigError` when a key is missing or malformed."""
        return cls(
            text=_text(data, "text", "line"),
            confidence=_number(data, "confidence", "line"),
            quad=_key(data, "quad", "line"),
            kind=_text(data, "kind", "line"),
            chars=[Char.from_dict(char) for char in _list(data, "chars", "line")],
            formulas=_list(data, "formulas", "line") if "formulas" in data else [],  # older files have none
        )


@dataclass(slots=True)
class Page:
    """One recognised page.

    Attributes:
        width: Width of the image in pixels, after its EXIF rotation.
        height: Height of the image in pixels, after its EXIF rotation.
        lines: The lines in reading order.
        source: Where the image came from (a path, or "path#page=N"), or None for an image in memory.
    """

    width: int
    height: int
    lines: list[TextLine] = field(default_factory=list)
    source: str | None = None

    def __post_init__(self) -> None:
        self.width, self.height = int(self.width), int(self.height)

    @property
    def text(self) -> str:
        """The text of the lines in reading order, a line each; lines without text are left out."""
        return "\n".join(line.text for line in self.lines if line.text)

    @property
    def orientation(self) -> int:
        """By how many degrees, 0, 90, 180 or 270, the image has to be turned clockwise so that its text stands upright;
        0 without lines."""
        with np.errstate(invalid="ignore"):  # quads made by hand may be infinite
            edges = ((line.quad[1] - line.quad[0]) + (line.quad[2] - line.quad[3]) for line in self.lines)
            along = sum(edges, np.zeros(2))
        return round(math.degrees(math.atan2(-along[1], along[0])) / 90) * 90 % 360 if np.isfinite(along).all() else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON types, with the version of this form."""
        return {
            "version": FORMAT_VERSION,
            "source": self.source,
            "width": self.width,
            "height": self.height,
            "orientation": self.orientation,
            "lines": [line.to_dict() for line in self.lines],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Page:
        """Return the page that `to_dict` was called on: `Page.from_dict(page.to_dict()) == page`.

        Raises:
            ConfigError: The form has another version, or a key is missing or malformed.
        """
        version = _key(data, "version", "page")
        if version != FORMAT_VERSION:
            raise ConfigError(f"the page has form version {version!r}; this release reads version {FORMAT_VERSION}")
        source = data.get("source")
        return cls(
            width=int(_number(data, "width", "page")),
            height=int(_number(data, "height", "page")),
            lines=[TextLine.from_dict(line) for line in _list(data, "lines", "page")],
            source=None if source is None else _text(data, "source", "page"),
        )


def _quad(value: Any, name: str) -> np.ndarray:
    try:
        quad = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} must be four points, not {value!r}") from error
    if quad.shape != (4, 2):
        raise ConfigError(f"{name} must have shape (4, 2), not {quad.shape}")
    return quad


def _key(data: Mapping[str, Any], key: str, where: str) -> Any:
    if not isinstance(data, Mapping):
        raise ConfigError(f"a {where} must be a dictionary, not {type(data).__name__}")
    if key not in data:
        raise ConfigError(f"a {where} of the page dictionary has no {key!r}")
    return data[key]


def _text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = _key(data, key, where)
    if not isinstance(value, str):
        raise ConfigError(f"{key!r} of a {where} must be a string, not {value!r}")
    return value


def _number(data: Mapping[str, Any], key: str, where: str) -> float:
    value = _key(data, key, where)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{key!r} of a {where} must be a number, not {value!r}")
    return value


def _list(data: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = _key(data, key, where)
    if not isinstance(value, list):
        raise ConfigError(f"{key!r} of a {where} must be a list, not {type(value).__name__}")
    return value

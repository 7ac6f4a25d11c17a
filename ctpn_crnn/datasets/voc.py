"""Detection sets in the form of Pascal VOC: an XML file for each image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from ctpn_crnn.datasets.problems import OnError, read_each
from ctpn_crnn.datasets.samples import PageTruth, TruthRegion
from ctpn_crnn.datasets.text_files import IMAGE_SUFFIXES, clean_quad, numbers
from ctpn_crnn.errors import DatasetError
from ctpn_crnn.geometry import box_to_quad

DEFAULT_KINDS: Mapping[str, str] = {"text": "text", "formula": "formula"}
"""Name of an object -> kind of its region."""


def read_voc(
    folder: str | os.PathLike[str],
    *,
    kinds: Mapping[str, str] = DEFAULT_KINDS,
    on_error: OnError = "raise",
    skipped: list[DatasetError] | None = None,
) -> list[PageTruth]:
    """Read ``Annotations/*.xml`` with ``JPEGImages/``, or .xml files beside their images.

    Each ``<object>`` is a region. Its ``<name>`` gives the kind. Its place is a ``<polygon>`` of four corners (``x1 y1
    ... x4 y4``, or four ``<pt>`` with ``<x> <y>``) or else a ``<bndbox>`` (``xmin ymin xmax ymax``, pixel edges).
    ``<difficult>1`` marks a region to ignore. ``<text>`` or ``<transcription>`` holds the text if the set has one.

    Args:
        folder: The set.
        kinds: Name of an object -> kind of its region, "text" or "formula".
        on_error: "raise", or "skip" to leave out the pages whose ground truth is malformed or whose image is missing.
        skipped: Collects the errors of the pages that were left out.

    Returns:
        The pages in the order of the annotations' names.

    Raises:
        DatasetError: There is no such set; or, with "raise", the first malformed file, by name and line number.
    """
    folder = Path(folder)
    annotations = folder / "Annotations" if (folder / "Annotations").is_dir() else folder
    if not annotations.is_dir():
        raise DatasetError(f"{annotations}: no such folder; check the path")
    return read_each(sorted(annotations.glob("*.xml")), lambda path: _page(folder, path, kinds), on_error, skipped)


def read_voc_regions(path: Path, kinds: Mapping[str, str] = DEFAULT_KINDS) -> list[TruthRegion]:
    """Read the regions of one XML file.

    Raises:
        DatasetError: The file is malformed; the message names file and line.
    """
    return _VocFile(path).regions(kinds)


def _page(folder: Path, path: Path, kinds: Mapping[str, str]) -> PageTruth:
    file = _VocFile(path)
    return PageTruth(_image_of(folder, path, file.image_name), file.regions(kinds))


def _image_of(folder: Path, path: Path, image_name: str | None) -> Path:
    """Find the image by the name in the XML file or, as that may be outdated, by the name of the XML file itself."""
    names = [image_name] if image_name else []
    names += [path.stem + suffix for base in IMAGE_SUFFIXES for suffix in (base, base.upper())]
    for place in (folder / "JPEGImages", folder / "images", path.parent):
        for name in names:
            if (place / name).is_file():
                return place / name
    raise DatasetError(
        f"{path}: its image {image_name or path.stem} is neither in JPEGImages/ or images/ nor beside it"
    )


class _VocFile:
    """One XML file, parsed so that the line of each element is known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._line_of: dict[ElementTree.Element, int] = {}
        self._root = self._parse()

    @property
    def image_name(self) -> str | None:
        """The name in <filename> without its folders, or None."""
        name = (self._root.findtext("filename") or "").strip().replace("\\", "/")
        return name.rpartition("/")[2] or None

    def regions(self, kinds: Mapping[str, str]) -> list[TruthRegion]:
        """Return the objects of the file as regions."""
        return [self._region(element, kinds) for element in self._root.iter("object")]

    def _parse(self) -> ElementTree.Element:
        parser, builder = expat.ParserCreate(), ElementTree.TreeBuilder()

        def start(tag: str, attributes: dict[str, str]) -> None:
            self._line_of[builder.start(tag, attributes)] = parser.CurrentLineNumber

        def refuse(*_: object) -> None:
            raise DatasetError(
                f"{self.path}:{parser.CurrentLineNumber}: declares an entity; annotation files have no use for that"
            )

        parser.StartElementHandler, parser.EndElementHandler = start, builder.end
        parser.CharacterDataHandler, parser.EntityDeclHandler = builder.data, refuse
        try:
            parser.Parse(self.path.read_bytes(), True)
        except expat.ExpatError as error:
            problem = expat.errors.messages.get(error.code, str(error))
            raise DatasetError(f"{self.path}:{error.lineno}: not well-formed XML ({problem})") from error
        except OSError as error:
            raise DatasetError(f"{self.path}: cannot be read ({error.strerror or error}); check the path") from error
        return builder.close()

    def _where(self, element: ElementTree.Element) -> str:
        return f"{self.path}:{self._line_of[element]}"

    def _region(self, element: ElementTree.Element, kinds: Mapping[str, str]) -> TruthRegion:
        name = (element.findtext("name") or "").strip()
        if name not in kinds:
            raise DatasetError(
                f"{self._where(element)}: an object named {name!r}; known are {', '.join(kinds)}: map it with `kinds`"
            )
        text = (element.findtext("text") or element.findtext("transcription") or "").strip()
        ignore = (element.findtext("difficult") or "0").strip() == "1"
        return TruthRegion(self._quad(element), text or None, kinds[name], ignore)

    def _quad(self, element: ElementTree.Element) -> np.ndarray:
        polygon, box = element.find("polygon"), element.find("bndbox")
        if polygon is not None:
            return self._polygon(polygon)
        if box is None:
            raise DatasetError(f"{self._where(element)}: an object without <bndbox> or <polygon>")
        x1, y1, x2, y2 = self._values(box, ["xmin", "ymin", "xmax", "ymax"])
        if x2 <= x1 or y2 <= y1:
            raise DatasetError(
                f"{self._where(box)}: the box {x1:g},{y1:g},{x2:g},{y2:g} has no area; correct or delete it"
            )
        return box_to_quad(x1, y1, x2, y2)

    def _polygon(self, polygon: ElementTree.Element) -> np.ndarray:
        points = polygon.findall("pt")
        if points and len(points) != 4:
            raise DatasetError(f"{self._where(polygon)}: a polygon of {len(points)} corners; only four are supported")
        if points:
            values = [value for point in points for value in self._values(point, ["x", "y"])]
        else:
            values = self._values(polygon, [axis + str(i) for i in range(1, 5) for axis in "xy"])
        return clean_quad(np.array(values), self._where(polygon))

    def _values(self, element: ElementTree.Element, names: list[str]) -> list[float]:
        missing = [name for name in names if element.find(name) is None]
        if missing:
            raise DatasetError(f"{self._where(element)}: <{element.tag}> lacks <{missing[0]}>")
        return numbers([element.findtext(name) or "" for name in names], self._where(element))

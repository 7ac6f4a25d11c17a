"""The font that pictures are drawn with: one of the system's that has Chinese, else the one that ships."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

SHIPPED = Path(__file__).parent.parent / "assets" / "CtpnCrnnSans.woff2"
"""A font with some 3500 common characters, ASCII and punctuation; others show as empty boxes."""

_KNOWN = {
    "notosanscjk-regular.ttc": 2,
    "notosanssc-regular.otf": 0,
    "notosanscjksc-regular.otf": 0,
    "sourcehansanscn-regular.otf": 0,
    "sourcehansanssc-regular.otf": 0,
    "pingfang.ttc": 0,
    "hiragino sans gb.ttc": 0,
    "msyh.ttc": 0,
    "msyh.ttf": 0,
    "wqy-microhei.ttc": 0,
    "wqy-zenhei.ttc": 0,
    "stheiti light.ttc": 0,
    "simhei.ttf": 0,
    "simsun.ttc": 0,
    "lxgwwenkai-regular.ttf": 0,
}
"""File names of fonts in lower case -> index of the face within a collection, in order of preference."""


@lru_cache(maxsize=256)
def drawing_font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font to draw recognised text with, at a size in pixels."""
    path, index = _chosen()
    return ImageFont.truetype(str(path), max(1, size), index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _chosen() -> tuple[Path, int]:
    found = {path.name.lower(): path for folder in _font_folders() for path in _files_in(folder)}
    for name, index in _KNOWN.items():
        if name in found and _opens(found[name], index):
            return found[name], index
    return SHIPPED, 0


def _font_folders() -> list[Path]:
    """Return the folders in which this system keeps fonts."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]


def _files_in(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.lower() in _KNOWN:
                yield Path(parent, name)


def _opens(path: Path, index: int) -> bool:
    try:
        ImageFont.truetype(str(path), 16, index=index)
    except (OSError, ValueError):
        return False
    return True

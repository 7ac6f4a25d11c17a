"""A font that has Chinese: one of the system's, else the subset that ships with the package."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

SHIPPED = Path(__file__).parent.parent / "assets" / "CtpnCrnnSans.woff2"
"""Some 3500 common characters, ASCII and punctuation; others show as empty boxes."""

# In order of preference: (file name in lower case, face index within a collection).
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


@lru_cache(maxsize=256)
def drawing_font(size: int) -> ImageFont.FreeTypeFont:
    """The font to draw recognised text with, at a size in pixels."""
    path, index = _chosen()
    return ImageFont.truetype(str(path), max(1, size), index=index, layout_engine=ImageFont.Layout.BASIC)


def shipped_font(size: int) -> ImageFont.FreeTypeFont:
    """The font that ships with the package, at a size in pixels; the same on every machine."""
    return ImageFont.truetype(str(SHIPPED), max(1, size), layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _chosen() -> tuple[Path, int]:
    found = {path.name.lower(): path for folder in font_folders() for path in _files_in(folder)}
    for name, index in _KNOWN.items():
        if name in found and _opens(found[name], index):
            return found[name], index
    return SHIPPED, 0


def font_folders() -> list[Path]:
    """The folders where this system keeps fonts."""
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

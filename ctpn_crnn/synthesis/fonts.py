"""The installed fonts that can draw a charset, with every glyph checked for ink."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont
from tqdm import tqdm

from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.word_lists import word_list

FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
HELD_OUT_FAMILIES = 0.08
"""Share of the font families that the training of the reader keeps for validation."""

_EXTENSIONS = {".ttf", ".otf", ".ttc", ".otc", ".woff2"}
_PROBE_SIZE = 12
_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:;-()"
_SIMPLIFIED = "这国们个学会对时发经东车长门问间见马鸟龙书乐习华电业"
_TRADITIONAL = "這國們個學會對時發經東車長門問間見馬鳥龍書樂習華電業"


@lru_cache(maxsize=2048)
def _truetype(path: str, index: int, size: int) -> ImageFont.FreeTypeFont:
    # Without shaping (basic layout engine) advances add up, so that the place of each character is exact.
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


@dataclass(frozen=True)
class Font:
    """One face of a font file.

    Args:
        path: The font file.
        index: Index of the face in a collection (.ttc), else 0.
        family, style: Names in the file.
        characters: Those of the characters checked that the face draws with ink; space counts as drawn.
    """

    path: str
    index: int
    family: str
    style: str
    characters: frozenset[str] = field(repr=False, compare=False)

    @classmethod
    def open(cls, path: str | Path, index: int = 0, characters: Iterable[str] = _LATIN) -> Font:
        """Open a face and check which of `characters` it draws.

        Raises:
            SynthesisError: The file is not a font that FreeType reads.
        """
        try:
            family, style = _truetype(str(path), index, _PROBE_SIZE).getname()
        except OSError as error:
            raise SynthesisError(f"Cannot open the font {path} (face {index}): {error}.") from None
        return cls(str(path), index, family or Path(path).stem, style or "", _drawable(str(path), index, characters))

    def covers(self, text: str) -> bool:
        """Return whether the face draws every character of `text`, lower-case letters not as capitals."""
        if not self.characters.issuperset(text):
            return False
        return text == text.upper() or not any(name in self.family.lower() for name in word_list("font_capitals_only"))

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the face at an em of `size` pixels."""
        return _truetype(self.path, self.index, int(size))

    @property
    def scripts(self) -> frozenset[str]:
        """Scripts that the face can set: "latin", "simplified", "traditional"."""
        return frozenset(
            name
            for name, probe in (("latin", _LATIN), ("simplified", _SIMPLIFIED), ("traditional", _TRADITIONAL))
            if self.characters.issuperset(probe)
        )


class FontLibrary:
    """Faces to draw with; a family is picked first and then one of its faces, so that its size gives it no advantage.

    Args:
        fonts: The faces; at least one.
    """

    def __init__(self, fonts: Sequence[Font]) -> None:
        if not fonts:
            raise SynthesisError("No usable font: install some (docs/data.md lists them) or name their folder.")
        self.fonts = tuple(fonts)
        self._families: dict[str, list[Font]] = {}
        for font in self.fonts:
            self._families.setdefault(_family_key(font.family), []).append(font)
        self._by_script: dict[str | None, tuple[list[str], np.ndarray]] = {}

    @classmethod
    def discover(
        cls, folders: Sequence[str | Path] | None = None, characters: Iterable[str] | None = None
    ) -> FontLibrary:
        """Find all faces under `folders` (default: where systems install fonts) that can set English or Chinese.

        Checking ten thousand glyphs for ink takes about a second a face. The result is kept in a cache folder of the
        user; a progress bar on stderr counts the faces that are still to be checked.

        Raises:
            SynthesisError: No usable font was found.
        """
        if characters is None:
            from ctpn_crnn.crnn.charset import Charset

            characters = Charset.default().characters
        # A charset of digits still needs faces that set Latin, so the letters of `scripts` are always checked.
        wanted = "".join(dict.fromkeys([*characters, *_LATIN, *_SIMPLIFIED, *_TRADITIONAL]))
        files = _font_files(folders or FONT_FOLDERS)
        faces = [(path, index) for path in files for index in range(_face_count(path)) if _is_wanted(path, index)]
        fonts = {face: _cached(*face, wanted) for face in faces}
        if unchecked := [face for face, font in fonts.items() if font is None]:
            for face in tqdm(unchecked, desc="checking fonts", unit="face", disable=None):
                fonts[face] = _checked(*face, wanted)
        return cls(_drop_duplicate_faces([font for font in fonts.values() if font.scripts]))

    def split(self, held_out: float = HELD_OUT_FAMILIES) -> tuple[FontLibrary, FontLibrary]:
        """Divide the families into (training, validation) by a checksum of the family's name.

        With few families one part may be empty; it then gets all families.
        """
        kept, out = [], []
        for name, fonts in self._families.items():
            checksum = int(hashlib.md5(name.encode()).hexdigest(), 16) % 1000 / 1000
            (out if checksum < held_out else kept).extend(fonts)
        return FontLibrary(kept or out), FontLibrary(out or kept)

    def pick(self, rng: np.random.Generator, text: str, script: str | None = None) -> Font:
        """Pick a random face that draws all of `text`, of those that can set `script` if one is given.

        Raises:
            SynthesisError: No face covers the text.
        """
        names, weights = self._families_for(script)
        for name in rng.choice(names, size=min(8, len(names)), p=weights) if names else ():
            faces = self._families[str(name)]
            font = faces[int(rng.integers(len(faces)))]
            if font.covers(text):
                return font
        able = [font for font in self.fonts if font.covers(text) and (script is None or script in font.scripts)]
        if not able:
            raise SynthesisError(f"None of the {len(self.fonts)} fonts draws all of {text[:40]!r}.")
        return able[int(rng.integers(len(able)))]

    def _families_for(self, script: str | None) -> tuple[list[str], np.ndarray]:
        if script not in self._by_script:
            names = [
                n for n, faces in self._families.items() if script is None or any(script in f.scripts for f in faces)
            ]
            weights = np.array([_family_weight(name) for name in names], np.float64)
            self._by_script[script] = (names, weights / weights.sum() if names else weights)
        return self._by_script[script]


def _family_key(family: str) -> str:
    """Return one key for the regional versions of a family, such as "Noto Sans CJK SC" and "Noto Sans CJK TC"."""
    name = family.lower()
    for region in (" jp", " kr", " sc", " tc", " hk", " cn", " hw"):
        name = name.removesuffix(region)
    return name


def _family_weight(name: str) -> float:
    """Return how often a family is drawn, relative to 1: document faces come more often, handwriting less."""
    weights = (item.split("\t") for item in word_list("font_weights"))
    return next((float(weight) for part, weight in weights if part in name), 1.0)


def _is_wanted(path: Path, index: int) -> bool:
    """Return whether a face opens and sets text, and is no Japanese, Korean or mono face of a CJK collection."""
    try:
        family = _truetype(str(path), index, _PROBE_SIZE).getname()[0] or path.stem
    except OSError:
        return False
    if "CJK" in family and (family.endswith((" JP", " KR")) or "Mono CJK" in family):
        return False
    return not any(word in family.lower() for word in word_list("font_exclusions"))


def _drop_duplicate_faces(fonts: Sequence[Font]) -> list[Font]:
    """Keep one of the faces with equal names."""
    faces: dict[tuple[str, str], Font] = {}
    for font in fonts:
        faces.setdefault((font.family, font.style), font)
    return list(faces.values())


def _font_files(folders: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        root = Path(folder).expanduser()
        if root.is_file():
            found.append(root)
        elif root.is_dir():
            found.extend(path for path in root.rglob("*") if path.suffix.lower() in _EXTENSIONS)
    return sorted(set(found))


def _face_count(path: Path) -> int:
    """Return the number of faces in a file; 1 for a plain font (OpenType specification, "Collection header")."""
    with path.open("rb") as file:
        header = file.read(12)
    return int.from_bytes(header[8:12], "big") if header[:4] == b"ttcf" else 1


def _drawable(path: str, index: int, characters: Iterable[str]) -> frozenset[str]:
    """Return the characters that leave ink, other ink than the box for a missing glyph."""
    font = _truetype(path, index, _PROBE_SIZE)
    absent = {_ink(font, "\U0010fffe"), _ink(font, "\uffff")}
    return frozenset(c for c in characters if c == " " or _ink(font, c) not in absent | {b""})


def _ink(font: ImageFont.FreeTypeFont, character: str) -> bytes:
    try:
        mask = font.getmask(character, mode="L")
    except (OSError, ValueError):
        return b""
    return bytes(mask) if mask.size[0] and mask.size[1] and mask.getbbox() else b""


def _cached(path: Path, index: int, characters: str) -> Font | None:
    """Return the face with its coverage from the cache; None if it is not in the cache."""
    try:
        bits = np.unpackbits(np.load(_cache_file(path, index, characters)), count=len(characters))
        family, style = _truetype(str(path), index, _PROBE_SIZE).getname()
    except (OSError, ValueError):
        return None
    return Font(str(path), index, family or path.stem, style or "", frozenset(c for c, b in zip(characters, bits) if b))


def _checked(path: Path, index: int, characters: str) -> Font:
    """Check which of `characters` a face draws, and keep the result in the cache."""
    font = Font.open(path, index, characters)
    cached = _cache_file(path, index, characters)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cached.parent, suffix=".npy", delete=False) as file:
            np.save(file, np.packbits([c in font.characters for c in characters]))
        os.replace(file.name, cached)
    except OSError:
        pass  # Without a cache the check is repeated the next time.
    return font


def _cache_file(path: Path, index: int, characters: str) -> Path:
    stat = path.stat()
    key = f"{path}|{index}|{stat.st_size}|{int(stat.st_mtime)}|{hashlib.md5(characters.encode()).hexdigest()}|1"
    folder = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ctpn_crnn" / "fonts"
    return folder / (hashlib.md5(key.encode()).hexdigest() + ".npy")

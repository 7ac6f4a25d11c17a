"""Draws docs/detection-cases.jpg: rendered pages with what the shipped detector finds on them, well and badly.

    python docs/make_detection_cases.py --corpus texts/

Needs fonts that set Chinese (docs/data.md) and matplotlib. No page of it was trained on, but their kind was.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from ctpn_crnn import Detector
from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.evaluation.detection import IouScore
from ctpn_crnn.evaluation.runs import MATCHED, MISSED, WRONG, draw_matches
from ctpn_crnn.synthesis.fonts import FontLibrary
from ctpn_crnn.synthesis.pages import PageSample, PageSynthesizer
from ctpn_crnn.synthesis.pages.warping import transform
from ctpn_crnn.synthesis.text import Corpus

CASES = [
    ("table", 0, 15), ("receipt", 0, 12), ("scene", 0, 12),
    ("document", 20, 11), ("document", 45, 11), ("proof", 0, 4),
]  # fmt: skip
"""Style, degrees it is turned by, seed."""
SIZE = (480, 640)
CAPTION, COLUMNS, PAPER, JPEG_QUALITY = 36, 3, 255, 80


def turn(sample: PageSample, degrees: float) -> PageSample:
    """The sample turned about its middle and shrunk until all of it is inside, on white."""
    if not degrees:
        return sample
    height, width = sample.image.shape[:2]
    angle = np.deg2rad(degrees)
    shrunk = min(height, width) / (height * np.sin(angle) + width * np.cos(angle))
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, shrunk)
    image = cv2.warpAffine(sample.image, matrix[:2], (width, height), flags=cv2.INTER_AREA, borderValue=(PAPER,) * 3)
    return PageSample(image, [TruthRegion(transform(r.quad, matrix), r.text, r.kind) for r in sample.regions])


def tile(detector: Detector, sample: PageSample, name: str) -> np.ndarray:
    """The page with its lines drawn, and a caption below."""
    found = detector.detect(sample.image)
    matches = IouScore().update([TruthRegion(r.quad, r.text, r.kind) for r in sample.regions], found)
    picture = draw_matches(sample.image, sample.regions, found, matches)
    caption = np.full((CAPTION, picture.shape[1], 3), PAPER, np.uint8)
    text = f"{name}: {len(matches.pairs)} of {len(sample.regions)} found"
    cv2.putText(caption, text, (6, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    for number, (word, colour) in enumerate((("found", MATCHED), ("missed", MISSED), ("wrong", WRONG))):
        place = (picture.shape[1] - 240 + 80 * number, 25)
        cv2.putText(caption, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1, cv2.LINE_AA)
    return np.concatenate([picture, caption])


def main() -> None:
    """Writes the picture beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of UTF-8 .txt files (None: a few sentences)")
    fonts, corpus, detector = FontLibrary.discover(), Corpus(parser.parse_args().corpus), Detector()
    tiles = []
    for style, degrees, seed in CASES:
        sample = PageSynthesizer(fonts, corpus, None, SIZE, {style: 1.0})(np.random.default_rng(seed))
        name = f"{style}, turned by {degrees}" if degrees else style
        tiles.append(tile(detector, turn(sample, degrees), name))
    rows = [np.concatenate(tiles[i : i + COLUMNS], axis=1) for i in range(0, len(tiles), COLUMNS)]
    path = Path(__file__).resolve().parent / "detection-cases.jpg"
    cv2.imwrite(str(path), np.concatenate(rows), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


if __name__ == "__main__":
    main()

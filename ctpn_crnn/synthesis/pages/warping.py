"""Turning and tilting a page together with its quads."""

from __future__ import annotations

import cv2
import numpy as np

from ctpn_crnn.datasets.samples import TruthRegion
from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.pages.page_sample import PageSample

_MARGIN = 1.0
"""Least distance in pixels of a region from the edge of the picture."""


def transform(quad: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a homography to the corners of a quad; returns float32 (4, 2)."""
    points = np.concatenate([np.asarray(quad, np.float64), np.ones((4, 1))], axis=1) @ np.asarray(matrix, np.float64).T
    return (points[:, :2] / points[:, 2:]).astype(np.float32)


def warp_page(rng: np.random.Generator, sample: PageSample, photos: Photos) -> PageSample:
    """Turn a page, mostly by less than 3 degrees as in a crooked scan; one of five lies on a table before a camera.

    Every region stays inside the picture: the page is shrunk where turning would push one out.
    """
    height, width = sample.image.shape[:2]
    camera = rng.random() < 0.2
    matrix = _random_matrix(rng, width, height, 0.05 if camera else 0.006)
    kept = _corners(width, height) if camera else _points(sample.regions)
    matrix = _fitting(matrix, kept, width, height) @ matrix
    # Quads count from pixel edges, OpenCV from pixel centres.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    centers = np.linalg.inv(shift) @ matrix @ shift
    if camera:
        image = photos.crop(rng, (height, width)).copy()
        cv2.warpPerspective(sample.image, centers, (width, height), image, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    elif rng.random() < 0.5:
        # Beyond the edge of the page the lid of the scanner has one tone.
        tone = (float(rng.integers(0, 256)),) * 3
        image = cv2.warpPerspective(
            sample.image, centers, (width, height), None, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, tone
        )
    else:
        edge = tuple(float(v) for v in sample.image[0, 0])
        image = cv2.warpPerspective(
            sample.image, centers, (width, height), None, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, edge
        )
    return PageSample(image, [TruthRegion(transform(r.quad, matrix), r.text, r.kind) for r in sample.regions])


def _random_matrix(rng: np.random.Generator, width: int, height: int, jitter: float) -> np.ndarray:
    """Return a rotation about the middle, with corners moved by up to `jitter` of the page's width."""
    angle = np.deg2rad(np.clip(rng.normal(0, 1.3), -6, 6))
    cosine, sine = np.cos(angle), np.sin(angle)
    corners = _corners(width, height)
    middle = np.array([width, height]) / 2
    moved = (corners - middle) @ np.array([[cosine, sine], [-sine, cosine]]) + middle
    moved += rng.uniform(-jitter, jitter, (4, 2)) * width
    return cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))


def _fitting(matrix: np.ndarray, points: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the similarity that brings the transformed points back into the picture if they are outside."""
    if not len(points):
        return np.eye(3)
    moved = cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0]
    low, high = moved.min(0), moved.max(0)
    room = np.array([width, height]) - 2 * _MARGIN
    scale = min(1.0, *(room / np.maximum(high - low, 1e-6)))
    low, high = low * scale, high * scale
    shift = np.maximum(_MARGIN - low, 0) + np.minimum(room + _MARGIN - np.maximum(high, _MARGIN), 0)
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]])


def _corners(width: int, height: int) -> np.ndarray:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def _points(regions: list[TruthRegion]) -> np.ndarray:
    return np.concatenate([region.quad for region in regions]).astype(np.float64) if regions else np.zeros((0, 2))

"""Views of scene text: on an arc, turned, slanted, squeezed, in perspective. Edges of characters move with the ink."""

from __future__ import annotations

import cv2
import numpy as np


def bend(rng: np.random.Generator, ink: np.ndarray, edges: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Put a line on an arc of a circle, as on badges and round signs; each letter turns with it.

    A point `along` the line and `below` its middle goes to the angle along / radius, at the distance radius - below
    from the centre. This gives arcs that open downwards; the others are their mirror images.

    Args:
        rng: Source of randomness.
        ink: Coverage of the letters, uint8 (H, W).
        edges: (characters, 2, 2), the points (x, y) of the left and right edges of the characters on their middle line.
        size: Em in pixels.

    Returns:
        The ink and the edges after bending.
    """
    length = float(edges[-1, 1, 0] - edges[0, 0, 0])
    # Flat enough that the feet of the letters stay apart and a crop of height 32 still shows them large.
    angle = min(rng.uniform(0.2, 1.5), 0.6 * length / size, 7 * size / length)
    radius, up = length / angle, 1.0 if rng.random() < 0.7 else -1.0
    height, width = ink.shape
    x0, y0 = width / 2, float(edges[0, 0, 1])
    half = angle / 2 + size / radius
    reach = (radius + 1.5 * size) * np.sin(half) if half < np.pi / 2 else radius + 1.5 * size
    drop = radius - (radius - 1.5 * size) * np.cos(half)
    shape = int(1.5 * size + drop) + 1, 2 * int(reach) + 2
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = x - shape[1] / 2, radius - (y - 1.5 * size)
    along, below = radius * np.arctan2(x, y), radius - np.hypot(x, y)
    if up < 0:
        below = -below
    bent = cv2.remap(ink, (along + x0).astype(np.float32), (below + y0).astype(np.float32), cv2.INTER_LINEAR)
    points = edges - (x0, y0)
    turned, distance = points[..., 0] / radius, radius - up * points[..., 1]
    edges = np.stack([distance * np.sin(turned) + shape[1] / 2, 1.5 * size + radius - distance * np.cos(turned)], -1)
    if up < 0:
        bent, edges[..., 1] = bent[::-1], shape[0] - 1 - edges[..., 1]
    return np.ascontiguousarray(bent), edges.astype(np.float32)


def tilt_and_stretch(
    rng: np.random.Generator, ink: np.ndarray, edges: np.ndarray, freely: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a line by a few degrees, slant, squeeze or stretch it, and view it from the side.

    Args:
        rng: Source of randomness.
        ink: Coverage of the letters, uint8 (H, W).
        edges: (characters, 2, 2), the points (x, y) of the left and right edges of the characters.
        freely: Stretch and slant more. For Chinese: it leans by up to 30 degrees in the rectangle annotated of a board
            that hangs aslant, and is broad or narrow as the board has room.

    Returns:
        The ink and the edges in the new view.
    """
    height, width = ink.shape
    stretch = np.exp(rng.normal(0, 0.3 if freely and rng.random() < 0.4 else 0.16))
    # Long words turn less: their letters would be low in a crop that holds both ends.
    spread = 3.0 if rng.random() < 0.8 else 9.0
    angle = np.deg2rad(rng.normal(0, spread)) * min(1.0, 2 * height / width)
    slant = np.clip(rng.normal(0, 0.3 if freely and rng.random() < 0.4 else 0.1), -0.7, 0.7)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width / 2, height / 2])
    moved = (corners - middle) @ np.array([[stretch, 0], [slant, 1]]) @ turn.T
    if rng.random() < 0.5:  # One end is nearer: its letters are larger.
        moved *= 1 + np.array([1, -1, -1, 1])[:, None] * rng.uniform(-0.12, 0.12)
    moved -= moved.min(0)
    shape = np.ceil(moved.max(0)).astype(int) + 1
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    edges = cv2.perspectiveTransform(edges.reshape(-1, 1, 2).astype(np.float32), matrix).reshape(-1, 2, 2)
    return cv2.warpPerspective(ink, matrix, (int(shape[0]), int(shape[1])), flags=cv2.INTER_LINEAR), edges

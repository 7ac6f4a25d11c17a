"""Draw docs/photo.jpg, a shop front as a photograph shows it, for the README.

    python docs/make_photo.py

Wall, board and text are ours; the typeface is the one that ships with the package.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (1000, 640)
WALL, JOINT = (72, 92, 150), (120, 128, 140)  # BGR
BOARD, LETTERS = (58, 78, 30), (205, 232, 240)


def brick_wall(rng: np.random.Generator) -> np.ndarray:
    """Return a wall of bricks, uint8 BGR of `SIZE`."""
    width, height = SIZE
    wall = np.full((height, width, 3), JOINT, np.uint8)
    for row, y in enumerate(range(0, height, 32)):
        for x in range(-80 + 40 * (row % 2), width, 80):
            tint = rng.normal(1.0, 0.12)
            colour = tuple(float(np.clip(c * tint, 0, 255)) for c in WALL)
            cv2.rectangle(wall, (x + 2, y + 2), (x + 76, y + 28), colour, -1)
    return wall


def sign(size: tuple[int, int], lines: list[tuple[str, int, int]], ground: tuple[int, int, int]) -> np.ndarray:
    """Return a board with lines of text (text, font size, middle), uint8 BGR."""
    face = str(files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2")
    board = Image.new("RGB", size, ground[::-1])
    draw = ImageDraw.Draw(board)
    draw.rectangle((6, 6, size[0] - 7, size[1] - 7), outline=LETTERS[::-1], width=3)
    for text, points, middle in lines:
        font = ImageFont.truetype(face, points)
        draw.text((size[0] / 2, middle), text, font=font, fill=LETTERS[::-1], anchor="mm", stroke_width=points // 40)
    return np.ascontiguousarray(np.asarray(board)[..., ::-1])


def mount(wall: np.ndarray, board: np.ndarray, corners: list[tuple[int, int]]) -> np.ndarray:
    """Return the wall with a board at these corners (clockwise from the top left), with its shadow."""
    height, width = board.shape[:2]
    source = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    matrix = cv2.getPerspectiveTransform(source, np.float32(corners))
    size = wall.shape[1::-1]
    mask = cv2.warpPerspective(np.full((height, width), 1.0, np.float32), matrix, size, flags=cv2.INTER_AREA)
    shadow = cv2.GaussianBlur(np.roll(mask, (12, 10), (0, 1)), (0, 0), 9)
    shaded = wall * (1 - 0.55 * shadow[..., None])
    mask = mask[..., None]
    return shaded * (1 - mask) + cv2.warpPerspective(board, matrix, size, flags=cv2.INTER_AREA) * mask


def main() -> None:
    """Write the picture beside this script."""
    rng = np.random.default_rng(3)
    name = sign((760, 230), [("城南书店", 120, 88), ("SOUTH CITY BOOKS", 46, 186)], BOARD)
    hours = sign((330, 190), [("营业时间", 44, 52), ("9:00-21:30", 44, 104), ("全年无休", 36, 152)], (60, 52, 120))
    photo = mount(brick_wall(rng), name, [(95, 95), (880, 60), (890, 300), (100, 318)])
    photo = mount(photo, hours, [(560, 385), (850, 378), (856, 556), (563, 560)])
    across, down = np.meshgrid(np.linspace(0, 1, SIZE[0]), np.linspace(0, 1, SIZE[1]))
    photo = photo * (1.12 - 0.35 * across - 0.2 * down)[..., None]  # light from the upper left
    photo = cv2.GaussianBlur(photo, (0, 0), 0.9) + rng.normal(0, 4, photo.shape)
    path = Path(__file__).resolve().parent / "photo.jpg"
    cv2.imwrite(str(path), np.clip(photo, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()

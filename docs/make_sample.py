"""Draws docs/sample.png, the page that the README reads, and docs/sample.txt, what it says.

    python docs/make_sample.py

The text is ours; the face is the one that the package ships.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TITLE = "图书馆读者须知"
LINES = [
    "本馆周二至周日开放，时间为上午九点到下午五点。",
    "进馆请保持安静，手机调到静音，不要在室内吃东西。",
    "每位读者一次可以借书五本，期限三十天，可以续借一次。",
    "书籍如有损坏或者丢失，请按照原价的两倍赔偿。",
    "The library is open from Tuesday to Sunday.",
    "Please keep quiet and do not eat in the rooms.",
    "电话：010-62751234    电子邮件：library@example.com",
    "2026年11月22日",
]
SIZE = (1000, 640)
MARGIN, INK, PAPER = 70, (25, 25, 30), (252, 251, 247)


def main() -> None:
    """Writes the picture and its text beside this script."""
    face = str(files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2")
    page = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((SIZE[0] / 2, 70), TITLE, font=ImageFont.truetype(face, 44), fill=INK, anchor="mm")
    draw.line([(MARGIN, 112), (SIZE[0] - MARGIN, 112)], fill=(120, 120, 120), width=2)
    body = ImageFont.truetype(face, 30)
    for number, line in enumerate(LINES):
        draw.text((MARGIN, 140 + 58 * number), line, font=body, fill=INK)
    here = Path(__file__).resolve().parent
    page.save(here / "sample.png", optimize=True)
    (here / "sample.txt").write_text("\n".join([TITLE, *LINES]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

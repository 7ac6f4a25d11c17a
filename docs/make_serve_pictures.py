"""Draws docs/serve-desktop.png and docs/serve-phone.png: the page of `ctpn-crnn serve` reading docs/sample.png.

    pip install -e ".[serve]" playwright && python docs/make_serve_pictures.py

Needs Chromium, for example Debian's package of that name.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).resolve().parent
COLOURS = 64
PICTURES = {
    "serve-desktop.png": {"viewport": {"width": 1200, "height": 760}, "locale": "en-US"},
    "serve-phone.png": {
        "viewport": {"width": 390, "height": 844},
        "locale": "zh-CN",
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 1.5,
    },
}
"""Name of each picture -> how the browser shows the page."""


def main() -> None:
    """Starts a server, has it read the sample, and writes the pictures beside this script."""
    command = [sys.executable, "-m", "ctpn_crnn", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = re.match(r"http://\S+", server.stdout.readline())[0]
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name, options in PICTURES.items():
                save(picture_of(browser, address, options), DOCS / name)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def picture_of(browser: Browser, address: str, options: dict) -> bytes:
    """Return a PNG of the page after it has read the sample."""
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.goto(address)
        page.set_input_files("#choose", DOCS / "sample.png")
        page.wait_for_selector("#save:not([disabled])")
        page.wait_for_selector(".box", state="attached")
        return page.screenshot()


def save(data: bytes, path: Path) -> None:
    """Write a PNG with few colours, which is small."""
    image = Image.open(io.BytesIO(data)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

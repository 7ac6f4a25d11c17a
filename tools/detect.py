"""Detect text in many images, as `ctpn-crnn detect` does: a table of windows with class probabilities."""

from __future__ import annotations

import sys

from ctpn_crnn.commands import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_as_script("detect", argv)


if __name__ == "__main__":
    sys.exit(main())

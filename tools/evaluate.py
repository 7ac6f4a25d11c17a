"""Score the networks on a set with ground truth, as `ctpn-crnn evaluate` does."""

from __future__ import annotations

import sys

from ctpn_crnn.commands import run_as_script


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    return run_as_script("evaluate", argv)


if __name__ == "__main__":
    sys.exit(main())

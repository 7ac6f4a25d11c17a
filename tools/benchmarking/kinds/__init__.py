"""Kinds of ordinary picture on which text was lost, drawn at random; `tools/measure_kinds.py` reads and scores them.

One more kind is a module with a function ``draw(rng, fonts) -> KindPicture`` and a line in `KINDS`. All that is random
comes from `rng`, so that a seed gives the same pictures wherever the same fonts are installed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarking.kinds import numbers
from benchmarking.kinds.picture import KindPicture
from ctpn_crnn.synthesis.fonts import FontLibrary

KINDS: dict[str, Callable[[np.random.Generator, FontLibrary], KindPicture]] = {"numbers": numbers.draw}
"""Name of a kind -> what draws one picture of it."""

__all__ = ["KINDS", "KindPicture"]

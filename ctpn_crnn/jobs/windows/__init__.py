"""The batch detector: a list of images, or of windows in them, into one table of windows with class probabilities.

    run(Options("images.txt", "lines.csv", read=True))

One image is in memory at a time. Results are kept in a journal beside the output, from which an interrupted run
continues. Importing this package imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from ctpn_crnn.jobs.windows.finders import CROP_MODES
from ctpn_crnn.jobs.windows.run import Options, run

__all__ = ["CROP_MODES", "Options", "run"]

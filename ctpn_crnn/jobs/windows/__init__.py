"""The batch detector: a list of images, or of windows in them, into one table of windows with class probabilities.

    run(Options("images.txt", "lines.csv", read=True))

It streams: one image is in memory at a time, results go to a journal beside the output, and a run that was interrupted
goes on where it stopped. Importing this package imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from ctpn_crnn.jobs.windows.batch_run import Options, run
from ctpn_crnn.jobs.windows.finders import CROP_MODES

__all__ = ["CROP_MODES", "Options", "run"]

"""Scores of a run over a set with ground truth: what was found, what was read, and whole pages.

Regions found are scored by `detection` (IoU, DetEval) and `line_ends`, the text of single lines by `recognition`, pages
by `pages`. `runs` feeds a set through the detector, the reader or the recognizer; `report` writes the scores down.
"""

from ctpn_crnn.evaluation.calibration import CalibrationData, expected_calibration_error, fit_calibration
from ctpn_crnn.evaluation.detection import DetEvalScore, IouScore, Match, PageMatches
from ctpn_crnn.evaluation.line_ends import LineEndScore
from ctpn_crnn.evaluation.pages import PageScore
from ctpn_crnn.evaluation.recognition import RecognitionScore

__all__ = [
    "CalibrationData",
    "DetEvalScore",
    "IouScore",
    "LineEndScore",
    "Match",
    "PageMatches",
    "PageScore",
    "RecognitionScore",
    "expected_calibration_error",
    "fit_calibration",
]

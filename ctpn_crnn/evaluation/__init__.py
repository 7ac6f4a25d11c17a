"""Scores: finding lines (IoU, DetEval, line ends), reading them (exact, 1-NED, CER), whole pages."""

from ctpn_crnn.evaluation.calibration import CalibrationData, expected_calibration_error, fit_calibration
from ctpn_crnn.evaluation.detection import DetEvalScore, IouScore, Match, PageMatches
from ctpn_crnn.evaluation.edit_distance import edit_distance
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
    "edit_distance",
    "expected_calibration_error",
    "fit_calibration",
]

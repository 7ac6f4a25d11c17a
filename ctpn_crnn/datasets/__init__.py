"""Ground truth in: line lists, ICDAR quads, Pascal VOC, MSRA-TD500. Reading it needs neither TensorFlow nor Keras."""

from ctpn_crnn.datasets.detection_set import is_held_out, read_detection_set
from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.lines import read_line_list
from ctpn_crnn.datasets.samples import LabelledLine, PageTruth, TruthRegion
from ctpn_crnn.datasets.td500 import read_td500
from ctpn_crnn.datasets.voc import read_voc

__all__ = [
    "LabelledLine",
    "PageTruth",
    "TruthRegion",
    "is_held_out",
    "read_detection_set",
    "read_icdar",
    "read_line_list",
    "read_td500",
    "read_voc",
]

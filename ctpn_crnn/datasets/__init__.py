"""Reading of ground truth: line lists, and detection sets in the forms ICDAR 2015, Pascal VOC and MSRA-TD500.

There is a module for each form. To read another form of detection set, write a module with a reader that returns a list
of `PageTruth`, and add it to `FORMATS` in `detection_set.py`. No reader needs TensorFlow or Keras.
"""

from ctpn_crnn.datasets.detection_set import is_held_out, read_detection_set
from ctpn_crnn.datasets.icdar import read_icdar
from ctpn_crnn.datasets.line_list import read_line_list
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

"""Rendered pages with the exact place of every line and formula, for training and checking the detector.

`synthesizer` draws a page of one of the kinds (`documents`, `tables`, `receipts`, `scenes`, `screens`, `blank_pages`),
then turns and degrades it. `typesetting` sets text on a canvas and notes its regions.
"""

from ctpn_crnn.synthesis.pages.page_sample import PageSample
from ctpn_crnn.synthesis.pages.synthesizer import STYLES, PageSynthesizer, render_page

__all__ = ["STYLES", "PageSample", "PageSynthesizer", "render_page"]

"""Text lines as the reader sees them: rendered crops of height 32 with their text and the place of each character.

`document_lines` draws lines of printed pages, `signs` draws scene text (`sign_views` bends and tilts it, `sign_colours`
paints it, `sign_surroundings` draws what stands beside it). `LineSynthesizer` mixes both.
"""

from ctpn_crnn.synthesis.lines.document_lines import render_line
from ctpn_crnn.synthesis.lines.line_sample import LineSample, LineStyle, SignStyle
from ctpn_crnn.synthesis.lines.signs import render_sign
from ctpn_crnn.synthesis.lines.synthesizer import LineSynthesizer

__all__ = ["LineSample", "LineStyle", "LineSynthesizer", "SignStyle", "render_line", "render_sign"]

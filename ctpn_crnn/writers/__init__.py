"""A page, written down."""

from __future__ import annotations

from ctpn_crnn.writers.json_file import read_json, write_json
from ctpn_crnn.writers.picture import draw_page, write_picture
from ctpn_crnn.writers.text import write_text

__all__ = ["draw_page", "read_json", "write_json", "write_picture", "write_text"]

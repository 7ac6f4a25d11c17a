"""The networks that can be exported."""

from __future__ import annotations

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION

DEFINITIONS = {definition.kind: definition for definition in (CTPN_DEFINITION, CRNN_DEFINITION)}
"""By the kind that a weights file names."""

"""The module that OCRmyPDF loads by itself where ctpn_crnn is installed: it adds a choice to ``--ocr-engine``.

It is not the plugin itself for two reasons: OCRmyPDF refuses a plugin that is both installed and named with
``--plugin``, and this engine must not become the engine of those who have not asked for it.
"""

from __future__ import annotations

from ctpn_crnn.ocrmypdf.hooks import ENGINE_NAME, Hooks

_HOOKS = Hooks({ENGINE_NAME})

initialize = _HOOKS.initialize
add_options = _HOOKS.add_options
check_options = _HOOKS.check_options
get_ocr_engine = _HOOKS.get_ocr_engine

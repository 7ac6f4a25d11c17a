"""Packages that only some formats need."""

import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.writers import WRITERS
from ctpn_crnn.writers.packages import Package


def test_a_package_that_is_missing_is_named():
    with pytest.raises(ConfigError, match="^writing clay tablets needs py-reed: pip install py-reed$"):
        Package("no_such_module_reed", "py-reed", "clay tablets").load()


def test_a_format_checks_all_that_it_needs(monkeypatch):
    assert {name: [p.name for p in WRITERS[name].packages] for name in ("txt", "docx", "xlsx", "pdf")} == {
        "txt": [],
        "docx": ["python-docx"],
        "xlsx": ["openpyxl"],
        "pdf": ["pikepdf", "img2pdf"],
    }
    monkeypatch.setitem(__import__("sys").modules, "img2pdf", None)
    with pytest.raises(ConfigError, match="img2pdf"):
        WRITERS["pdf"].check_installed()

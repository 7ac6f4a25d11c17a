"""What is imported without the extra, and what is said where it is missing."""

import subprocess
import sys

import pytest

from ctpn_crnn import server
from ctpn_crnn.commands import main
from ctpn_crnn.errors import ConfigError


def test_nothing_but_the_server_imports_its_packages():
    code = (
        "import sys, ctpn_crnn.recognizer, ctpn_crnn.writers, ctpn_crnn.commands.serve, ctpn_crnn.server.settings\n"
        "print({'fastapi', 'starlette', 'uvicorn', 'pydantic', 'prometheus_client'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"


def test_a_missing_package_is_named(monkeypatch, capsys):
    monkeypatch.setattr(server, "find_spec", lambda name: None if name == "uvicorn" else name)
    with pytest.raises(ConfigError, match=r"needs uvicorn: pip install"):
        server.check_installed()
    assert main(["serve"]) == 2
    assert capsys.readouterr().err.startswith("error: the server needs uvicorn")

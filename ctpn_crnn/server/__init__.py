"""The server of `ctpn-crnn serve`: a page in the browser and a REST interface over one recognizer.

    from ctpn_crnn.server import check_installed

    check_installed()
    from ctpn_crnn.server.app import make_app

Needs the extra `serve` (FastAPI, uvicorn); nothing else of this package imports it.
"""

from __future__ import annotations

from importlib.util import find_spec

from ctpn_crnn.errors import ConfigError

_NEEDED = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
"""Module -> name of its package."""


def check_installed() -> None:
    """Check that the packages of the extra `serve` are installed.

    Raises:
        ConfigError: One is missing; the message says how to install it.
    """
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ConfigError(
            f'the server needs {", ".join(missing)}: pip install "ctpn_crnn[serve]", or pip install {" ".join(missing)}'
        )

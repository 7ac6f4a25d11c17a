"""Fixtures of the tests of the server."""

import pytest

pytest.importorskip("fastapi")

from fastapi.testclient import TestClient  # noqa: E402
from stub_server import stub_recognizer  # noqa: E402

from ctpn_crnn.server.app import make_app  # noqa: E402
from ctpn_crnn.server.settings import ServerSettings  # noqa: E402


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Files of the server lie in a folder of the test, so that what stays behind is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def recognizer():
    return stub_recognizer()


@pytest.fixture
def serve(recognizer):
    """Starts the application with some limits; returns a client of it."""
    clients = []

    def start(*, token=None, hosts=None, **limits):
        client = TestClient(make_app(recognizer, ServerSettings(**limits), token=token, hosts=hosts))
        clients.append(client)
        return client.__enter__()

    yield start
    recognizer.detector.gate.set()
    for client in clients:
        client.__exit__(None, None, None)

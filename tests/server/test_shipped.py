"""The server with the shipped weights."""

from pathlib import Path

from fastapi.testclient import TestClient

from ctpn_crnn.page import Page
from ctpn_crnn.recognizer import Recognizer
from ctpn_crnn.server.app import make_app

DOCS = Path(__file__).parents[2] / "docs"


def test_the_shipped_sample_is_read():
    with TestClient(make_app(Recognizer(runtime="onnx"))) as client, open(DOCS / "sample.png", "rb") as file:
        answer = client.post("/v1/read", files={"file": file})
    page = Page.from_dict(answer.json()["pages"][0])
    expected = (DOCS / "sample.txt").read_text(encoding="utf-8")
    assert page.text.split() == expected.split()

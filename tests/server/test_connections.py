"""Clients over real connections: those that vanish, those that send too little, many at once."""

import gc
import io
import mmap
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from PIL import Image
from running_server import running
from stub_server import grey_document, grey_picture, stub_recognizer

from ctpn_crnn.page import Page
from ctpn_crnn.recognizer import Recognizer
from ctpn_crnn.server.app import make_app
from ctpn_crnn.server.settings import ServerSettings

DOCS = Path(__file__).parents[2] / "docs"


def request_for(data, length=None):
    """The bytes of an upload to /v1/read; a length that is too large keeps the server waiting for more."""
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + data + b"\r\n--b--\r\n"
    head = (
        "POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {length or len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send_and_vanish(address, data, length=None):
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(request_for(data, length))
        time.sleep(0.05)


def until(condition, seconds=20):
    for _ in range(100 * seconds):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not come true")


def test_the_rest_of_a_document_is_not_read_for_a_client_that_has_gone(recognizer, own_temporary_folder):
    recognizer.detector.gate.clear()
    with running(make_app(recognizer)) as address:
        send_and_vanish(address, grey_document(1, 2, 3, 4))
        until(lambda: recognizer.detector.begun == 1)
        time.sleep(0.2)
        recognizer.detector.gate.set()
        until(lambda: list(own_temporary_folder.iterdir()) == [])
        assert recognizer.detector.begun == 1
        assert httpx2.get(f"{address}/health").json()["unfinished_documents"] == 0


def test_an_upload_that_is_cut_off_leaves_nothing(recognizer, own_temporary_folder):
    with running(make_app(recognizer)) as address:
        send_and_vanish(address, grey_picture(1) * 20_000, length=10_000_000)
        until(lambda: list(own_temporary_folder.iterdir()) == [])
        answer = httpx2.post(f"{address}/v1/read", files={"file": grey_picture(5)})
        assert answer.status_code == 200 and recognizer.detector.begun == 1


def resident_megabytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE / 1e6


class Client:
    """One of many clients: sends good and bad files, and checks that each answer belongs to its file.

    Args:
        address: Of the server.
        good: A number -> a file, and the text in it without spaces.
    """

    def __init__(self, address, good):
        self.address, self.good = address, good
        self.wrong = []
        self.answers = 0
        self._lock = threading.Lock()

    def __call__(self, index):
        kind = index % 10
        if kind == 7:
            send_and_vanish(self.address, grey_document(1, 2, 3))
        elif kind == 8:
            send_and_vanish(self.address, grey_picture(1) * 5000, length=5_000_000)
        elif kind == 9:
            self.check(index, b"\x89PNG\r\n\x1a\n broken" * 1000, 422, None)
        else:
            data, text = self.good(index)
            self.check(index, data, 200, text)

    def check(self, index, data, status, text):
        for _ in range(1000):
            answer = httpx2.post(f"{self.address}/v1/read", files={"file": data}, timeout=60)
            if answer.status_code != 503:
                break
            if int(answer.headers["Retry-After"]) < 1:
                self.wrong.append((index, "no time to wait"))
            time.sleep(0.1)
        found = None
        if answer.status_code == 200:
            found = "".join(Page.from_dict(answer.json()["pages"][0]).text.split())
        with self._lock:
            self.answers += 1
            if answer.status_code != status or found != text:
                self.wrong.append((index, answer.status_code, answer.text[:200]))


def grey(index):
    return grey_picture(index % 256, (1200, 900)), str(index % 256)


def line_of_the_sample(index):
    """One of the lines of docs/sample.png, each 58 pixels below the one before, as docs/make_sample.py draws them."""
    number = index % 8
    with Image.open(DOCS / "sample.png") as sample:
        strip = sample.crop((0, 131 + 58 * number, sample.width, 189 + 58 * number))
    file = io.BytesIO()
    strip.save(file, "PNG")
    text = (DOCS / "sample.txt").read_text(encoding="utf-8").splitlines()[1 + number]
    return file.getvalue(), "".join(text.split())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="measures its memory as Linux tells it")
@pytest.mark.parametrize(
    ("make", "good", "requests"), [(stub_recognizer, grey, 200), (Recognizer, line_of_the_sample, 40)]
)
def test_many_requests_of_twenty_clients(make, good, requests, own_temporary_folder, capsys):
    """No wrong answer, memory flat, nothing left behind."""
    with running(make_app(make(), ServerSettings(queue=8))) as address:
        sizes = []
        for _ in range(3):
            client = Client(address, good)
            with ThreadPoolExecutor(20) as pool:
                list(pool.map(client, range(requests)))
            assert client.wrong == [] and client.answers == requests * 8 // 10
            # Pages of vanished clients end first. TensorFlow keeps files of its own there.
            until(lambda: list(own_temporary_folder.glob("ctpn-crnn-*")) == [], seconds=120)
            gc.collect()
            sizes.append(resident_megabytes())
        assert httpx2.get(f"{address}/health").json()["unfinished_documents"] == 0
    with capsys.disabled():
        print(f"\nmemory after each {requests} requests, MB: {', '.join(f'{size:.0f}' for size in sizes)}")
    assert sizes[2] - sizes[0] < 60

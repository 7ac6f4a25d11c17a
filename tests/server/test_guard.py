"""Who may ask, how much may be sent, and how long that may take."""

import asyncio

import pytest
from stub_server import grey_picture, stub_recognizer

from ctpn_crnn.server.app import make_app
from ctpn_crnn.server.guard import LOOPBACK
from ctpn_crnn.server.settings import ServerSettings

FILES = {"file": ("a.png", grey_picture(7))}


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(serve):
    client = serve(max_bytes=1000)
    answer = client.post("/v1/read", files={"file": b"x" * 2000})
    assert answer.status_code == 413 and "0.001 MB" in answer.json()["detail"]


def test_a_body_without_a_length_is_counted(serve):
    def body():
        for _ in range(100):
            yield b"--b\r\n" + b"x" * 500

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = serve(max_bytes=1000).post("/v1/read", content=body(), headers=headers)
    assert answer.status_code == 413


def test_a_token_is_asked_for(serve):
    client = serve(token="geheim")
    assert client.get("/health").status_code == client.get("/").status_code == 200
    for path in ("/v1/info", "/metrics", "/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 401 and "Authorization: Bearer" in answer.json()["detail"]
        assert client.get(path, headers={"Authorization": "Bearer geheim"}).status_code == 200
    for wrong in ("Bearer gehei", "Bearer geheimer", "Basic geheim", "Bearer ", "Bearer é".encode()):
        assert client.post("/v1/read", files=FILES, headers={"Authorization": wrong}).status_code == 401
    assert client.post("/v1/read", files=FILES, headers={"Authorization": "bearer geheim"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_pages_of_other_sites_are_refused(serve, headers):
    client = serve()
    answer = client.post("/v1/read", files=FILES, headers=headers)
    assert answer.status_code == 403 and not [name for name in answer.headers if name.startswith("access-control")]
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/read", files=FILES, headers=own).status_code == 200


def test_a_foreign_name_that_leads_here_is_refused(serve):
    client = serve(hosts=LOOPBACK)
    for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "LOCALHOST:1"):
        assert client.get("/v1/info", headers={"Host": host}).status_code == 200
    for host in ("evil.example", "localhost.evil.example:8000", ""):
        assert client.get("/", headers={"Host": host}).status_code == 403


def test_no_cross_origin_answers_and_nothing_stored(serve):
    client = serve()
    answer = client.options("/v1/read", headers={"Origin": "http://a.b", "Access-Control-Request-Method": "POST"})
    assert answer.status_code in (403, 405) and "access-control-allow-origin" not in answer.headers
    assert client.get("/v1/info").headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in client.get("/").headers["Content-Security-Policy"]


def post_slowly(app, *, parts, pause):
    """Send a request whose body comes in parts; returns the status of the answer."""
    statuses = []

    async def receive():
        if parts:
            await asyncio.sleep(pause)
            return {"type": "http.request", "body": parts.pop(0), "more_body": True}
        await asyncio.sleep(30)

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=b")]
    scope = {"type": "http", "method": "POST", "path": "/v1/read", "raw_path": b"/v1/read", "query_string": b""}
    scope |= {"headers": headers, "http_version": "1.1", "scheme": "http", "root_path": "", "client": ("1", 1)}
    asyncio.run(app(scope, receive, send))
    return statuses


def test_a_body_that_comes_too_slowly_is_refused():
    app = make_app(stub_recognizer(), ServerSettings(upload_seconds=0.2))
    assert post_slowly(app, parts=[b"--b\r\n", b"Content-", b"Disposition"], pause=0.01) == [408]

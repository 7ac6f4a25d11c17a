"""The REST interface, with a recognizer that needs no networks."""

import io
import json
import struct
import time
import zipfile
import zlib

import pytest
from PIL import Image
from stub_server import grey_document, grey_picture

from ctpn_crnn.page import Page


def texts(answer):
    return [Page.from_dict(page).text for page in answer.json()["pages"]]


def upload(data, name="scan.png"):
    return {"file": (name, data)}


def started(client, data, **options):
    answer = client.post("/v1/jobs", files=upload(data), data=options)
    assert answer.status_code == 202, answer.text
    return answer.json()


def finished(client, job):
    for _ in range(1000):
        state = client.get(f"/v1/jobs/{job['id']}").json()
        if state["state"] == "done":
            return state
        time.sleep(0.01)
    raise AssertionError("the job does not end")


def until(condition):
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not come true")


def png_of(width, height):
    """A PNG whose header claims this size, with next to no data."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_a_picture_is_read(serve, own_temporary_folder):
    client = serve()
    answer = client.post("/v1/read", files=upload(grey_picture(77), "../../etc/passwd"))
    assert answer.status_code == 200 and texts(answer) == ["77"] and answer.json()["failures"] == []
    page = answer.json()["pages"][0]
    assert (page["width"], page["height"], page["source"]) == (80, 40, "upload")
    assert page["lines"][0]["quad"] == [[20, 16], [60, 16], [60, 24], [20, 24]]
    until(lambda: list(own_temporary_folder.iterdir()) == [])


@pytest.mark.parametrize("format_name", ["PDF", "TIFF"])
def test_a_document_is_read_page_by_page(serve, format_name):
    answer = serve().post("/v1/read", files=upload(grey_document(10, 200, 90, format=format_name)))
    assert [abs(int(text) - grey) <= 1 for text, grey in zip(texts(answer), (10, 200, 90), strict=True)] == [True] * 3
    assert [page["source"] for page in answer.json()["pages"]] == [f"upload#page={number}" for number in (1, 2, 3)]


def test_options_reach_the_recognizer(serve, recognizer):
    client = serve()
    assert texts(client.post("/v1/read", files=upload(grey_picture(9)), data={"min_confidence": "0.95"})) == [""]
    assert texts(client.post("/v1/read", files=upload(grey_picture(9)))) == ["9"]
    low = client.post("/v1/read", files=upload(grey_document(9)), data={"dpi": "72", "format": "json"})
    assert low.json()["pages"][0]["width"] == 80  # Pillow writes a pixel a point
    assert recognizer.min_confidence == 0.0


def test_bad_options_are_named(serve):
    client = serve()
    for field, value in {"min_confidence": "2", "dpi": "9999", "orientation": "left", "format": "exe"}.items():
        answer = client.post("/v1/read", files=upload(grey_picture(9)), data={field: value})
        assert answer.status_code == 422 and field in answer.json()["detail"], answer.text
    answer = client.post("/v1/read", data={"dpi": "100"})
    assert answer.status_code == 422 and "file" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        (b"", 422, "empty"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 422, "not an image"),
        (b"PK\x03\x04 a Word file", 422, "not an image"),
        (b"%PDF-1.7 nothing more", 422, "damaged"),
        (grey_picture(5)[:50], 422, "damaged"),
        (png_of(60_000, 60_000), 413, "3600 million pixels"),
        (png_of(60_000, 100), 422, "damaged"),
    ],
    ids=["empty", "EPS", "Word", "broken PDF", "cut PNG", "bomb", "PNG without data"],
)
def test_bad_uploads_get_one_clear_answer(serve, own_temporary_folder, data, status, message):
    client = serve()
    answer = client.post("/v1/read", files=upload(data))
    assert answer.status_code == status and message in answer.json()["detail"], answer.text
    assert str(own_temporary_folder) not in answer.text
    until(lambda: list(own_temporary_folder.iterdir()) == [])
    assert texts(client.post("/v1/read", files=upload(grey_picture(8)))) == ["8"]


def test_a_compressed_bomb_is_refused_by_its_size(serve, recognizer):
    bomb = io.BytesIO()
    Image.new("1", (5000, 5000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 10_000
    answer = serve(max_pixels=1_000_000).post("/v1/read", files=upload(bomb.getvalue()))
    assert answer.status_code == 413 and recognizer.detector.begun == 0


def test_too_many_pages_for_an_answer_at_once(serve):
    client = serve(read_pages=2, job_pages=3)
    answer = client.post("/v1/read", files=upload(grey_document(1, 2, 3)))
    assert answer.status_code == 413 and "more than 2 pages" in answer.json()["detail"]
    assert started(client, grey_document(1, 2, 3))["pages"] == 3
    assert client.post("/v1/jobs", files=upload(grey_document(1, 2, 3, 4))).status_code == 413


def test_a_damaged_page_does_not_hide_the_others(serve, own_temporary_folder):
    first, second = (Image.new("L", (80, 40), grey) for grey in (30, 60))
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=[Image.new("L", (3000, 3000)), second])
    client = serve(max_pixels=1_000_000)
    answer = client.post("/v1/read", files=upload(file.getvalue()))
    assert texts(answer) == ["30", "60"]
    assert [failure["page"] for failure in answer.json()["failures"]] == [2]
    assert "too large" in answer.json()["failures"][0]["error"]
    job = started(client, file.getvalue())
    finished(client, job)
    for path in ("pages/2", "pages/2/picture"):
        refused = client.get(f"/v1/jobs/{job['id']}/{path}")
        assert refused.status_code == 422 and "too large" in refused.json()["detail"]
        assert str(own_temporary_folder) not in refused.text + answer.text
    as_text = client.get(f"/v1/jobs/{job['id']}/result", params={"format": "txt"})
    assert as_text.text == "30\n\f60\n" and as_text.headers["X-Failed-Pages"] == "2"


def test_an_encrypted_document_needs_its_password(serve):
    pikepdf = pytest.importorskip("pikepdf")
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(grey_document(9))) as document:
        document.save(file, encryption=pikepdf.Encryption(owner="o", user="geheim"))
    client = serve()
    for password in ("", "wrong"):
        refused = client.post("/v1/read", files=upload(file.getvalue()), data={"password": password})
        assert refused.status_code == 422 and "encrypted" in refused.json()["detail"]
    assert client.post("/v1/read", files=upload(file.getvalue()), data={"password": "geheim"}).status_code == 200


@pytest.mark.parametrize("name", ["txt", "md", "json", "tsv", "hocr", "alto", "pdf", "docx", "xlsx", "csv", "png"])
def test_every_format_can_be_had(serve, name, own_temporary_folder):
    client = serve()
    assert name in client.get("/v1/info").json()["formats"]
    answer = client.post("/v1/read", files=upload(grey_picture(123)), data={"format": name})
    assert answer.status_code == 200 and len(answer.content) > 2 and str(own_temporary_folder) not in answer.text
    starts = {"pdf": b"%PDF-", "png": b"\x89PNG", "txt": b"123\n"}
    assert answer.content.startswith(starts.get(name, b""))
    until(lambda: list(own_temporary_folder.iterdir()) == [])


def test_a_pdf_is_kept_and_gets_text(serve):
    pdfium = pytest.importorskip("pypdfium2")
    answer = serve().post("/v1/read", files=upload(grey_document(40, 80)), data={"format": "pdf"})
    document = pdfium.PdfDocument(answer.content)
    assert [page.get_size() for page in document] == [(80, 40)] * 2  # as sent, not as rendered
    found = [int(page.get_textpage().get_text_bounded()) for page in document]
    assert found == pytest.approx([40, 80], abs=1)
    document.close()


def test_pictures_of_several_pages_come_as_an_archive(serve):
    answer = serve().post("/v1/read", files=upload(grey_document(1, 2)), data={"format": "png"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["read-ocr-1.png", "read-ocr-2.png"]


def test_a_job_shows_its_pages_as_they_come(serve, recognizer, own_temporary_folder):
    client = serve()
    recognizer.detector.gate.clear()
    job = started(client, grey_document(50, 150))
    place = f"/v1/jobs/{job['id']}"
    assert (job["state"], job["pages"], job["done"]) == ("reading", 2, 0)
    assert client.get(f"{place}/pages/1").status_code == 409 and client.get(f"{place}/result").status_code == 409
    recognizer.detector.gate.set()
    assert finished(client, job)["done"] == 2
    pages = [Page.from_dict(client.get(f"{place}/pages/{number}").json()).text for number in (1, 2)]
    assert [abs(int(text) - grey) <= 1 for text, grey in zip(pages, (50, 150), strict=True)] == [True, True]
    picture = Image.open(io.BytesIO(client.get(f"{place}/pages/2/picture").content))
    assert picture.format == "JPEG" and abs(picture.convert("L").getpixel((5, 5)) - 150) < 3
    assert client.get(f"{place}/pages/3").status_code == 404
    assert client.get(f"{place}/result", params={"format": "txt"}).text == "\f".join(f"{text}\n" for text in pages)
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    until(lambda: list(own_temporary_folder.iterdir()) == [])


def test_a_long_document_does_not_hold_up_a_short_one(serve, recognizer):
    client = serve()
    recognizer.detector.gate.clear()
    long = started(client, grey_document(*[1] * 30))
    short = started(client, grey_picture(2))
    recognizer.detector.gate.set()
    finished(client, short)
    assert client.get(f"/v1/jobs/{long['id']}").json()["done"] < 30


def test_a_full_queue_refuses_and_says_when_to_try_again(serve, recognizer):
    client = serve(queue=2)
    recognizer.detector.gate.clear()
    jobs = [started(client, grey_picture(grey)) for grey in (1, 2)]
    answer = client.post("/v1/read", files=upload(grey_picture(3)))
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert client.get("/health").json() == {"status": "ok", "unfinished_documents": 2, "queue": 2}
    recognizer.detector.gate.set()
    for job in jobs:
        finished(client, job)
    assert texts(client.post("/v1/read", files=upload(grey_picture(3)))) == ["3"]


def test_a_cancelled_job_begins_no_further_page(serve, recognizer, own_temporary_folder):
    client = serve()
    recognizer.detector.gate.clear()
    job = started(client, grey_document(1, 2, 3))
    until(lambda: recognizer.detector.begun == 1)
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    recognizer.detector.gate.set()
    until(lambda: list(own_temporary_folder.iterdir()) == [])
    assert recognizer.detector.begun == 1


def test_reading_that_takes_too_long_is_given_up(serve, recognizer, own_temporary_folder):
    client = serve(read_seconds=0.05)
    recognizer.detector.gate.clear()
    answer = client.post("/v1/read", files=upload(grey_document(1, 2)))
    assert answer.status_code == 504 and "/v1/jobs" in answer.json()["detail"]
    recognizer.detector.gate.set()
    until(lambda: list(own_temporary_folder.iterdir()) == [])
    assert recognizer.detector.begun == 1


def test_finished_jobs_are_forgotten(serve, own_temporary_folder):
    client = serve(job_seconds=0.05)
    job = started(client, grey_picture(1))
    until(lambda: list(own_temporary_folder.iterdir()) == [])
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_job_that_nobody_asks_for_is_stopped(serve, recognizer, own_temporary_folder):
    client = serve(job_seconds=0.05, read_seconds=0.05)
    recognizer.detector.gate.clear()
    started(client, grey_document(1, 2, 3))
    until(lambda: recognizer.detector.begun == 1)
    time.sleep(0.2)  # nobody asks
    recognizer.detector.gate.set()
    until(lambda: list(own_temporary_folder.iterdir()) == [])
    assert recognizer.detector.begun == 1


def test_only_so_many_finished_jobs_are_kept(serve):
    client = serve(kept_jobs=1)
    jobs = [started(client, grey_picture(grey)) for grey in (1, 2)]
    finished(client, jobs[1])
    until(lambda: client.get(f"/v1/jobs/{jobs[0]['id']}").status_code == 404)
    assert client.get(f"/v1/jobs/{jobs[1]['id']}").status_code == 200


def test_an_error_inside_is_logged_and_not_shown(serve, recognizer, monkeypatch, caplog):
    client = serve()

    def break_down(image):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(recognizer.detector, "detect", break_down)
    answer = client.post("/v1/read", files=upload(grey_picture(1)))
    assert answer.status_code == 422 and "secret" not in answer.text and "secret detail" in caplog.text


def test_figures(serve):
    client = serve()
    client.post("/v1/read", files=upload(grey_picture(1)))
    client.post("/v1/read", files=upload(b"no picture"))
    figures = client.get("/metrics").text
    assert 'ctpn_crnn_requests_total{method="POST",route="/v1/read",status="200"} 1.0' in figures
    assert 'ctpn_crnn_requests_total{method="POST",route="/v1/read",status="422"} 1.0' in figures
    assert 'ctpn_crnn_pages_total{outcome="read"} 1.0' in figures and "ctpn_crnn_unfinished_documents 0.0" in figures


def test_openapi_names_every_route(serve):
    paths = serve().get("/openapi.json").json()["paths"]
    assert {"/v1/read", "/v1/jobs", "/v1/jobs/{id}", "/v1/jobs/{id}/result", "/health", "/metrics"} <= set(paths)
    fields = json.dumps(paths["/v1/read"]["post"]["requestBody"])
    assert "multipart/form-data" in fields
    assert serve().get("/docs").status_code == 404  # its page would load scripts from elsewhere


@pytest.mark.slow
def test_a_document_of_500_pages(serve):
    client = serve()
    document = grey_document(*[index % 200 for index in range(500)], format="TIFF")
    refused = client.post("/v1/read", files=upload(document))
    assert refused.status_code == 413 and "more than 20 pages" in refused.json()["detail"]
    job = started(client, document)
    assert finished(client, job)["done"] == job["pages"] == 500
    text = client.get(f"/v1/jobs/{job['id']}/result", params={"format": "txt"}).text
    assert text.split() == [str(index % 200) for index in range(500)]

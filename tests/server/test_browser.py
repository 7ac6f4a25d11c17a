"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import base64
import io
import re
import shutil
from urllib.parse import urlsplit

import pytest
from PIL import Image
from running_server import running
from stub_server import grey_document, grey_picture

from ctpn_crnn.server.app import make_app

playwright = pytest.importorskip("playwright.sync_api", reason="the page is not tested: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("the page is not tested: no Chromium is installed", allow_module_level=True)

PUT_FILE = """([type, base64, target]) => {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "given.png", {type: "image/png"}));
    const init = {bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data};
    const event = type === "paste" ? new ClipboardEvent(type, init) : new DragEvent(type, init);
    document.querySelector(target).dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, recognizer):
    """Opens the page of a server; what the page does wrong, or asks of other machines, fails the test."""
    problems, contexts, servers = [], [], []

    def open_page(token=None, **options):
        if not servers:
            servers.append(running(make_app(recognizer, token=token)))
            open_page.address = servers[0].__enter__()
        context = browser.new_context(**{"locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        host = urlsplit(open_page.address).netloc
        page.on("request", lambda request: problems.append(request.url) if foreign(request.url, host) else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(open_page.address)
        return page

    yield open_page
    recognizer.detector.gate.set()
    for context in contexts:
        context.close()
    for server in servers:
        server.__exit__(None, None, None)
    assert problems == []


def foreign(url, host):
    parts = urlsplit(url)
    return parts.scheme not in ("blob", "data") and parts.netloc != host


def choose(page, data, name="scan.png"):
    page.set_input_files("#choose", {"name": name, "mimeType": "application/octet-stream", "buffer": data})


def shows(page, text):
    page.wait_for_function("text => document.getElementById('text').innerText === text", arg=text)


def test_the_text_lies_over_its_place_and_can_be_selected(visit):
    page = visit()
    choose(page, grey_picture(77, (800, 400)))
    shows(page, "77")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth === 800")
    picture, span = page.locator("#picture").bounding_box(), page.locator(".box span").bounding_box()
    share = [
        (span["x"] - picture["x"]) / picture["width"],
        (span["x"] + span["width"] - picture["x"]) / picture["width"],
        (span["y"] + span["height"] / 2 - picture["y"]) / picture["height"],
    ]
    assert share == pytest.approx([0.25, 0.75, 0.5], abs=0.02)  # where the stub finds its line
    page.locator(".box span").click(click_count=3)
    assert page.evaluate("getSelection().toString().trim()") == "77"


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(visit, event):
    page = visit()
    target = "body" if event == "paste" else "#drop"
    page.evaluate(PUT_FILE, [event, base64.b64encode(grey_picture(31)).decode(), target])
    shows(page, "31")


def test_a_document_comes_page_by_page(visit, recognizer):
    page = visit()
    recognizer.detector.gate.clear()
    choose(page, grey_document(20, 120, 220, format="TIFF"), "three.tif")
    page.wait_for_function("() => document.getElementById('done').textContent === '0 of 3 pages'")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth === 80")  # before its text is read
    assert page.locator("#save").is_disabled() and page.inner_text("#text") == "This page is not read yet."
    recognizer.detector.gate.set()
    shows(page, "20")
    page.click("#next")
    shows(page, "120")
    page.fill("#number", "3")
    page.press("#number", "Enter")
    shows(page, "220")
    assert page.locator("#next").is_disabled()


def test_a_document_is_cancelled(visit, recognizer, own_temporary_folder):
    page = visit()
    recognizer.detector.gate.clear()
    choose(page, grey_document(1, 2, 3), "three.pdf")
    page.wait_for_function("() => document.getElementById('done').textContent === '0 of 3 pages'")
    page.click("#cancel")
    page.wait_for_function("() => document.getElementById('done').textContent === 'cancelled'")
    recognizer.detector.gate.set()
    page.wait_for_timeout(300)
    assert recognizer.detector.begun == 1 and list(own_temporary_folder.iterdir()) == []


def test_text_is_copied(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    choose(page, grey_document(20, 120, format="TIFF"))
    shows(page, "20")
    page.click("#copy-page")
    page.wait_for_function("() => document.getElementById('note').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "20"
    page.click("#copy-all")
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text === '20\\n\\f120\\n')")


@pytest.mark.parametrize("part", [0, 1])  # Chromium lets one page download ten files
def test_every_format_is_downloaded(visit, part):
    page = visit()
    choose(page, grey_picture(99), "my scan.png")
    shows(page, "99")
    formats = page.locator("#format option").all_inner_texts()
    assert {"txt", "json", "pdf", "png"} <= set(formats)
    for name in formats[part::2]:
        page.select_option("#format", name)
        with page.expect_download() as waiting:
            page.click("#save")
        assert re.fullmatch(r"my scan(-ocr)?(\.\w+)+", waiting.value.suggested_filename)
        assert waiting.value.path().stat().st_size > 2


def test_a_file_that_cannot_be_read_is_said(visit):
    page = visit()
    choose(page, b"no picture", "letter.doc")
    page.wait_for_selector("#problem:not([hidden])")
    assert page.inner_text("#problem").startswith("the file is not an image")
    choose(page, grey_picture(3))
    shows(page, "3")
    assert page.locator("#problem").is_hidden() and page.locator("#documents button").count() == 2


def test_chinese(visit):
    page = visit(locale="zh-CN")
    assert page.locator(".primary span").inner_text() == "选择文件"
    page.click("[data-language=en]")
    assert page.locator(".primary span").inner_text() == "Choose files"
    page.reload()
    assert page.locator("html").get_attribute("lang") == "en"


def test_a_phone(visit):
    page = visit(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    camera = page.locator("#photograph")
    assert page.locator(".photo").is_visible() and camera.get_attribute("capture") == "environment"
    camera.set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": grey_picture(55, (900, 1200), "JPEG")}
    )
    shows(page, "55")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    picture, text = page.locator("#picture").bounding_box(), page.locator("#text").bounding_box()
    assert text["y"] >= picture["y"] + picture["height"] and picture["width"] > 300


def test_a_token_is_asked_for(visit):
    page = visit(token="geheim")
    page.wait_for_selector("#token-dialog[open]")
    for given in ("wrong", "geheim"):
        page.fill("#token", given)
        page.press("#token", "Enter")
    page.wait_for_selector("#format option", state="attached")
    choose(page, grey_picture(12))
    shows(page, "12")
    page.wait_for_function("() => document.getElementById('picture').naturalWidth === 80")


def test_two_tabs_at_once(visit):
    pages = [visit(), visit()]
    for page, grey in zip(pages, (40, 60), strict=True):
        choose(page, grey_document(*[grey] * 5, format="TIFF"))
    for page, grey in zip(pages, (40, 60), strict=True):
        page.wait_for_selector("#save:not([disabled])")
        page.fill("#number", "5")
        page.press("#number", "Enter")
        shows(page, str(grey))


def test_closing_the_page_forgets_its_files(visit, own_temporary_folder):
    page = visit()
    choose(page, grey_picture(3))
    shows(page, "3")
    assert list(own_temporary_folder.iterdir())
    page.goto("about:blank")
    other = visit()
    other.wait_for_timeout(300)
    assert list(own_temporary_folder.iterdir()) == []


def test_a_leaning_line_is_turned_with_its_text(visit, recognizer, monkeypatch):
    monkeypatch.setattr(recognizer.detector, "detect", leaning)
    page = visit()
    file = io.BytesIO()
    Image.new("L", (400, 400), 50).save(file, "PNG")
    choose(page, file.getvalue())
    shows(page, "50")
    matrix = page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.box')).transform).b")
    assert matrix == pytest.approx(0.6, abs=1e-3)  # the sine of the line's slope


def leaning(image):
    from ctpn_crnn.page import Region

    return [Region([[100, 100], [260, 220], [236, 252], [76, 132]], 0.9, "text")]

"""What a client gets of a document: JSON, a file in any format of the writers, the picture of a page."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from ctpn_crnn.errors import CtpnCrnnError, OutputError
from ctpn_crnn.page import FORMAT_VERSION, Page
from ctpn_crnn.server.jobs import Job
from ctpn_crnn.writers import WRITERS, open_writer

MEDIA_TYPES = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "hocr": "text/html; charset=utf-8",
    "alto": "application/xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Format -> media type; other formats are sent as plain bytes."""

_JPEG_QUALITY = 85


@dataclass(frozen=True)
class ResultFile:
    """A file that was made for one answer.

    Attributes:
        path: Where it lies.
        media_type: What it is.
        remove: Deletes it, once it has been sent.
    """

    path: Path
    media_type: str
    remove: Callable[[], None]


def installed_formats() -> list[str]:
    """Return the names of the formats whose packages are installed."""
    formats = []
    for name in WRITERS:
        try:
            WRITERS[name].check_installed()
        except CtpnCrnnError:
            continue
        formats.append(name)
    return formats


def as_json(job: Job) -> bytes:
    """Return ``{"version": 1, "pages": [...], "failures": [{"page": 2, "error": "..."}]}`` in UTF-8."""
    pages = b",\n".join(job.page_file(number).read_bytes() for number in job.read_pages)
    failures = [{"page": number, "error": error} for number, error in sorted(job.failures.items())]
    head = f'{{"version": {FORMAT_VERSION}, "pages": [\n'.encode()
    return head + pages + b'\n], "failures": ' + json.dumps(failures, ensure_ascii=False).encode() + b"}\n"


def write_result(job: Job, format_name: str) -> ResultFile:
    """Write the pages that were read in one format.

    Raises:
        OutputError: The disk is full, or a page cannot be written.
        ImageError: The picture of a page cannot be loaded again.
    """
    place = tempfile.TemporaryDirectory(prefix="ctpn-crnn-", ignore_cleanup_errors=True)
    try:
        folder = Path(place.name)
        options = _pdf_options(job) if format_name == "pdf" else {}
        with open_writer(format_name, folder / ("read" + WRITERS[format_name].suffix), **options) as writer:
            for number in job.read_pages:
                page = Page.from_dict(json.loads(job.page_file(number).read_text(encoding="utf-8")))
                writer.add(page, job.upload.load(job.refs[number - 1]) if writer.needs_image else None)
        path, media_type = _one_file(folder), MEDIA_TYPES.get(format_name, "application/octet-stream")
        return ResultFile(path, "application/zip" if path.suffix == ".zip" else media_type, place.cleanup)
    except CtpnCrnnError as error:
        place.cleanup()
        message = job.upload.without_path(error).replace(place.name, "the folder")
        raise OutputError(message) from error
    except BaseException:
        place.cleanup()
        raise


def _pdf_options(job: Job) -> dict[str, Any]:
    """Return the options by which a PDF keeps the client's pages and pictures as they are."""
    options = {"source": job.upload.path, "password": job.options.password, "level": job.options.deskew}
    dpi = job.refs[0].dpi
    return {**options, "dpi": dpi} if dpi else options


def page_picture(job: Job, number: int, max_side: int) -> bytes:
    """Return the picture of a page, by its number from 1, as JPEG with no side longer than `max_side` pixels.

    Raises:
        ImageError: It cannot be loaded.
    """
    image = job.upload.load(job.refs[number - 1])
    scale = min(1.0, max_side / max(image.shape[:2]))
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _one_file(folder: Path) -> Path:
    """Return the only file of a folder; where there are several, or none, a ZIP archive of them."""
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=lambda path: (len(path.name), path.name))
    if len(files) == 1:
        return files[0]
    archive = folder / "read.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in files:
            packed.write(file, file.name)
    return archive

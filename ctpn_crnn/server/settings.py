"""What the server accepts and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ctpn_crnn.errors import ConfigError


@dataclass(frozen=True)
class ServerSettings:
    """Limits of the server. Chosen on: two cores, where an A4 page takes 1.5 to 4 s; not tuned further.

    Attributes:
        max_bytes: Largest body of a request, in bytes.
        max_pixels: Largest image, in pixels: A4 at 600 dpi has 35 million. Larger pages of PDFs are rendered smaller.
        read_pages: Most pages of a document that `/v1/read` answers at once.
        job_pages: Most pages of a document that `/v1/jobs` takes.
        queue: Most documents that are waiting or being read; the next one is refused with 503.
        uploads: Most requests whose bodies are being received; the next one is refused with 503.
        connections: Most open connections; further ones are refused.
        upload_seconds: Time to receive the body of a request.
        read_seconds: Time from the received file to the answer of `/v1/read`.
        job_seconds: How long a job goes on, or is kept, after a client last asked for it.
        kept_jobs: Most finished jobs that are kept; the one not asked for longest goes first.
        max_dpi: Highest resolution at which pages of PDFs can be asked for.
        picture_side: Longer side of the picture of a page that the browser is shown, in pixels.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 50_000_000
    read_pages: int = 20
    job_pages: int = 1000
    queue: int = 16
    uploads: int = 16
    connections: int = 200
    upload_seconds: float = 60.0
    read_seconds: float = 300.0
    job_seconds: float = 600.0
    kept_jobs: int = 32
    max_dpi: float = 600.0
    picture_side: int = 2000

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ConfigError(f"{field.name} of the server must be above 0, not {getattr(self, field.name)}")

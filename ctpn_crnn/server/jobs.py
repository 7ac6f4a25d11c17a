"""Documents being read: one model, one page at a time, and every document gets its turn."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from ctpn_crnn.documents.page_ref import PageRef
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.recognizer import Recognizer
from ctpn_crnn.server.metrics import Metrics
from ctpn_crnn.server.options import ReadOptions
from ctpn_crnn.server.settings import ServerSettings
from ctpn_crnn.server.uploads import Upload

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_FILE_THREADS = 2
"""Threads that check files, draw pictures and write results; each may hold a decoded image."""


class BusyError(Exception):
    """The queue is full.

    Attributes:
        retry_seconds: After how long it is worth trying again.
    """

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(f"the server has as much to read as it takes; try again in {retry_seconds} s")
        self.retry_seconds = retry_seconds


class Job:
    """A document that is waiting, being read, or finished. Pages that were read lie in its folder as JSON.

    Args:
        upload: The file.
        refs: Its pages.
        recognizer: Reads them, with the options of the client.
        options: Those of the client.

    Attributes:
        id: Cannot be guessed: who has it may see the document.
        done: Number of pages that were read or failed.
        failures: Number of a page, from 1 -> why it could not be read.
        finished: Set when nothing more is read.
        stopped: Whether the client has gone or has cancelled: no further page is begun.
        asked: When the client last asked for it, by the monotonic clock, in seconds.
    """

    def __init__(self, upload: Upload, refs: list[PageRef], recognizer: Recognizer, options: ReadOptions) -> None:
        self.id = secrets.token_urlsafe(16)
        self.upload, self.refs, self.recognizer, self.options = upload, refs, recognizer, options
        self.done = 0
        self.failures: dict[int, str] = {}
        self.finished = asyncio.Event()
        self.stopped = False
        self.asked = time.monotonic()

    def page_file(self, number: int) -> Path:
        """The JSON of a page, by its number from 1."""
        return self.upload.folder / f"page-{number}.json"

    @property
    def read_pages(self) -> list[int]:
        """Numbers, from 1, of the pages that were read so far."""
        return [number for number in range(1, self.done + 1) if number not in self.failures]


class Jobs:
    """All documents of a server.

    Pages are read by a single thread in the order in which they are asked for. A document asks for its next page when
    the last one is done, so that a long one does not hold up the others.

    Args:
        recognizer: Reads the pages.
        settings: Limits.
        metrics: Counts.
    """

    def __init__(self, recognizer: Recognizer, settings: ServerSettings, metrics: Metrics) -> None:
        self._recognizer, self._settings, self._metrics = recognizer, settings, metrics
        self._reading = ThreadPoolExecutor(1, "read")
        self._files = ThreadPoolExecutor(_FILE_THREADS, "files")
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._page_seconds = 1.0  # of the last page

    @property
    def unfinished(self) -> int:
        """Number of documents that are waiting or being read."""
        return self._starting + sum(not job.finished.is_set() for job in self._jobs.values())

    async def start(self, file: BinaryIO, options: ReadOptions, max_pages: int) -> Job:
        """Take a file and begin to read it.

        Raises:
            BusyError: The queue is full.
            ImageError: The file cannot be read, see `Upload.pages`.
        """
        self._expire()
        if self.unfinished >= self._settings.queue:
            raise BusyError(self._retry_seconds())
        self._starting += 1
        try:
            job = await self.with_files(lambda: self._open(file, options, max_pages))
        finally:
            self._starting -= 1
        self._jobs[job.id] = job
        task = asyncio.create_task(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._count()
        return job

    def find(self, name: str) -> Job | None:
        """Return a job by its id, and keep it longer; None where it is not, or no longer, known."""
        self._expire()
        job = self._jobs.get(name)
        if job is None or job.stopped:
            return None
        job.asked = time.monotonic()
        return job

    def remove(self, job: Job) -> None:
        """Stop and forget a job. Its files go at once, or, while a page of it is being read, right after that."""
        job.stopped = True
        if job.finished.is_set() and self._jobs.pop(job.id, None) is not None:
            self._files.submit(job.upload.remove)
        self._count()

    async def with_files(self, work: Callable[[], Result]) -> Result:
        """Do work with files or pictures in one of a few threads."""
        return await asyncio.get_running_loop().run_in_executor(self._files, work)

    async def close(self) -> None:
        """Stop all jobs, wait for the page that is being read, and delete all files."""
        for job in list(self._jobs.values()):
            self.remove(job)
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._reading.shutdown()
        self._files.shutdown()

    def _open(self, file: BinaryIO, options: ReadOptions, max_pages: int) -> Job:
        upload = Upload(file)
        try:
            limits = {"max_pages": max_pages, "max_pixels": self._settings.max_pixels}
            refs = upload.pages(**limits, dpi=options.dpi, password=options.password)
            return Job(upload, refs, options.applied_to(self._recognizer), options)
        except BaseException:
            upload.remove()
            raise

    async def _run(self, job: Job) -> None:
        loop = asyncio.get_running_loop()
        try:
            for number, ref in enumerate(job.refs, start=1):
                if job.stopped:
                    break
                await loop.run_in_executor(self._reading, self._read, job, number, ref)
                job.done = number
        finally:
            job.finished.set()
            job.asked = time.monotonic()
            if job.stopped:
                self.remove(job)
            self._count()

    def _read(self, job: Job, number: int, ref: PageRef) -> None:
        """Read a page in the thread of the model; what goes wrong is a failure of this page alone."""
        if job.stopped:
            return
        begun = time.monotonic()
        try:
            page = job.recognizer.recognize(ref)
            job.page_file(number).write_text(json.dumps(page.to_dict(), ensure_ascii=False), encoding="utf-8")
        except CtpnCrnnError as error:
            job.failures[number] = job.upload.without_path(error)
        except Exception:
            logger.exception("page %d of a document could not be read", number)
            job.failures[number] = "the page could not be read; the server's log says why"
        self._page_seconds = time.monotonic() - begun
        self._metrics.page_seconds.observe(self._page_seconds)
        self._metrics.pages.labels("failed" if number in job.failures else "read").inc()

    def _expire(self) -> None:
        """Forget jobs that nobody has asked for in a while, and the oldest of too many finished ones."""
        now = time.monotonic()
        for job in list(self._jobs.values()):
            limit = self._settings.job_seconds
            # A request to /v1/read waits for its job without asking for it.
            if now - job.asked > (limit if job.finished.is_set() else max(limit, self._settings.read_seconds)):
                self.remove(job)
        kept = sorted((job for job in self._jobs.values() if job.finished.is_set()), key=lambda job: job.asked)
        for job in kept[: max(0, len(kept) - self._settings.kept_jobs)]:
            self.remove(job)

    async def expire_forever(self) -> None:
        """Forget jobs in time also where nobody asks for anything."""
        with suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(min(self._settings.job_seconds, 30.0))
                self._expire()

    def _retry_seconds(self) -> int:
        left = sum(len(job.refs) - job.done for job in self._jobs.values() if not job.finished.is_set())
        return int(min(max(left / max(self.unfinished, 1) * self._page_seconds, 1.0), 120.0))

    def _count(self) -> None:
        self._metrics.unfinished.set(self.unfinished)
        self._metrics.kept.set(sum(job.finished.is_set() for job in self._jobs.values()))

"""The routes of the REST interface."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, HTTPException, Path, Query, Request, UploadFile
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from ctpn_crnn import __version__
from ctpn_crnn.server import schemas
from ctpn_crnn.server.jobs import Job, Jobs
from ctpn_crnn.server.metrics import Metrics
from ctpn_crnn.server.options import ReadOptions, read_options
from ctpn_crnn.server.results import as_json, installed_formats, page_picture, write_result
from ctpn_crnn.server.settings import ServerSettings

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": schemas.Problem, "description": "The token is missing or wrong."},
    403: {"model": schemas.Problem, "description": "The request comes from a page of another site."},
    404: {"model": schemas.Problem, "description": "There is no such job (any more), or no such page."},
}
_UPLOAD_PROBLEMS: dict[int | str, dict[str, Any]] = {
    408: {"model": schemas.Problem, "description": "The file did not arrive in time."},
    413: {"model": schemas.Problem, "description": "Too many bytes, pixels or pages."},
    422: {
        "model": schemas.Problem,
        "description": "No picture or PDF, a damaged one, or an option makes no sense.",
    },
    503: {"model": schemas.Problem, "description": "The queue is full; the header Retry-After says when to try again."},
}

TheFile = Annotated[UploadFile, File(description="A picture or a PDF.")]
Options = Annotated[ReadOptions, Depends(read_options)]
JobName = Annotated[str, Path(alias="id", max_length=64)]
Number = Annotated[int, Path(ge=1, description="Number of the page, from 1.")]


def make_routes(jobs: Jobs, settings: ServerSettings, metrics: Metrics) -> APIRouter:
    """Make the routes of a server.

    Args:
        jobs: Its documents.
        settings: Its limits.
        metrics: Its figures.
    """
    router = APIRouter(responses=_PROBLEMS)
    _add_state(router, jobs, settings, metrics)
    _add_read(router, jobs, settings)
    _add_jobs(router, jobs, settings)
    _add_results(router, jobs, settings)
    return router


def _add_state(router: APIRouter, jobs: Jobs, settings: ServerSettings, metrics: Metrics) -> None:
    @router.get("/health", summary="Whether the server answers", responses={401: {}, 403: {}, 404: {}})
    async def health() -> schemas.HealthAnswer:
        return schemas.HealthAnswer(status="ok", unfinished_documents=jobs.unfinished, queue=settings.queue)

    @router.get("/metrics", summary="Figures in the text format of Prometheus", response_class=Response)
    async def figures() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @router.get("/v1/info", summary="What this server can do")
    async def info() -> schemas.ServerAnswer:
        names = ("max_bytes", "max_pixels", "read_pages", "job_pages")
        limits = {name: getattr(settings, name) for name in names}
        return schemas.ServerAnswer(version=__version__, formats=installed_formats(), **limits)


def _add_read(router: APIRouter, jobs: Jobs, settings: ServerSettings) -> None:
    answers = {
        200: {"model": schemas.DocumentAnswer, "description": "The pages; a file where another format was asked for."},
        504: {"model": schemas.Problem, "description": "Reading took too long."},
    }

    @router.post("/v1/read", summary="Read a file and answer with its text", responses={**answers, **_UPLOAD_PROBLEMS})
    async def read(
        request: Request,
        file: TheFile,
        options: Options,
        format: Annotated[str, Form(description="Of the answer, see /v1/info.")] = "json",  # noqa: A002
    ) -> Response:
        check_format(format)
        job = await jobs.start(file.file, options, settings.read_pages)
        try:
            await _finished(request, job, settings.read_seconds)
            if not job.read_pages:
                raise HTTPException(422, "; ".join(job.failures.values()))
            return await _answer(jobs, job, format)
        finally:
            jobs.remove(job)


def _add_jobs(router: APIRouter, jobs: Jobs, settings: ServerSettings) -> None:
    @router.post("/v1/jobs", status_code=202, summary="Begin to read a long document", responses=_UPLOAD_PROBLEMS)
    async def start(file: TheFile, options: Options) -> schemas.JobAnswer:
        return _state(await jobs.start(file.file, options, settings.job_pages))

    @router.get("/v1/jobs/{id}", summary="How far a job is")
    async def state(name: JobName) -> schemas.JobAnswer:
        return _state(_known(jobs, name))

    @router.delete("/v1/jobs/{id}", status_code=204, summary="Stop and forget a job, with all its files")
    async def forget(name: JobName) -> None:
        jobs.remove(_known(jobs, name))


def _add_results(router: APIRouter, jobs: Jobs, settings: ServerSettings) -> None:
    not_yet = {409: {"model": schemas.Problem, "description": "Not read yet."}}

    @router.get("/v1/jobs/{id}/result", summary="All pages of a finished job, in any format", responses=not_yet)
    async def result(
        name: JobName,
        format: Annotated[str, Query(description="See /v1/info.")] = "json",  # noqa: A002
    ) -> Response:
        check_format(format)
        job = _known(jobs, name)
        if not job.finished.is_set():
            raise HTTPException(409, f"{job.done} of {len(job.refs)} pages are read; ask again later")
        return await _answer(jobs, job, format)

    @router.get(
        "/v1/jobs/{id}/pages/{number}",
        summary="One page, as soon as it is read",
        responses={200: {"model": schemas.PageAnswer}, **not_yet},
    )
    async def page(name: JobName, number: Number) -> Response:
        job = _known(jobs, name, number)
        if number in job.failures:
            raise HTTPException(422, job.failures[number])
        if number > job.done:
            raise HTTPException(409, f"page {number} is not read yet; ask again later")
        data = await jobs.with_files(job.page_file(number).read_bytes)
        return Response(data, media_type="application/json")

    @router.get("/v1/jobs/{id}/pages/{number}/picture", summary="A page's picture as JPEG", response_class=Response)
    async def picture(name: JobName, number: Number) -> Response:
        job = _known(jobs, name, number)
        data = await jobs.with_files(partial(page_picture, job, number, settings.picture_side))
        return Response(data, media_type="image/jpeg")


def check_format(name: str) -> None:
    """Refuse a format that this server cannot write."""
    formats = installed_formats()
    if name not in formats:
        raise HTTPException(422, f"there is no format {name[:20]!r}; choose from {', '.join(formats)}")


def _known(jobs: Jobs, name: str, number: int = 1) -> Job:
    """Find a job and check the number of a page of it."""
    job = jobs.find(name)
    if job is None:
        raise HTTPException(404, "there is no such job: it was deleted, or nobody asked for it in time; read it again")
    if number > len(job.refs):
        raise HTTPException(404, f"the document has {len(job.refs)} pages: there is no page {number}")
    return job


def _state(job: Job) -> schemas.JobAnswer:
    failures = [schemas.PageFailure(page=number, error=error) for number, error in sorted(job.failures.items())]
    state = "done" if job.finished.is_set() else "reading"
    return schemas.JobAnswer(id=job.id, state=state, pages=len(job.refs), done=job.done, failures=failures)


async def _answer(jobs: Jobs, job: Job, format_name: str) -> Response:
    """Make the answer that holds all pages that were read."""
    if format_name == "json":
        return Response(await jobs.with_files(partial(as_json, job)), media_type="application/json")
    made = await jobs.with_files(partial(write_result, job, format_name))
    headers = {"X-Failed-Pages": ",".join(map(str, sorted(job.failures)))} if job.failures else None
    name = made.path.name
    cleanup = BackgroundTask(jobs.with_files, made.remove)
    return FileResponse(made.path, media_type=made.media_type, filename=name, headers=headers, background=cleanup)


async def _finished(request: Request, job: Job, seconds: float) -> None:
    """Wait until a job is finished; it is given up where the client goes away or too much time passes."""
    waits = [asyncio.ensure_future(one) for one in (job.finished.wait(), _gone(request))]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
    if not job.finished.is_set():
        raise HTTPException(504, f"the file was not read within {seconds:g} s; send it to /v1/jobs instead")


async def _gone(request: Request) -> None:
    """Return when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass

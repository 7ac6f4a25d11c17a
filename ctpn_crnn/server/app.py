"""The application: the routes of the REST interface, and the files of the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from ctpn_crnn import __version__
from ctpn_crnn.errors import ImageError, OutputError
from ctpn_crnn.recognizer import Recognizer
from ctpn_crnn.server.guard import Guard
from ctpn_crnn.server.jobs import BusyError, Jobs
from ctpn_crnn.server.metrics import Metrics
from ctpn_crnn.server.routes import make_routes
from ctpn_crnn.server.settings import ServerSettings
from ctpn_crnn.server.uploads import TooLargeError

STATIC = Path(__file__).parent / "static"
"""The page: plain HTML, CSS and JavaScript."""


def make_app(
    recognizer: Recognizer,
    settings: ServerSettings = ServerSettings(),
    *,
    token: str | None = None,
    hosts: Collection[str] | None = None,
) -> FastAPI:
    """Make the application that `uvicorn` serves.

    Example:
        >>> import uvicorn                                            # doctest: +SKIP
        >>> uvicorn.run(make_app(Recognizer()), port=8000)            # doctest: +SKIP

    Args:
        recognizer: Reads the pages; the only model of the server.
        settings: Limits.
        token: See `Guard`.
        hosts: See `Guard`.
    """
    metrics = Metrics()
    jobs = Jobs(recognizer, settings, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        expiry = asyncio.create_task(jobs.expire_forever())
        try:
            yield
        finally:
            expiry.cancel()
            await jobs.close()

    # No docs_url and redoc_url: their pages load scripts from other machines.
    app = FastAPI(
        title="ctpn_crnn",
        version=__version__,
        description="Reads the text of pictures and PDFs.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, settings=settings, metrics=metrics, token=token, hosts=hosts)
    _add_error_answers(app)
    app.include_router(make_routes(jobs, settings, metrics))
    app.mount("/", StaticFiles(directory=STATIC, html=True), name="page")
    return app


def _add_error_answers(app: FastAPI) -> None:
    """Answer what goes wrong with one sentence, as `{"detail": "..."}`."""

    @app.exception_handler(BusyError)
    async def busy(_: Request, error: BusyError) -> Response:
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": str(error.retry_seconds)})

    @app.exception_handler(TooLargeError)
    async def too_large(_: Request, error: TooLargeError) -> Response:
        return JSONResponse({"detail": str(error)}, 413)

    @app.exception_handler(ImageError)
    async def unreadable(_: Request, error: ImageError) -> Response:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(OutputError)
    async def unwritten(_: Request, error: OutputError) -> Response:
        return JSONResponse({"detail": str(error)}, 500)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
        return JSONResponse({"detail": "; ".join(problems)}, 422)

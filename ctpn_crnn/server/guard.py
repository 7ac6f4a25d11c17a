"""What stands before the application: who may ask, how much may be sent, how long that may take."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ctpn_crnn.server.metrics import Metrics
from ctpn_crnn.server.settings import ServerSettings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names of this machine for itself."""

_OPEN_PATHS = ("/health",)
_GUARDED_PREFIXES = ("/v1/", "/metrics", "/openapi.json")

_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """ASGI middleware that refuses requests before their bodies are read, and bodies that are too large or too slow.

    Args:
        app: The application.
        settings: Limits.
        metrics: Counts the answers.
        token: What clients of the interface must send as `Authorization: Bearer TOKEN`; None for no token.
        hosts: Names by which the server may be addressed; None for any. A page of another site that has its own name
            lead to this machine (DNS rebinding) is refused by it.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServerSettings,
        metrics: Metrics,
        token: str | None = None,
        hosts: Collection[str] | None = None,
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._token, self._hosts = token, hosts
        self._receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it to the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish_headers(scope, MutableHeaders(scope=message))
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.requests.labels(scope["method"], route, str(message["status"])).inc()
            await send(message)

        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            answer = JSONResponse({"detail": refusal.detail}, refusal.status_code, refusal.headers)
            await answer(scope, receive, send_counted)
            return
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            await self._app(scope, receive, send_counted)
            return
        self._receiving += 1
        body = _Body(receive, self._settings, self._received)
        try:
            await self._app(scope, body, send_counted)
        finally:
            body.end()

    def _received(self) -> None:
        self._receiving -= 1

    def _refusal(self, method: str, path: str, headers: Headers) -> HTTPException | None:
        """Return why a request is refused by its headers alone, if it is."""
        if path in _OPEN_PATHS:
            return None
        host = headers.get("host", "")
        if self._hosts is not None and (urlsplit(f"//{host}").hostname or "") not in self._hosts:
            return HTTPException(403, f"the server does not go by the name {host!r}; see --allowed-host")
        if not path.startswith(_GUARDED_PREFIXES):
            return None
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return HTTPException(403, "requests from pages of other sites are refused")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return HTTPException(403, "requests from pages of other sites are refused")
        if self._token is not None and not self._has_token(headers):
            challenge = {"WWW-Authenticate": "Bearer"}
            return HTTPException(401, "send the server's token as the header Authorization: Bearer TOKEN", challenge)
        if method == "POST" and self._receiving >= self._settings.uploads:
            return HTTPException(503, "the server is receiving as many files as it takes", {"Retry-After": "2"})
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.max_bytes:
            return too_many_bytes(self._settings.max_bytes)
        return None

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        expected = (self._token or "").encode()
        return scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode(), expected)

    def _finish_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        headers.update(_SECURITY_HEADERS)
        # Nothing of a document stays in the browser's store; the page itself is asked for anew after an update.
        headers["Cache-Control"] = "no-store" if scope["path"].startswith(_GUARDED_PREFIXES) else "no-cache"


def too_many_bytes(limit: int) -> HTTPException:
    """Make the answer to a request that is too large."""
    return HTTPException(413, f"the file is too large: the limit is {limit / 1e6:.4g} MB")


class _Body:
    """The body of a request, which raises where it is too large or takes too long.

    Args:
        receive: Gives the parts of the body.
        settings: Limits.
        ended: Called once, when the body is complete or nobody waits for it any more.
    """

    def __init__(self, receive: Receive, settings: ServerSettings, ended) -> None:
        self._receive, self._settings, self._ended = receive, settings, ended
        self._bytes = 0
        self._complete = False
        self._deadline = asyncio.get_running_loop().time() + settings.upload_seconds

    async def __call__(self) -> Message:
        if self._complete:  # what comes now is that the client has gone
            return await self._receive()
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.0))
        except asyncio.TimeoutError:
            seconds = self._settings.upload_seconds
            raise HTTPException(408, f"the file did not arrive within {seconds:g} s; send a smaller one") from None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._settings.max_bytes:
            raise too_many_bytes(self._settings.max_bytes)
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self.end()
        return message

    def end(self) -> None:
        """Count the body as received; only the first call counts."""
        if not self._complete:
            self._complete = True
            self._ended()

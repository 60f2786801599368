"""How pages travel: one page for every path, a content security policy, compression and caching."""

import asyncio
import gzip
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

from dash import Dash
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards import callbacks
from dashboards.callbacks import Callbacks, whole_answer
from dashboards.links import is_page
from monitor.poll.source import Source

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <meta name="color-scheme" content="light dark">
    <title>{%title%}</title>
    <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
    <script src="/assets/scheme.js"></script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
    <noscript>This page needs JavaScript. The same numbers are at /metrics and under /api/v1.</noscript>
  </body>
</html>"""

_PACKAGES = "/_dash-component-suites/"
_ASSETS = "/assets/"
_API = "/api/"
_YEAR = "public, max-age=31536000, immutable"
_LEVEL = 6
_MOST_SCRIPTS = 64


def serve(server: FastAPI, app: Dash, sources: Sequence[Source]) -> None:
    """Add the middleware that brings Dash's page to every page's path."""
    # When the server starts, Dash would answer every path that nothing else answers with the page, misspelt ones too.
    app.backend._setup_catchall = lambda: None  # noqa: SLF001  there is no public way to leave it out
    server.add_middleware(Travel, dash=app, sources=sources)


@contextmanager
def inside(server: FastAPI) -> Iterator[None]:
    """Put the middleware added in this block inside of what the application has, such as its check of who asks."""
    before = list(server.user_middleware)
    yield
    added = [each for each in server.user_middleware if each not in before]
    server.user_middleware[:] = before + added


def policy(app: Dash) -> str:
    """Everything from this server and nothing from elsewhere; of inline scripts only the one that starts Dash."""
    starter = b64encode(sha256(app.renderer.encode()).digest()).decode()
    return (
        f"default-src 'self'; script-src 'self' 'sha256-{starter}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Travel:
    """ASGI middleware: gives every page's path Dash's one page, compresses, and lets browsers keep scripts.

    The packages' scripts are megabytes that never change while the process runs, so they are compressed once.
    """

    def __init__(self, app: ASGIApp, dash: Dash, sources: Sequence[Source]) -> None:
        self._app = app
        self._callbacks = Callbacks(app, dash, sources)
        self._zipped = GZipMiddleware(app, minimum_size=1_000, compresslevel=_LEVEL)
        self._page_headers = {"cache-control": "no-cache", "content-security-policy": policy(dash)}
        self._scripts: dict[str, tuple[MutableHeaders, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif is_page(path):
            await self._page(scope, receive, send)
        elif path.startswith(_PACKAGES):
            await self._script(path, scope, receive, send)
        elif path.startswith(_ASSETS):
            keep = _YEAR if b"m=" in scope["query_string"] else "no-cache"
            await self._zipped(scope, receive, _with(send, {"cache-control": keep}))
        elif path == callbacks.PATH and scope["method"] == "POST":
            await self._callbacks(scope, receive, send)
        elif path.startswith("/_dash-"):
            await self._zipped(scope, receive, send)
        elif "text/html" in Headers(scope=scope).get("accept", "") and not path.startswith(_API):
            await self._or_page(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = {**scope, "path": "/", "raw_path": b"/"}
        await self._zipped(page, receive, _with(send, self._page_headers))

    async def _or_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The response of the application; if it has nothing at this path, the page that says so."""
        unknown = False

        async def unless_unknown(message: Message) -> None:
            nonlocal unknown
            if message["type"] == "http.response.start":
                unknown = message["status"] == 404
            if not unknown:
                await send(message)

        async def as_unknown(message: Message) -> None:
            await send({**message, "status": 404} if message["type"] == "http.response.start" else message)

        await self._app(scope, receive, unless_unknown)
        if unknown:
            await self._page(scope, receive, as_unknown)

    async def _script(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope)
        if "gzip" not in asked.get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        if path not in self._scripts:
            # What the browser has must not turn the answer that is kept into an empty 304.
            plain = [each for each in scope["headers"] if each[0] != b"if-none-match"]
            start, body = await whole_answer(self._app, {**scope, "headers": plain})
            if start["status"] != 200:
                await send(start)
                await send({"type": "http.response.body", "body": body})
                return
            small = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
            headers = MutableHeaders(raw=list(start["headers"]))
            headers.setdefault("cache-control", "no-cache")
            headers["etag"] = f'"{sha256(small).hexdigest()[:16]}"'
            headers.update({"content-encoding": "gzip", "content-length": str(len(small)), "vary": "Accept-Encoding"})
            if len(self._scripts) >= _MOST_SCRIPTS:
                self._scripts.clear()
            self._scripts[path] = (headers, small)
        headers, small = self._scripts[path]
        if asked.get("if-none-match") == headers["etag"]:
            kept = [(name, headers[name]) for name in ("etag", "cache-control", "vary")]
            await send({"type": "http.response.start", "status": 304, "headers": Headers(dict(kept)).raw})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers.raw})
        await send({"type": "http.response.body", "body": small})


def _with(send: Send, headers: dict[str, str]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(raw=message["headers"]).update(headers)
        await send(message)

    return wrapped

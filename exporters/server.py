"""The one ASGI application: metrics, health and the JSON API; the dashboard is added to it by the wiring."""

from collections.abc import Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporters.api import Api
from exporters.exposition import Piece, filled
from exporters.prometheus import MetricsPage
from monitor.model.text import visible
from monitor.poll.source import Source
from monitor.settings.values import is_loopback

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
)
"""Headers of every answer that does not set its own; pages that need scripts set their own Content-Security-Policy."""


class SecurityHeaders:
    """ASGI middleware that adds SECURITY_HEADERS to answers without them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", [])))
                for name, value in SECURITY_HEADERS:
                    headers.setdefault(name, value)
                message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, secured if scope["type"] == "http" else send)


class Pieces(Response):
    """An answer that is sent piece by piece: a slow client holds references, not a copy of it all.

    Its length is told where all of it is ready.
    """

    def __init__(self, pieces: Sequence[Piece], headers: dict[str, str]) -> None:
        ready = [len(piece) for piece in pieces if isinstance(piece, bytes)]
        length = {"Content-Length": str(sum(ready))} if len(ready) == len(pieces) else {}
        super().__init__(headers={**headers, **length})
        if not length:  # what Response took from its own empty body
            del self.headers["content-length"]
        self.pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in self.pieces:
            await send({"type": "http.response.body", "body": filled(piece, keep=True), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def create_server(
    sources: Sequence[Source],
    page: MetricsPage,
    host: str = "127.0.0.1",
    troubles: Callable[[], Sequence[str]] = tuple,
) -> FastAPI:
    """The application over these sources and their page, to be listened on at `host`.

    `troubles` gives the reasons why parts of kmon have stopped working; with any, `/-/healthy` fails.

    On a loopback host it answers only requests that name this machine, so that no web page can reach it by pointing a
    name of its own at 127.0.0.1.
    """
    app = FastAPI(title="kmon", docs_url=None, redoc_url=None, openapi_url=None)
    if is_loopback(host):
        shown = f"[{host}]" if ":" in host else host
        allowed = {"localhost", "127.0.0.1", "[::1]", shown}
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=sorted(allowed), www_redirect=False)
    app.add_middleware(SecurityHeaders)

    @app.api_route("/metrics", methods=["GET", "HEAD"])
    async def metrics(request: Request) -> Response:
        accepted = request.headers.get("accept-encoding", "")
        if page.ready(accepted):
            return Pieces(*page.answer(accepted))
        return Pieces(*await run_in_threadpool(page.answer, accepted))

    @app.get("/-/healthy")
    async def healthy() -> PlainTextResponse:
        if reasons := troubles():
            return PlainTextResponse("".join(f"{visible(reason)}\n" for reason in reasons), 503)
        return PlainTextResponse("kmon is alive\n")

    @app.get("/-/ready")
    async def ready() -> PlainTextResponse:
        waiting = [reason for source in sources if (reason := _not_ready(source))]
        if waiting:
            return PlainTextResponse("".join(f"{reason}\n" for reason in waiting), 503)
        return PlainTextResponse("kmon is ready\n")

    app.include_router(Api(sources).router(), prefix="/api/v1")
    return app


def _not_ready(source: Source) -> str:
    """Why nothing can be shown of a cluster yet; empty once a poll of it was answered."""
    view = source.latest()
    if view is None:
        return f"{source.cluster}: the first poll is not done"
    return "" if view.shown.up else f"{source.cluster}: {view.snapshot.error}"

"""The one ASGI application: metrics, health and the JSON API; the dashboard is added to it by the wiring."""

import asyncio
from collections.abc import Callable, Sequence

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from exporters.answers import invalid
from exporters.api import Api
from exporters.exposition import Piece, filled
from exporters.middleware import EveryRequest, KnownHosts
from exporters.preview_api import PreviewApi
from exporters.prometheus import MetricsPage
from exporters.silencing_api import SilencingApi
from monitor.model.text import visible
from monitor.poll.source import Source
from monitor.settings.values import is_loopback

PREFIX = "/api/v1"

SENT_BYTES = 120_000
"""So much of an answer is sent at a time. The server copies it, and glibc gives and takes blocks from 128 KiB page by
page (`kmon serve` keeps it at that), which would take longer than sending them.
"""


class Pieces(Response):
    """An answer that is sent piece by piece: a slow client holds references, not a copy of it all.

    Answers that are sent at the same time take turns. Content-Length is sent if all pieces are ready.
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
            body = memoryview(filled(piece, keep=True))
            for start in range(0, len(body), SENT_BYTES):
                sent = body[start : start + SENT_BYTES]
                await send({"type": "http.response.body", "body": sent, "more_body": True})
                await asyncio.sleep(0)  # sending waits for nothing while the client reads as fast
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def create_server(
    sources: Sequence[Source],
    page: MetricsPage,
    host: str = "127.0.0.1",
    troubles: Callable[[], Sequence[str]] = tuple,
    hosts: Sequence[str] = (),
    *,
    silencing: SilencingApi | None = None,
    previews: PreviewApi | None = None,
) -> FastAPI:
    """The application over these sources and their page, to be listened on at `host`.

    `troubles` gives the reasons why parts of kmon have stopped working; with any, `/-/healthy` fails.

    On a loopback host it answers only requests that name this machine, so that no web page can reach it by pointing a
    name of its own at 127.0.0.1; and those that name one of `hosts`, as a reverse proxy passes them on.

    `silencing` answers about silences and acknowledgements, and `previews` about rules on past polls, where there are
    any.
    """
    app = FastAPI(title="kmon", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    if is_loopback(host):
        shown = f"[{host}]" if ":" in host else host
        app.add_middleware(KnownHosts, hosts=sorted({"localhost", "127.0.0.1", "[::1]", shown, *hosts}))
    app.add_middleware(EveryRequest)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        accepted = [",".join(request.headers.getlist(name)) for name in ("accept-encoding", "accept")]
        if page.ready(*accepted):
            return Pieces(*page.answer(*accepted))
        return Pieces(*await run_in_threadpool(page.answer, *accepted))

    @app.get("/-/healthy")
    async def healthy() -> PlainTextResponse:
        if reasons := troubles():
            return PlainTextResponse("".join(f"{visible(reason)}\n" for reason in reasons), 503)
        return PlainTextResponse("kmon is alive\n")

    @app.get("/-/ready")
    async def ready() -> PlainTextResponse:
        views = [(source.cluster, source.latest()) for source in sources]
        if waiting := [cluster for cluster, view in views if view is None]:
            return PlainTextResponse("".join(f"{visible(each)}: the first poll is not done\n" for each in waiting), 503)
        down = [f"{visible(cluster)}: {view.snapshot.error}\n" for cluster, view in views if view and not view.up]
        return PlainTextResponse("".join(["kmon is ready\n", *down]))

    app.add_exception_handler(RequestValidationError, invalid)
    muting = None if silencing is None else silencing.silencing
    app.include_router(Api(sources, silencing=muting).router(), prefix=PREFIX)
    for part in (silencing, previews):
        if part is not None:
            app.include_router(part.router(), prefix=PREFIX)
    return app

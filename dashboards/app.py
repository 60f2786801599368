"""The web face: mounts its pages onto an ASGI application. Everything it draws comes from the Sources it is given."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dash import Dash
from fastapi import FastAPI

from dashboards import shell, silencing
from dashboards.faults import Faults
from dashboards.http import INDEX, inside, serve
from dashboards.pages import brokers, cluster, clusters, events, group, groups, overview, problems, topic, topics
from monitor.model.silences import Silencing
from monitor.poll.source import Source

log = logging.getLogger(__name__)

PAGES = (overview, problems, brokers, topics, topic, groups, group, events, cluster, clusters)
"""Every page: a module with PATH, TITLE, `layout()` and `register(app, sources)`."""


def attach(
    server: FastAPI,
    sources: Sequence[Source],
    clock: Callable[[], float] = time.time,
    *,
    muting: Silencing | None = None,
    change: bool = False,
) -> Dash:
    """Add the dashboard of these clusters to an application, at "/"; the routes it has stay as they are.

    `muting` has the silences and acknowledgements; with `change`, pages offer to change them through the API.

    To be called before the application starts, since it adds middleware: compression, caching and a content security
    policy for its own paths, inside of the middleware that is there. Raises ValueError without a source.
    """
    if not sources:
        raise ValueError("a dashboard needs at least one source")
    with inside(server):
        server.add_middleware(Faults)
        app = _dash(server)
        serve(server, app, sources)
    app.layout = partial(shell.layout, sources)
    shell.register(app, sources, PAGES, clock, version=lambda: silencing.changes(muting))
    for page in PAGES:
        page.register(app, sources)
    silencing.register(app, sources, muting, change=change, clock=clock)
    return app


def _report(error: Exception) -> None:
    """Log what a callback raised; the page keeps what it shows."""
    log.error("a part of the page could not be rendered", exc_info=error)


def _dash(server: FastAPI) -> Dash:
    return Dash(
        __name__,
        server=server,
        use_pages=False,
        pages_folder="",
        assets_ignore=r"scheme\.js",
        index_string=INDEX,
        title="kmon",
        update_title="",
        add_log_handler=False,
        enable_mcp=False,
        on_error=_report,
        suppress_callback_exceptions=True,  # a page's callbacks name parts that are only there while it is shown
    )


def create_app(sources: Sequence[Source], clock: Callable[[], float] = time.time, **options: Any) -> Dash:
    """The dashboard alone, on an application of its own: `create_app(sources).server` is what a server runs."""
    return attach(FastAPI(docs_url=None, redoc_url=None, openapi_url=None), sources, clock, **options)

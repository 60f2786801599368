"""A tab of Chromium on a dashboard over fixtures: what it complains of, and what it asks of other hosts."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from views import NOW, FixtureSource

from dashboards.app import create_app


class Page:
    """A tab of Chromium on a running dashboard, with what it complained of and what it asked of other hosts."""

    def __init__(self, tab: Any, base: str) -> None:
        self.tab, self.base = tab, base
        self.complaints: list[str] = []
        self.external: list[str] = []
        tab.set_default_timeout(20_000)
        tab.on("console", self._said)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("dialog", self._interrupted)
        tab.on("request", lambda request: self._asked(request.url))

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _interrupted(self, dialog: Any) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.external.append(url)

    def open(self, path: str) -> None:
        self.tab.goto(self.base + path)

    def wait(self, selector: str, text: str | None = None) -> Any:
        found = self.tab.locator(selector, has_text=text).first
        found.wait_for()
        return found

    def until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true. Playwright's own waiting needs eval, which the page forbids."""
        for _ in range(200):
            if self.tab.evaluate(expression):
                return
            self.tab.wait_for_timeout(100)
        raise AssertionError(f"not within 20 s: {expression}")

    def shows(self, selector: str) -> str:
        return str(self.tab.locator(selector).first.inner_text())


@contextmanager
def served(*sources: FixtureSource, port: int = 0, app: FastAPI | None = None) -> Iterator[str]:
    """The dashboard of these sources on a loopback port, by default a free one; or an `app` that has it."""
    app = app or create_app(sources, lambda: NOW + 4).server
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@contextmanager
def opened(browser: Any, *sources: FixtureSource, app: FastAPI | None = None, **options: Any) -> Iterator[Page]:
    """A new tab on these sources, or an `app`; at the end it must have had nothing to complain of."""
    with served(*sources, app=app) as base:
        context = browser.new_context(**options)
        page = Page(context.new_page(), base)
        yield page
        assert page.complaints == []
        assert page.external == []
        context.close()

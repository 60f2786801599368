"""Responses to callbacks: each is built once per View for all browsers, one at a time, off the event loop."""

import asyncio
import gzip
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dash import Dash
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.faults import refusal
from dashboards.links import link
from monitor.poll.source import Source

log = logging.getLogger(__name__)

PATH = "/_dash-update-component"
MOST_BYTES = 1_000_000
"""The request of a callback is far smaller: it holds what was chosen, and which View the browser has."""
MOST_KEPT = 128
"""How many answers of one View are kept."""
ZIPPED_BYTES = 1_000
CLOCK = "view.data"
"""The output of the callback whose answer depends on when it is asked."""


@dataclass(frozen=True)
class Ready:
    """An answer that is ready to be sent."""

    status: int
    media_type: str
    body: bytes
    zipped: bool

    def response(self, accepted: str) -> Response:
        """The answer in an encoding that the browser accepts."""
        if self.zipped and "gzip" in accepted:
            headers = {"content-encoding": "gzip", "vary": "Accept-Encoding"}
            return Response(self.body, self.status, headers, self.media_type)
        return Response(gzip.decompress(self.body) if self.zipped else self.body, self.status, None, self.media_type)


class Callbacks:
    """ASGI application: answers the requests of callbacks by the application of Dash, whose answers it keeps."""

    def __init__(self, app: ASGIApp, dash: Dash, sources: Sequence[Source]) -> None:
        self._app, self._dash, self._sources = app, dash, sources
        self._thread = ThreadPoolExecutor(1, "dashboard")
        self._views: tuple[Any, ...] = ()
        self._kept: OrderedDict[bytes, Future[Ready]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        request = None if body is None else asked(self._dash.callback_map, body)
        if request is None:
            await refusal(413 if body is None else 400)(scope, receive, send)
            return
        if CLOCK in request["output"]:
            ready = await self._answer(scope, json.dumps(request).encode())
        else:
            made = self._made(scope, json.dumps(request).encode())
            ready = await asyncio.shield(asyncio.wrap_future(made))
        await ready.response(Headers(scope=scope).get("accept-encoding", ""))(scope, receive, send)

    def _made(self, scope: Scope, body: bytes) -> "Future[Ready]":
        """The answer of the newest Views, which is made now where nobody has asked for it yet."""
        views = tuple(each.latest() for each in self._sources)
        if len(views) != len(self._views) or any(new is not old for new, old in zip(views, self._views, strict=True)):
            self._views = views
            self._kept.clear()
        if body not in self._kept:
            self._kept[body] = self._thread.submit(lambda: asyncio.run(self._answer(scope, body)))
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[body]

    async def _answer(self, scope: Scope, body: bytes) -> Ready:
        headers = [(b"content-type", b"application/json")]
        start, content = await whole_answer(self._app, {**scope, "headers": headers}, body)
        if start["status"] >= 500:
            log.error("a callback of the dashboard failed: %s", json.loads(body)["output"])
        zipped = len(content) >= ZIPPED_BYTES
        content = gzip.compress(content, 6, mtime=0) if zipped else content
        return Ready(start["status"], Headers(raw=start["headers"]).get("content-type", ""), content, zipped)


async def read_body(receive: Receive) -> bytes | None:
    """The body of a request; None where it is larger than MOST_BYTES."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def whole_answer(app: ASGIApp, scope: Scope, body: bytes = b"") -> tuple[Message, bytes]:
    """The start and the whole body of an application's answer to one request."""
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    messages: list[Message] = []

    async def receive() -> Message:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


def asked(callbacks: Mapping[str, Any], body: bytes) -> dict[str, Any] | None:
    """The request of a callback, the same for all browsers that ask for the same; None where the body is none.

    Of the query string only the cluster is kept: filters and orders are the browser's own.
    """
    try:
        given = json.loads(body)
        output = given["output"]
        callback = callbacks[output]
        values = {
            (each["id"], each["property"]): each.get("value") for each in given["inputs"] + given.get("state", [])
        }
        inputs, state = (
            [{**name, "value": _value(name, values[name["id"], name["property"]])} for name in callback[part]]
            for part in ("inputs", "state")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    outputs = [
        dict(zip(("id", "property"), each.rsplit(".", 1), strict=True)) for each in output.strip(".").split("...")
    ]
    changed = [f"{each['id']}.{each['property']}" for each in inputs]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": state,
        "changedPropIds": changed,
    }


def _value(name: Mapping[str, str], value: Any) -> Any:
    """A value of a property, which has the type of such; ValueError where it has not."""
    prop = name["property"]
    wanted = (dict, int) if prop == "data" else int if prop == "n_intervals" else str
    if value is not None and not isinstance(value, wanted):
        raise ValueError(f"{prop} has the wrong type")
    return link("", str(value or "")) if prop == "search" else value

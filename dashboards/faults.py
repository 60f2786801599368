"""Responses to requests that Dash cannot handle, with one line in the log."""

import logging
import time

from dash.exceptions import DependencyException, InvalidCallbackReturnValue, PreventUpdate
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.poll.log_pace import Pace

log = logging.getLogger(__name__)

DETAILS = {
    400: "not a request of this dashboard",
    404: "no such script",
    413: "the request is too large",
    500: "a part of the page could not be rendered",
}


def refusal(status: int) -> JSONResponse:
    """The response to a request that is refused with this status."""
    return JSONResponse({"detail": DETAILS[status]}, status)


class Faults:
    """ASGI middleware inside of Dash's own, which answers 500 to every exception and logs none.

    What a callback raises never gets here, so the request is at fault, unless the callback returned what it must not.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/_dash-"):
            await self._app(scope, receive, send)
            return
        # Dash has read the body by now. One that is no JSON, or that was never sent whole, is not worth a line.
        if scope["method"] == "POST" and not isinstance(scope.get("state", {}).get("json_body", {}), dict):
            await refusal(400)(scope, receive, send)
            return
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except PreventUpdate:
            raise
        except Exception as error:
            if started:
                raise
            status = {DependencyException: 404, InvalidCallbackReturnValue: 500}.get(type(error), 400)
            client = scope["client"][0] if scope.get("client") else "an unknown address"
            # Nothing that a client may vary is in it, so that no client can fill the log.
            text = f"{status} to a request from {client} to /{scope['path'].split('/')[1]}: {type(error).__name__}"
            if line := self._pace.line(text, time.monotonic()):
                log.warning(line)
            await refusal(status)(scope, receive, send)

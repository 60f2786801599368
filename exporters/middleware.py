"""What holds for every request, whatever answers it: ASGI middleware."""

from collections.abc import Sequence

from fastapi.responses import PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
)
"""Headers of every answer that does not set its own; pages that need scripts set their own Content-Security-Policy."""

UNKNOWN_HOST = "kmon does not serve this host name: set external_url, or add the name to allowed_hosts\n"


class EveryRequest:
    """ASGI middleware for every HTTP request, whatever answers it.

    It answers 400 to several Host headers, because which of them counts is ambiguous, answers HEAD with the status and
    headers of GET, and adds SECURITY_HEADERS to answers without them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", [])))
                for name, value in SECURITY_HEADERS:
                    headers.setdefault(name, value)
                message = {**message, "headers": headers.raw}
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        several = [name for name, _ in scope["headers"]].count(b"host") > 1
        app = PlainTextResponse("Several Host headers", 400) if several else self.app
        await app({**scope, "method": "GET"} if is_head else scope, receive, answer)


class KnownHosts:
    """ASGI middleware that answers 400 to a request for none of these hosts, with what to set."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self._check = TrustedHostMiddleware(self._known, hosts, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused: list[Message] = []

        async def refuse(message: Message) -> None:
            refused.append(message)

        await self._check(scope, receive, refuse)
        if refused:
            await PlainTextResponse(UNKNOWN_HOST, 400)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _known(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """What starlette's check calls for a host that it knows."""

"""Who may change something by the API: a token, an origin, and a body of JSON that is not large."""

import hmac
from typing import TypeVar
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from pydantic import BaseModel, SecretStr, ValidationError

from monitor.settings.errors import SettingsError
from monitor.settings.security import text_of

MAX_BYTES = 65_536
READ_ONLY = "the API is read-only: set api.token or api.token_file"
Model = TypeVar("Model", bound=BaseModel)


class Writes:
    """Lets requests through that have the `token`, and that no page of another site makes.

    A page is one of kmon's own when its origin is the host that it asks for, or that of `external_url`.
    """

    def __init__(self, token: SecretStr | None = None, external_url: str | None = None) -> None:
        self._token = token
        self._origin = _origin(external_url) if external_url else None

    @property
    def possible(self) -> bool:
        """Whether there is a token at all."""
        return self._token is not None

    def check(self, request: Request) -> None:
        """Raises HTTPException with the reason for which a request may not change anything."""
        if self._token is None:
            raise HTTPException(403, READ_ONLY)
        self.refuse_other_sites(request)
        try:
            token = text_of(self._token).strip()
        except SettingsError as error:
            raise HTTPException(503, f"api.token: {error}") from None
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise HTTPException(401, "needs the token: Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})

    def refuse_other_sites(self, request: Request) -> None:
        """Raises HTTPException for a request that a page of another site makes."""
        if not self._is_own(request):
            raise HTTPException(403, "pages of other sites may not do this: see external_url")

    def _is_own(self, request: Request) -> bool:
        origin = request.headers.get("origin")
        if origin is None:
            return request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        return origin == self._origin or urlsplit(origin).netloc == request.headers.get("host")


async def body_of(request: Request, model: type[Model]) -> Model:
    """The JSON of a request. Raises HTTPException that names what is wrong in it."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "needs Content-Type: application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413, f"has more than {MAX_BYTES:,} bytes")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors())
        raise HTTPException(400, "; ".join(problems)) from None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

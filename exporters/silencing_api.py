"""The part of the JSON API that lists and changes silences and acknowledgements."""

import time
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict

from exporters.answers import Json, refuse_unknown
from exporters.writes import Writes, body_of
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import (
    InvalidSilenceError,
    Labels,
    Silencing,
    plain_acknowledgement,
    plain_silence,
)
from monitor.poll.source import Source

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class NewSilence(BaseModel):
    """A silence from `starts_at` (now without it), until `ends_at` or for `duration_seconds` from its start."""

    model_config = STRICT
    matchers: list[str]
    created_by: str
    comment: str
    starts_at: float | None = None
    ends_at: float | None = None
    duration_seconds: float | None = None


class NewAcknowledgement(BaseModel):
    model_config = STRICT
    fingerprint: str
    created_by: str
    comment: str = ""


class SilencingApi:
    """The answers; `clock` gives unix seconds."""

    def __init__(
        self,
        sources: Sequence[Source],
        silencing: Silencing,
        writes: Writes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sources, self.silencing, self._writes, self._clock = tuple(sources), silencing, writes, clock

    def router(self) -> APIRouter:
        router = APIRouter(dependencies=[Depends(refuse_unknown)])
        for method, path, answer in (
            ("GET", "silences", self.silences),
            ("POST", "silences", self.add),
            ("DELETE", "silences/{silence_id}", self.expire),
            ("GET", "acknowledgements", self.acknowledgements),
            ("POST", "acknowledgements", self.acknowledge),
            ("DELETE", "acknowledgements/{fingerprint}", self.withdraw),
        ):
            router.add_api_route(f"/{path}", answer, methods=[method], response_class=Json)
        return router

    def silences(self) -> Json:
        now = self._clock()
        return Json({"time": now, "silences": [plain_silence(each, now) for each in self.silencing.silences()]})

    def acknowledgements(self) -> Json:
        found = [
            {"fingerprint": fingerprint(each.labels), **plain_acknowledgement(each)}
            for each in self.silencing.acknowledgements()
        ]
        return Json({"time": self._clock(), "acknowledgements": found})

    async def add(self, request: Request) -> Json:
        self._writes.check(request)
        new = await body_of(request, NewSilence)
        if (new.ends_at is None) is (new.duration_seconds is None):
            raise HTTPException(400, "needs either ends_at or duration_seconds")
        start = self._clock() if new.starts_at is None else new.starts_at
        ends_at = start + new.duration_seconds if new.duration_seconds is not None else new.ends_at
        assert ends_at is not None
        try:
            silence = self.silencing.add(
                new.matchers,
                starts_at=new.starts_at,
                ends_at=ends_at,
                created_by=new.created_by,
                comment=new.comment,
            )
        except InvalidSilenceError as error:
            raise HTTPException(400, str(error)) from None
        return await self._done(201, silence=plain_silence(silence, self._clock()))

    async def expire(self, request: Request, silence_id: str) -> Json:
        self._writes.check(request)
        silence = self.silencing.expire(silence_id)
        if silence is None:
            raise HTTPException(404, "no such silence")
        return await self._done(200, silence=plain_silence(silence, self._clock()))

    async def acknowledge(self, request: Request) -> Json:
        self._writes.check(request)
        new = await body_of(request, NewAcknowledgement)
        labels = await run_in_threadpool(self._firing, new.fingerprint)
        if labels is None:
            raise HTTPException(404, "no alert with this fingerprint fires")
        try:
            made = self.silencing.acknowledge(labels, new.created_by, new.comment)
        except InvalidSilenceError as error:
            raise HTTPException(400, str(error)) from None
        return await self._done(201, acknowledgement={"fingerprint": new.fingerprint, **plain_acknowledgement(made)})

    async def withdraw(self, request: Request, fingerprint: str) -> Json:
        self._writes.check(request)
        found = next((each.labels for each in self.silencing.acknowledgements() if _is(each.labels, fingerprint)), None)
        if found is None or not self.silencing.withdraw(found):
            raise HTTPException(404, "no alert with this fingerprint is acknowledged")
        return await self._done(200)

    def _firing(self, wanted: str) -> Labels | None:
        """The labels of the alert with this fingerprint that fires."""
        views = filter(None, (source.latest() for source in self._sources))
        rows = (row for view in views for row in view.alerts if row.state == "firing")
        return next((row.labels for row in rows if _is(row.labels, wanted)), None)

    async def _done(self, status: int, **content: object) -> Json:
        """What was changed, and whether it survives a restart."""
        return Json({**content, "kept": await run_in_threadpool(self.silencing.kept)}, status)


def _is(labels: Labels, wanted: str) -> bool:
    return fingerprint(labels) == wanted

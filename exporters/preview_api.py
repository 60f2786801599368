"""The part of the JSON API that runs alert rules over the polls that kmon remembers."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict

from exporters.answers import Json, refuse_unknown, source_of
from exporters.writes import Writes, body_of
from monitor.poll.source import Source
from monitor.settings.errors import SettingsError

Run = Callable[[Source, Mapping[str, str], float], dict[str, Any]]
"""Runs the rules of files, by path, over what is remembered of a Source since a unix time; see `Preview.plain`.

Raises SettingsError with everything that is wrong in the files.
"""


class Files(BaseModel):
    """The texts of rule files by path."""

    model_config = ConfigDict(extra="forbid", strict=True)
    files: dict[str, str]


class PreviewApi:
    """The answer. It changes nothing but takes processor time, so other sites may not ask, and one runs at a time."""

    def __init__(
        self, sources: Sequence[Source], run: Run, writes: Writes, clock: Callable[[], float] = time.time
    ) -> None:
        self._sources, self._run, self._writes, self._clock = tuple(sources), run, writes, clock
        self._turn = asyncio.Lock()

    def router(self) -> APIRouter:
        router = APIRouter(dependencies=[Depends(refuse_unknown)])
        router.add_api_route("/rules/preview", self.preview, methods=["POST"], response_class=Json)
        return router

    async def preview(
        self,
        request: Request,
        cluster: str | None = None,
        seconds: Annotated[float | None, Query(gt=0, allow_inf_nan=False)] = None,
    ) -> Json:
        """When the rules would have fired, over the last `seconds` or all that is remembered."""
        self._writes.refuse_other_sites(request)
        given = await body_of(request, Files)
        source = source_of(self._sources, cluster)
        since = 0.0 if seconds is None else self._clock() - seconds
        async with self._turn:
            try:
                found = await run_in_threadpool(self._run, source, given.files, since)
            except SettingsError as error:
                raise HTTPException(400, "\n".join(error.problems)) from None
        return Json({"cluster": source.cluster, **found})

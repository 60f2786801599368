"""What the answers of the JSON API have in common: their form, what each begins with, filters, and errors."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, cast

import numpy as np
from fastapi import HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from monitor.model.table import Ints
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.column import Subject
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter

NO_POLL = "the first poll is not done"
UNANSWERED = {
    "time": None,
    "age_seconds": None,
    "up": None,
    "complete": False,
    "errors": [{"collector": None, "error": NO_POLL}],
    "notices": [],
}
"""What every answer begins with, before the first poll."""

Where = Annotated[str | None, Query(description="a filter on the columns of the rows, as in docs/filter.md")]


class Json(Response):
    """JSON in ASCII, which carries names that are no UTF-8 as well."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def refuse_unknown(request: Request) -> None:
    """Raises HTTPException 400 for a query parameter that the path does not have: ignored, it would show too much."""
    known = [each.alias for each in request.scope["route"].dependant.query_params]
    if unknown := [name for name in request.query_params if name not in known]:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise HTTPException(400, f"unknown parameter {', '.join(unknown)}: {has}")


def source_of(sources: Sequence[Source], cluster: str | None) -> Source:
    """That of the cluster which a query names, or the only one. Raises HTTPException."""
    if cluster is None and len(sources) != 1:
        names = sorted(source.cluster for source in sources)
        raise HTTPException(400, f"choose one with ?cluster=: {', '.join(names)}")
    source = next((each for each in sources if cluster in (None, each.cluster)), None)
    if source is None:
        raise HTTPException(404, "no such cluster; /api/v1/clusters has them")
    return source


def invalid(_request: Request, error: Exception) -> Json:
    """The answer to a parameter with a value that it cannot have, in the shape of all other errors."""
    errors = cast("RequestValidationError", error).errors()
    return Json({"detail": "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in errors)}, 400)


def chosen(subject: Subject, view: View, where: str | None, rows: Ints | None = None) -> tuple[Ints, dict[str, int]]:
    """Those of `rows` (all without it) that fit a filter, and for how many an unknown value leaves that open.

    Raises HTTPException 400 with the place of what is wrong in the filter.
    """
    rows = np.arange(subject.count(view)) if rows is None else rows
    if where is None:
        return rows, {}
    try:
        truth = Filter.of(where, subject.schema).truth(subject.read(view, rows))
    except FilterError as error:
        raise HTTPException(400, str(error)) from None
    return rows[truth.true], {"undecided_rows": int(truth.unknown.sum())}


def heading(view: View, now: float) -> dict[str, object]:
    """What every answer begins with: of when it is, what is missing in it, and what is left out of it on purpose."""
    outcomes = [each for each in view.shown.snapshot.outcomes if not each.success]
    errors: list[dict[str, str | None]] = [{"collector": each.collector, "error": each.error} for each in outcomes]
    if not view.up:
        errors.insert(0, {"collector": None, "error": view.snapshot.error})
    return {
        "cluster": view.cluster,
        "time": view.shown.time,
        "age_seconds": round(max(0.0, now - view.shown.time), 3),
        "up": view.up,
        "complete": view.complete,
        "errors": errors,
        "notices": list(view.shown.snapshot.notices),
    }

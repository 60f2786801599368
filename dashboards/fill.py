"""The callback that fills a page: it makes the parts and the grid of a page from the newest View of its cluster."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate
from plotly.io.json import to_json_plotly

from dashboards.charts import message
from dashboards.components.controls import ALL_COLUMNS, drive_grid, keep_in_url
from dashboards.components.parts import nothing
from dashboards.feed import Cells, Feed, Row
from dashboards.shell import newest
from monitor.model.view import View
from monitor.poll.source import Source

log = logging.getLogger(__name__)

FAILED = "Cannot show this part"
WHY_FAILED = "kmon failed to render it: an internal error, which its log describes"


@dataclass(frozen=True)
class Now:
    """What a page is made of: the View that it shows, the newest, what links keep, and what was chosen on the page."""

    source: Source
    view: View
    newest: View
    kept: str
    choices: tuple[str | None, ...]


Part = Callable[[], Any]
"""Makes what one part of a page holds. Each is called alone, so that one that fails costs no other."""


def fill(
    app: Dash,
    sources: Sequence[Source],
    parts: Sequence[str],
    make: Callable[[Now], tuple[Sequence[Part], Callable[[], Cells] | None]],
    *,
    grid: str = "",
    choices: Sequence[tuple[str, str]] = (),
    mark: str = "",
    columns: bool = False,
    version: Callable[[], str] = str,
) -> None:
    """Fill the parts of a page, and its grid if it has one, whenever there is a new View.

    `make` gives what makes each of the parts, named by id or by id and property, and what makes the cells of the grid.
    `choices` are the id and the property of what a person chooses. The element `mark`, by default the first part, names
    the View that the browser has: the script shows its age, and only what changed since then is sent.
    `columns` says that all columns of the grid can be chosen. `version` names the state of what is not of a View.
    """
    feed = Feed(keep=8)
    mark = mark or next(part for part in parts if "." not in part)

    def update(seen: Any, search: str | None, *given: Any) -> Any:
        *chosen, made = given
        source, kept, view = newest(sources, search, seen)
        every = columns and chosen.pop() == ALL_COLUMNS
        # Before the parts are made: what changes meanwhile has another version.
        key = [source.cluster, version(), *(each or "" for each in chosen), *([ALL_COLUMNS] if every else [])]
        thunks, cells = make(Now(source, view.shown, view, kept, tuple(chosen)))
        base = _base(made)
        held = [attempt(part, each) for part, each in zip(parts, thunks, strict=True)]
        news = feed.news(key, view.time, [json.dumps(each, default=_plain) for each in held], base)
        held = [each if new else no_update for each, new in zip(held, news, strict=True)]
        rows = [] if cells is None else [partial(_rows, feed, key, view, cells, base, every=every)]
        return [
            *(attempt(f"{grid}-feed.data", each) for each in rows),
            *held,
            json.dumps([key, view.time, view.shown.time]),
        ]

    app.callback(
        *((Output(f"{grid}-feed", "data"),) if grid else ()),
        *(Output(*(part.split(".") if "." in part else (part, "children"))) for part in parts),
        Output(mark, "data-made"),
        Input("view", "data"),
        State("url", "search"),
        *(Input(*choice) for choice in choices),
        *((Input(f"{grid}-columns", "value"),) if columns else ()),
        State(mark, "data-made"),
    )(update)

    if grid:
        drive_grid(app, grid)
    if columns:
        keep_in_url(app, f"{grid}-columns")


def attempt(part: str, make: Part) -> Any:
    """What a part holds; where making it fails, that it cannot be shown."""
    try:
        return make()
    except PreventUpdate:
        raise
    except Exception:  # a fault in one part must not leave the others as they were
        log.exception("a part of the page could not be rendered: %s", part)
        return _failed(part)


def _failed(part: str) -> Any:
    if part.endswith("-feed.data"):
        return {"failed": f"{FAILED}: {WHY_FAILED}"}
    return message(FAILED) if part.endswith(".data") else nothing(FAILED, WHY_FAILED)


def _plain(value: Any) -> Any:
    return value.to_plotly_json() if hasattr(value, "to_plotly_json") else str(value)


def _base(made: str | None) -> list[Any] | None:
    """The key and time of what a browser has; None for nothing, and for what no page was marked with."""
    try:
        key, time, _ = json.loads(made or "")
        return [key, float(time)]
    except (ValueError, TypeError):
        return None


ROWS_AT_ONCE = 200
"""Rows that are written as JSON in one go: nobody else can run meanwhile, and a scrape does not wait for 10,000."""


def _written(rows: Sequence[Row]) -> str:
    """Rows as the text of a JSON array, which the script reads."""
    parts = (to_json_plotly(rows[start : start + ROWS_AT_ONCE]) for start in range(0, len(rows), ROWS_AT_ONCE))
    return f"[{','.join(part[1:-1] for part in parts)}]"


def _rows(
    feed: Feed, key: list[str], view: View, cells: Callable[[], Cells], base: Any, *, every: bool
) -> dict[str, Any]:
    """The rows as they travel."""
    found = cells()
    if every and found.all_columns is not None:
        found = found.all_columns()
    sent = feed.send(key, view.time, found, base)
    return sent | {"rows": _written(sent["rows"]), "time": view.shown.time}

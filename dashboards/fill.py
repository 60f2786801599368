"""The callback that fills a page: it makes the parts and the grid of a page from the newest View of its cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, State

from dashboards.components.controls import ALL_COLUMNS, drive_grid, keep_in_url
from dashboards.feed import Cells, Feed
from dashboards.shell import newest
from monitor.model.view import View
from monitor.poll.source import Source


@dataclass(frozen=True)
class Now:
    """What a page is made of: the View that it shows, the newest, what links keep, and what was chosen on the page."""

    view: View
    newest: View
    kept: str
    choice: str | None


def fill(
    app: Dash,
    sources: Sequence[Source],
    parts: Sequence[str],
    make: Callable[[Now], tuple[Sequence[Any], Cells | None]],
    *,
    grid: str = "",
    choice: tuple[str, str] | None = None,
    columns: bool = False,
) -> None:
    """Fill the parts of a page, and its grid if it has one, whenever there is a new View.

    `make` gives what each of the parts, named by id or by id and property, is to hold, and the cells of the grid.
    `choice` is the id and the property of what a person chooses, and `columns` says that all columns of the grid are.
    """
    feed = Feed(keep=8)

    def update(seen: Any, search: str | None, *given: Any) -> Any:
        source, kept, view = newest(sources, search, seen)
        chosen = given[0] if choice else None
        held, cells = make(Now(view.shown, view, kept, chosen))
        if cells is None:
            return list(held)
        every = columns and given[-2] == ALL_COLUMNS
        if every and cells.all_columns is not None:
            cells = cells.all_columns()
        return [
            *feed.send([source.cluster, chosen or "", ALL_COLUMNS if every else ""], view.shown.time, cells, given[-1]),
            *held,
        ]

    app.callback(
        *((Output(f"{grid}-feed", "data"), Output(f"{grid}-base", "data")) if grid else ()),
        *(Output(*(part.split(".") if "." in part else (part, "children"))) for part in parts),
        Input("view", "data"),
        State("url", "search"),
        *((Input(*choice),) if choice else ()),
        *((Input(f"{grid}-columns", "value"),) if columns else ()),
        *((State(f"{grid}-base", "data"),) if grid else ()),
    )(update)

    if grid:
        drive_grid(app, grid)
    if columns:
        keep_in_url(app, f"{grid}-columns")

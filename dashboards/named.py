"""The shape of a page about one thing of many, such as a group: its name, its tiles, a grid and other parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboards.components.controls import drive_grid
from dashboards.feed import Cells, Feed
from dashboards.links import link, name_in
from dashboards.shell import newest
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source


@dataclass(frozen=True)
class Named:
    """A page whose path is `above`, the path of the page of all, and a name. Its parts have the ids `<kind>-<part>`.

    `tell` gives for a View, a name and what links keep: the cells of the grid, and what each of the parts holds.
    """

    kind: str
    all: str
    above: str
    grid: str
    parts: tuple[str, ...]
    tell: Callable[[View, str, str], tuple[Cells, tuple[Any, ...]]]

    def head(self) -> list[Any]:
        """What the page begins with: the way up, the name, and the tiles, which are one of its parts."""
        up = dcc.Link(self.all, href=self.above, id=f"{self.kind}-up")
        return [
            html.Nav(up, className="crumbs", **{"aria-label": "Breadcrumb"}),
            html.Div(html.H1(id=f"{self.kind}-name", className="hostile"), className="toolbar"),
            html.Dl(id=f"{self.kind}-tiles", className="tiles"),
        ]

    def register(self, app: Dash, sources: Sequence[Source]) -> None:
        feed = Feed(keep=8)

        def update(seen: Any, pathname: str | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
            source, kept, view = newest(sources, search, seen)
            name = name_in(self.above, pathname)
            if name is None:
                raise PreventUpdate
            cells, held = self.tell(view.shown, name, kept)
            sent = feed.send([source.cluster, name], view.shown.time, cells, base)
            return link(self.above, kept), visible(name) or "(empty name)", *held, *sent

        app.callback(
            Output(f"{self.kind}-up", "href"),
            Output(f"{self.kind}-name", "children"),
            *(Output(f"{self.kind}-{part}", "children") for part in self.parts),
            Output(f"{self.grid}-feed", "data"),
            Output(f"{self.grid}-base", "data"),
            Input("view", "data"),
            Input("url", "pathname"),
            State(f"{self.grid}-base", "data"),
            State("url", "search"),
        )(update)

        drive_grid(app, self.grid)

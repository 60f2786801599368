"""The shape of a page about one thing of many, such as a group: its name, its tiles, a grid and other parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import Dash, dcc, html
from dash.exceptions import PreventUpdate

from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.links import link, name_in
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source


@dataclass(frozen=True)
class Named:
    """A page whose path is `above`, the path of the page of all, and a name. Its parts have the ids `<kind>-<part>`.

    `tell` gives for a View, a name and what links keep: what makes the cells of the grid, and each of the parts.
    `columns` says that all columns of the grid can be chosen.
    """

    kind: str
    all: str
    above: str
    grid: str
    parts: tuple[str, ...]
    tell: Callable[[View, str, str], tuple[Callable[[], Cells], Sequence[Part]]]
    columns: bool = False

    def head(self) -> list[Any]:
        """What the page begins with: the way up, the name, and the tiles, which are one of its parts."""
        up = dcc.Link(self.all, href=self.above, id=f"{self.kind}-up")
        return [
            html.Nav(up, className="crumbs", **{"aria-label": "Breadcrumb"}),
            html.Div(html.H1(id=f"{self.kind}-name", className="hostile"), className="toolbar"),
            html.Dl(id=f"{self.kind}-tiles", className="tiles"),
        ]

    def register(self, app: Dash, sources: Sequence[Source]) -> None:
        parts = ["up.href", "name", *self.parts]
        fill(
            app,
            sources,
            [f"{self.kind}-{part}" for part in parts],
            self._make,
            grid=self.grid,
            choices=[("url", "pathname")],
            columns=self.columns,
        )

    def _make(self, now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
        name = name_in(self.above, now.choices[0])
        if name is None:
            raise PreventUpdate
        cells, held = self.tell(now.view, name, now.kept)
        up, title = link(self.above, now.kept), visible(name) or "(empty name)"
        return [lambda: up, lambda: title, *held], cells

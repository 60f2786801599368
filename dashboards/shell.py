"""What stands around every page: navigation, the verdict, the age of the data, and the clock that asks for news."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboards.components.parts import nothing
from dashboards.links import GROUPS, OVERVIEW, link, on_cluster, source_of
from monitor.derive.lag import GLYPHS, UNKNOWN
from monitor.source import Source
from monitor.view import View


class Page(Protocol):
    """A page's module."""

    PATH: str
    TITLE: str

    def layout(self) -> Any: ...

    def register(self, app: Dash, sources: Sequence[Source]) -> None: ...


def layout(sources: Sequence[Source]) -> dmc.MantineProvider:
    interval = min(each.interval_seconds for each in sources)
    return dmc.MantineProvider(
        [
            html.A("Skip to the content", href="#content", className="skip"),
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Interval(id="tick", interval=round(1_000 * min(max(interval, 1.0), 60.0))),
            dcc.Store(id="view"),
            html.Header(
                [
                    html.Span([html.Span("k", className="logo", **{"aria-hidden": "true"}), "kmon"], className="brand"),
                    html.Nav(
                        [
                            dcc.Link("Overview", href=OVERVIEW, id="nav-overview"),
                            dcc.Link("Groups", href=GROUPS, id="nav-groups"),
                        ],
                        id="nav",
                        **{"aria-label": "Pages"},
                    ),
                    _cluster_choice(sources),
                    html.Span(id="age", className="age"),
                    dmc.ColorSchemeToggle(
                        id="scheme",
                        lightIcon=html.Span(className="icon sun"),
                        darkIcon=html.Span(className="icon moon"),
                        variant="subtle",
                        color="gray",
                        size="lg",
                        **{"aria-label": "Light or dark"},
                    ),
                ],
                className="top",
            ),
            html.Div(id="verdict", className="verdict verdict-waiting"),
            html.Div(id="alert-count", className="sr-only", **{"aria-live": "polite"}),
            html.Main(id="content", tabIndex="-1"),
        ],
        defaultColorScheme="auto",
        theme={"primaryColor": "blue", "fontFamily": "inherit", "respectReducedMotion": True},
    )


def _cluster_choice(sources: Sequence[Source]) -> Any:
    if len(sources) == 1:
        return html.Span(sources[0].cluster, className="cluster", title="cluster")
    return html.Nav(
        [dcc.Link(each.cluster, href=on_cluster(OVERVIEW, each.cluster)) for each in sources],
        className="cluster",
        **{"aria-label": "Clusters"},
    )


def stamp(source: Source, view: View | None, now: float) -> dict[str, Any]:
    """What the browser keeps of a View: which one it is, and the age in seconds of what it shows at unix time `now`."""
    if view is None:
        return {"cluster": source.cluster, "time": None, "age": None, "interval": source.interval_seconds}
    return {
        "cluster": source.cluster,
        "time": view.time,
        "age": max(0.0, now - view.shown.time) if view.shown.up else None,
        "interval": source.interval_seconds,
    }


def sentence(view: View | None) -> tuple[list[Any], str]:
    """The verdict as it stands below the navigation, and its level; before the first View the level is waiting."""
    if view is None:
        level, glyph, said = "waiting", GLYPHS[UNKNOWN], "for the first poll to end"
    else:
        level, glyph, said = view.verdict.level, view.verdict.glyph, view.verdict.sentence
    mark = html.Span(glyph, className="glyph", **{"aria-hidden": "true"})
    return [html.Strong([mark, level]), html.Span(said)], level


def register(app: Dash, sources: Sequence[Source], pages: Sequence[Page], clock: Callable[[], float]) -> None:
    by_path = {page.PATH: page for page in pages}

    def look(_tick: int | None, search: str | None, seen: dict[str, Any] | None) -> tuple[Any, ...]:
        source = source_of(sources, search)
        view = source.latest()
        news = stamp(source, view, clock())
        if seen and (seen["cluster"], seen["time"]) == (news["cluster"], news["time"]):
            raise PreventUpdate
        said, level = sentence(view)
        firing = 0 if view is None else sum(each.state == "firing" for each in view.alerts)
        return news, said, f"verdict verdict-{level}", f"{firing} alerts firing"

    app.callback(
        Output("view", "data"),
        Output("verdict", "children"),
        Output("verdict", "className"),
        Output("alert-count", "children"),
        Input("tick", "n_intervals"),
        Input("url", "search"),
        State("view", "data"),
    )(look)

    def route(pathname: str | None, search: str | None) -> tuple[Any, str, str]:
        page = page_of(pathname, by_path)
        shown = nothing("No such page", "The address names nothing here.") if page is None else page.layout()
        return shown, link(OVERVIEW, search), link(GROUPS, search)

    app.callback(
        Output("content", "children"),
        Output("nav-overview", "href"),
        Output("nav-groups", "href"),
        Input("url", "pathname"),
        State("url", "search"),
    )(route)

    app.clientside_callback(ClientsideFunction("kmon", "age"), Output("age", "title"), Input("view", "data"))
    app.clientside_callback(ClientsideFunction("kmon", "arrived"), Output("nav", "data-path"), Input("url", "pathname"))


def page_of(pathname: str | None, by_path: dict[str, Page]) -> Page | None:
    """The page at a path: the one of exactly this path, else the one whose path ends in a name and begins like it."""
    path = pathname or OVERVIEW
    exact = path.rstrip("/") or OVERVIEW
    if exact in by_path:
        return by_path[exact]
    prefixes = {each.partition("{")[0]: page for each, page in by_path.items() if "{" in each}
    return next((page for prefix, page in prefixes.items() if path.startswith(prefix) and path != prefix), None)

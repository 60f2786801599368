"""What stands around every page: navigation, the verdict, the age of the data, and the clock that asks for news."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboards.alert_tables import count_of
from dashboards.components.parts import nothing
from dashboards.links import (
    BROKERS,
    CLUSTER,
    CLUSTERS,
    EVENTS,
    GROUPS,
    NAMED,
    OVERVIEW,
    PROBLEMS,
    TOPICS,
    chosen,
    link,
    name_in,
    on_cluster,
    problem_link,
    query_of,
    source_of,
)
from monitor.model.levels import OF_VERDICTS, SIGN_OF
from monitor.model.limits import DATA_LATE_POLLS, DATA_OLD_POLLS
from monitor.model.text import plural, visible
from monitor.model.view import View
from monitor.poll.source import Source

NAV = (
    ("Overview", OVERVIEW),
    ("Problems", PROBLEMS),
    ("Brokers", BROKERS),
    ("Topics", TOPICS),
    ("Groups", GROUPS),
    ("Events", EVENTS),
    ("Cluster", CLUSTER),
)
"""The pages that every page leads to."""


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
            dcc.Store(id="stamp"),
            dcc.Store(id="astray"),
            dcc.Store(id="place"),
            html.Header(
                [
                    html.Span([html.Span("k", className="logo", **{"aria-hidden": "true"}), "kmon"], className="brand"),
                    html.Nav(_nav(sources, ""), id="nav", **{"aria-label": "Pages"}),
                    html.Nav(id="clusters", className="clusters", **{"aria-label": "Clusters"})
                    if len(sources) > 1
                    else html.Span(visible(sources[0].cluster), className="cluster", title="cluster"),
                    html.Span(id="age", className="age", **{"data-late": DATA_LATE_POLLS, "data-old": DATA_OLD_POLLS}),
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
            html.Div([html.Span(role="alert"), html.Span()], id="last-known"),
            html.Div(id="verdict", className="verdict verdict-waiting"),
            html.Div(id="alert-count", className="sr-only", **{"aria-live": "polite"}),
            html.Main(id="content", tabIndex="-1"),
        ],
        defaultColorScheme="auto",
        theme={"primaryColor": "blue", "fontFamily": "inherit", "respectReducedMotion": True},
    )


def _nav(sources: Sequence[Source], kept: str) -> list[dcc.Link]:
    pages = [*NAV, ("All clusters", CLUSTERS)] if len(sources) > 1 else NAV
    return [
        dcc.Link(name, href=path if path == CLUSTERS else link(path, kept), id=f"nav-{path.strip('/') or 'overview'}")
        for name, path in pages
    ]


def _choice(sources: Sequence[Source], pathname: str | None, current: str | None) -> list[dcc.Link]:
    """Every cluster with the glyph of its verdict, leading to the same page of it."""
    path = pathname if pathname and pathname != CLUSTERS else OVERVIEW
    shown = []
    for each in sources:
        view = each.latest()
        level = "waiting" if view is None else view.verdict.level
        glyph = html.Span(
            SIGN_OF[OF_VERDICTS.get(level, "unknown")],
            className=f"glyph level-{level}",
            title=level,
            role="img",
            **{"aria-label": level},
        )
        here = {"aria-current": "true"} if each.cluster == current else {}
        link_ = dcc.Link(
            [glyph, visible(each.cluster)], href=on_cluster(path, each.cluster), title=visible(each.cluster)
        )
        shown.append(html.Span(link_, **here))
    return shown


def newest(sources: Sequence[Source], search: str | None, seen: Any) -> tuple[Source, str, View]:
    """The source that the query names, what links keep, and its newest View; nothing is drawn before there is one.

    `seen` is what the browser keeps of the View.
    """
    source, kept = chosen(sources, search)
    view = source.latest()
    if seen is None or view is None:
        raise PreventUpdate
    return source, kept, view


def is_landing(sources: Sequence[Source], pathname: str | None, search: str | None) -> bool:
    """Whether an address is of all clusters: theirs, or the first page where there are several and none is named."""
    if (pathname or OVERVIEW).rstrip("/") == CLUSTERS:
        return True
    return (pathname or OVERVIEW) == OVERVIEW and len(sources) > 1 and "cluster" not in query_of(search)


def stamp(source: Source, view: View | None, now: float) -> dict[str, Any]:
    """What the browser keeps of a View: which one it is, whether Kafka answered, and the time of what it shows.

    `age` is how many seconds before unix time `now` that was, and None while nothing is shown.
    """
    stamped = {"cluster": source.cluster, "interval": source.interval_seconds}
    if view is None:
        return {**stamped, "time": None, "shown": None, "age": None, "up": True}
    shown = view.shown.time if view.shown.up else None
    age = None if shown is None else max(0.0, now - shown)
    return {**stamped, "time": view.time, "shown": shown, "age": age, "up": view.up}


def stamp_all(sources: Sequence[Source], now: float) -> dict[str, Any]:
    """The same for the page of all clusters: its age is that of the newest View."""
    stamps = [stamp(each, each.latest(), now) for each in sources]
    return {
        "cluster": None,
        "time": [each["time"] for each in stamps],
        "shown": max((each["shown"] for each in stamps if each["shown"] is not None), default=None),
        "up": True,  # each row says it of its cluster
        "age": min((each["age"] for each in stamps if each["age"] is not None), default=None),
        "interval": max(each["interval"] for each in stamps),
    }


def sentence(view: View | None, kept: str) -> tuple[list[Any], str]:
    """The verdict as it stands below the navigation, and its level; before the first View the level is waiting.

    Each clause about problems links to the first of them in the list of problems; `kept` is what links keep.
    """
    if view is None:
        level, glyph, said = "waiting", SIGN_OF["unknown"], ["for the first poll to complete"]
    else:
        level, glyph, said = view.verdict.level, view.verdict.glyph, []
        for each in view.verdict.clauses:
            said += [" · "] if said else []
            said.append(dcc.Link(each.text, href=problem_link(each.rank, kept)) if each.rank else each.text)
    mark = html.Span(glyph, className="glyph", **{"aria-hidden": "true"})
    return [html.Strong([mark, level]), html.Span(said)], level


def sentence_of_all(views: Sequence[View | None]) -> tuple[list[Any], str]:
    """How many clusters stand how, and the level of the worst."""
    levels = [None if each is None else each.verdict.level for each in views]
    worst = next((each for each in reversed(OF_VERDICTS) if each in levels), "waiting")
    counts = [f"{levels.count(each)} {each}" for each in reversed(OF_VERDICTS) if each in levels]
    waiting = [f"{levels.count(None)} waiting for the first poll"] if None in levels else []
    glyph = SIGN_OF[OF_VERDICTS.get(worst, "unknown")]
    mark = html.Span(glyph, className="glyph", **{"aria-hidden": "true"})
    said = f"{plural(len(views), 'cluster')}: {', '.join(counts + waiting)}"
    return [html.Strong([mark, worst]), html.Span(said)], worst


def register(
    app: Dash,
    sources: Sequence[Source],
    pages: Sequence[Page],
    clock: Callable[[], float],
    version: Callable[[], int] = int,
) -> None:
    """Fill what stands around the pages. Another `version` makes pages ask anew, as another View does."""
    several = len(sources) > 1
    by_path = {page.PATH: page for page in pages}

    def look(_tick: Any, search: str | None, pathname: str | None, seen: dict[str, Any] | None) -> tuple[Any, ...]:
        landing = is_landing(sources, pathname, search)
        source = source_of(sources, search)
        watched = sources if landing or _strange(sources, search) else [source]
        views = [each.latest() for each in watched]
        news = stamp_all(sources, clock()) if len(watched) > 1 else stamp(source, views[0], clock())
        if several:
            # A cluster that nobody looks at turns red in the choice too.
            levels = [None if (view := each.latest()) is None else view.verdict.level for each in sources]
            news |= {"several": True, "levels": levels}
        # It has no age, so that all browsers send the same requests for one View.
        shown = {**{key: news.get(key) for key in ("cluster", "time", "levels")}, "version": version()}
        if seen == shown:
            raise PreventUpdate
        said, level = sentence_of_all(views) if len(watched) > 1 else sentence(views[0], chosen(sources, search)[1])
        return shown, news, said, f"verdict verdict-{level}", count_of([view for view in views if view is not None])

    app.callback(
        Output("view", "data"),
        Output("stamp", "data"),
        Output("verdict", "children"),
        Output("verdict", "className"),
        Output("alert-count", "children"),
        Input("tick", "n_intervals"),
        Input("url", "search"),
        Input("url", "pathname"),
        State("view", "data"),
    )(look)

    if several:

        def offer(_news: Any, pathname: str | None, search: str | None) -> list[dcc.Link]:
            elsewhere = is_landing(sources, pathname, search) or _strange(sources, search)
            return _choice(sources, pathname, None if elsewhere else source_of(sources, search).cluster)

        app.callback(
            Output("clusters", "children"), Input("view", "data"), Input("url", "pathname"), State("url", "search")
        )(offer)

    def route(pathname: str | None, search: str | None, _astray: Any, before: dict[str, Any] | None) -> tuple[Any, ...]:
        page = page_of(CLUSTERS if is_landing(sources, pathname, search) else pathname, by_path)
        strange = _strange(sources, search)
        place = _place(page, pathname, "" if strange is None else strange)
        links = _nav(sources, chosen(sources, search)[1])
        asked = {**place, "path": pathname, "search": search}
        if before is not None and place.items() <= before.items():
            return no_update, links, asked
        if strange is not None:
            names = ", ".join(visible(each.cluster) for each in sources)
            return (
                nothing("No such cluster", f"{visible(strange)} is not monitored here. Available: {names}"),
                links,
                asked,
            )
        shown = nothing("No such page", "No page has this address.") if page is None else page.layout()
        return shown, links, asked

    app.callback(
        Output("content", "children"),
        Output("nav", "children"),
        Output("place", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("astray", "data"),
        State("place", "data"),
    )(route)

    app.clientside_callback(ClientsideFunction("kmon", "age"), Output("age", "title"), Input("stamp", "data"))
    # A page that was not there when its address was followed, as while kmon restarts, is asked for again.
    app.clientside_callback(
        ClientsideFunction("kmon", "astray"),
        Output("astray", "data"),
        Input("view", "data"),
        State("place", "data"),
        State("url", "pathname"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    app.clientside_callback(ClientsideFunction("kmon", "arrived"), Output("nav", "data-page"), Input("place", "data"))


def _strange(sources: Sequence[Source], search: str | None) -> str | None:
    """The cluster that the query names where there is none of this name."""
    name = query_of(search).get("cluster")
    return None if name is None or any(each.cluster == name for each in sources) else name


def _place(page: Page | None, pathname: str | None, strange: str) -> dict[str, Any]:
    """What the page is: the same place is not drawn anew."""
    name = next((found for base in NAMED if (found := name_in(base, pathname)) is not None), None)
    nav = "" if page is None else page.PATH.split("/")[1] or "overview"
    title = "No such page" if page is None else page.TITLE if name is None else visible(name) or page.TITLE
    return {"page": None if page is None else page.PATH, "name": name, "nav": nav, "title": title, "strange": strange}


def page_of(pathname: str | None, by_path: dict[str, Page]) -> Page | None:
    """The page at a path: the one of exactly this path, else the one whose path ends in a name and begins like it."""
    path = pathname or OVERVIEW
    exact = path.rstrip("/") or OVERVIEW
    if exact in by_path:
        return by_path[exact]
    prefixes = {each.partition("{")[0]: page for each, page in by_path.items() if "{" in each}
    return next((page for prefix, page in prefixes.items() if path.startswith(prefix) and path != prefix), None)

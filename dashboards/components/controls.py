"""The controls that pages share: the chart with its time range, and the grid with its feed."""

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html

from dashboards.charts import EMPTY
from dashboards.grids import Grid
from dashboards.links import DEFAULT_RANGE, RANGES

_THEME = """themeQuartz.withParams({
    fontFamily: 'inherit', fontSize: 13, rowHeight: 36, headerHeight: 38, spacing: 7, wrapperBorder: false,
    wrapperBorderRadius: 0, borderColor: 'var(--line)', headerBackgroundColor: 'var(--surface)',
    headerTextColor: 'var(--muted)', headerFontWeight: 500, backgroundColor: 'var(--surface)',
    foregroundColor: 'var(--text)', textColor: 'var(--text)', accentColor: 'var(--accent)',
    rowHoverColor: 'var(--hover)', menuBackgroundColor: 'var(--surface)', tooltipBackgroundColor: 'var(--surface)',
    tooltipTextColor: 'var(--text)', headerColumnResizeHandleColor: 'transparent', browserColorScheme: 'inherit'
})"""

ALL_COLUMNS = "all"
"""The choice of all columns of a grid, in the control and in the URL."""


def chart(identity: str, label: str) -> dcc.Graph:
    """An empty chart; a figure dict put into the store `<identity>-figure` fills it."""
    return html.Div(
        [
            dcc.Store(id=f"{identity}-figure"),
            dcc.Graph(
                id=identity,
                figure=EMPTY,
                config={"displayModeBar": False, "showTips": False},
                responsive=True,
                style={"height": "100%"},
            ),
        ],
        id=f"{identity}-frame",
        className="chart",
        role="img",
        **{"aria-label": label},
    )


def range_choice(identity: str) -> html.Div:
    """What a lag chart's axes are, and the choice of its time range, which the URL keeps."""
    choice = dmc.SegmentedControl(
        id=identity, data=list(RANGES), value=DEFAULT_RANGE, size="xs", radius="sm", **{"aria-label": "Time range"}
    )
    return html.Div([html.Span("records, time in UTC", className="muted"), choice], className="aside")


def link_to(base: str) -> dict[str, Any]:
    """A column of names that link to their pages below `base`."""
    return {"cellRenderer": "NameLink", "cellRendererParams": {"base": base}}


def grid(identity: str, what: Grid, label: str, base: str = "") -> html.Div:
    """A grid whose rows come through the store `<identity>-feed`: see dashboards.feed and assets/kmon.js.

    Rows of a grid with a `base` lead to the page of their id below it, by a click or by Enter.
    """
    return html.Div(
        [
            dcc.Store(id=f"{identity}-feed"),
            dag.AgGrid(
                id=identity,
                columnDefs=what.definitions,
                rowData=[],
                getRowId="params.data.id",
                defaultColDef={
                    "sortable": True,
                    "resizable": True,
                    "suppressMovable": True,
                    "minWidth": 80,
                    "cellDataType": False,  # guessed from the first rows, it would drop the filters of the URL
                },
                dashGridOptions={
                    "theme": {"function": _THEME},
                    "animateRows": False,
                    "tooltipShowDelay": 400,
                    "enableCellTextSelection": True,
                    "suppressDragLeaveHidesColumns": True,
                    "suppressNoRowsOverlay": True,
                },
                className="grid",
                style={"height": "100%", "width": "100%"},
            ),
        ],
        className="grid-frame leads" if base else "grid-frame",
        role="region",
        **{"aria-label": label, "data-base": base},
    )


def grid_card(identity: str, what: Grid, title: html.H1 | html.H2, label: str, note: str = "") -> html.Section:
    """A grid below its title and tools; what stands in the part named `note` comes above its rows."""
    return html.Section(
        [
            html.Div([title, *grid_tools(identity, label, columns=bool(what.others))], className="toolbar"),
            *([html.Div(id=note)] if note else []),
            grid(identity, what, label.partition(" ")[2].capitalize()),
        ],
        className="card card-grid",
    )


def grid_tools(identity: str, label: str, *, columns: bool = False) -> list[Any]:
    """How many rows a grid shows, the choice of all its columns where it has that, its filter and its export."""
    choice = dmc.SegmentedControl(
        id=f"{identity}-columns",
        data=[{"value": "main", "label": "Main columns"}, {"value": ALL_COLUMNS, "label": "All columns"}],
        value="main",
        size="xs",
        radius="sm",
        **{"aria-label": "Which columns"},
    )
    return [
        html.Span(id=f"{identity}-count", className="muted grow"),
        *([choice] if columns else []),
        dmc.TextInput(
            id=f"{identity}-q", placeholder=label, debounce=150, size="sm", className="filter", **{"aria-label": label}
        ),
        dmc.Button("CSV", id=f"{identity}-csv", variant="default", size="sm", **{"aria-label": "Download as CSV"}),
    ]


def drive_grid(app: Dash, identity: str) -> None:
    """Let the script fill a grid from its feed, filter it, and download what it shows."""
    app.clientside_callback(
        ClientsideFunction("kmon", "feed"),
        Output(f"{identity}-count", "children"),
        Input(f"{identity}-feed", "data"),
        Input(f"{identity}-q", "value"),
        State(identity, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("kmon", "csv"),
        Output(f"{identity}-csv", "data-done"),
        Input(f"{identity}-csv", "n_clicks"),
        State(identity, "id"),
        prevent_initial_call=True,
    )
    keep_in_url(app, f"{identity}-q")


def drive_chart(app: Dash, identity: str) -> None:
    """Let the script draw a chart's new figures with the zoom that the old one has, and keep its range in the URL.

    dcc.Graph writes a zoom into its figure, after which plotly's own `uirevision` no longer knows it for a person's.
    """
    app.clientside_callback(
        ClientsideFunction("kmon", "draw"),
        Output(identity, "figure"),
        Input(f"{identity}-figure", "data"),
        State(identity, "figure"),
    )
    keep_in_url(app, identity.replace("-chart", "-range"))


def keep_in_url(app: Dash, identity: str) -> None:
    """Set a control's value from the URL, and the URL from the control, without a request."""
    app.clientside_callback(
        ClientsideFunction("kmon", "fromUrl"),
        Output(identity, "value"),
        Input("url", "search"),
        State(identity, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("kmon", "toUrl"),
        Output(identity, "data-kept"),
        Input(identity, "value"),
        State(identity, "id"),
        prevent_initial_call=True,
    )

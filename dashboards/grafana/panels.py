"""The kinds of panels: one number, lines over time, states over time, and a table with a link for each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    TableSortByFieldState,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    ValueMapping,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.grafana.looks import COLORS, Steps, thresholds

Panel = stat.Panel | timeseries.Panel | statetimeline.Panel | table.Panel

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""The data source that the reader of a dashboard chooses."""


@dataclass(frozen=True)
class Line:
    """An expression and the legend of its series."""

    expression: str
    legend: str = "__auto"


@dataclass(frozen=True)
class Column:
    """A column of a table: the values of an expression, or the label of that name where there is none.

    Without a title it is not shown: its expression decides which rows there are. `unit` is Grafana's, `steps` and
    `mappings` color its cells, and `links` are URLs by their titles.
    """

    title: str
    expression: str = ""
    label: str = ""
    unit: str = "short"
    steps: Steps = ()
    mappings: Sequence[ValueMapping] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    width: int = 0


def _query(expression: str, ref: str, *, instant: bool = False) -> Dataquery:
    query = Dataquery().expr(expression).ref_id(ref).datasource(SOURCE)
    return query.instant() if instant else query.range()


def number(
    title: str,
    expression: str,
    about: str,
    *,
    none: str,
    unit: str = "short",
    legend: str = "__auto",
    steps: Steps = (),
    mappings: Sequence[ValueMapping] = (),
    width: int = 4,
    name: bool = False,
    levels: Mapping[str, str] | None = None,
) -> stat.Panel:
    """The newest number of each series, or `none` where there is no series.

    `name` shows the legend alone, such as a status, and `levels` has the level of each legend.
    """
    mode = common.BigValueTextMode.NAME if name else common.BigValueTextMode.AUTO
    background = common.BigValueColorMode.BACKGROUND if steps or mappings or levels else common.BigValueColorMode.NONE
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .with_target(_query(expression, "A", instant=True).legend_format(legend))
        .unit(unit)
        .no_value(none)
        .thresholds(thresholds(steps))
        .mappings(list(mappings))
        .text_mode(mode)
        .color_mode(background)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .span(width)
        .height(4)
    )
    for shown, level in (levels or {}).items():
        panel.override_by_name(shown, [_color(level)])
    return panel


def lines(
    title: str,
    about: str,
    *shown: Line,
    none: str,
    unit: str = "short",
    steps: Steps = (),
    colors: Mapping[str, str] | None = None,
    stacked: bool = False,
    width: int = 12,
) -> timeseries.Panel:
    """Numbers over time. `steps` are drawn as lines; `colors` has the levels of series by their legend."""
    legend = VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    stacking = StackingConfig().mode(common.StackingMode.NORMAL if stacked else common.StackingMode.NONE)
    limits = common.GraphThresholdsStyleMode.LINE if steps else common.GraphThresholdsStyleMode.OFF
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .unit(unit)
        .no_value(none)
        .min(0)
        .thresholds(thresholds(steps))
        .thresholds_style(GraphThresholdsStyleConfig().mode(limits))
        .legend(legend.placement(common.LegendPlacement.RIGHT).show_legend(True))
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
        .stacking(stacking)
        .fill_opacity(30 if stacked else 5)
        .span(width)
        .height(8)
    )
    for ref, line in zip("ABCDEFGH", shown, strict=False):
        panel.with_target(_query(line.expression, ref).legend_format(line.legend))
    for series, level in (colors or {}).items():
        panel.override_by_name(series, [_color(level)])
    return panel


def states(
    title: str, about: str, expression: str, legend: str, levels: Mapping[str, str], *, none: str, width: int = 24
) -> statetimeline.Panel:
    """When each state held: a row for each, filled while it did. `levels` has the level of each by its legend."""
    panel = (
        statetimeline.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .no_value(none)
        .with_target(_query(expression, "A").legend_format(legend))
        .show_value(common.VisibilityMode.NEVER)
        .fill_opacity(80)
        .legend(VizLegendOptions().show_legend(False).display_mode(common.LegendDisplayMode.LIST))
        .span(width)
        .height(8)
    )
    for state, level in levels.items():
        panel.override_by_name(state, [_color(level)])
    return panel


def rows(
    title: str, about: str, *columns: Column, none: str, sort: str = "", width: int = 24, height: int = 8
) -> table.Panel:
    """A table of the end of the time range. Rows whose labels agree are one; `sort` is the title of a column."""
    counted = [column for column in columns if column.expression]
    refs = dict(zip("ABCDEFGHIJKLMN", counted, strict=False))
    panel = table.Panel().title(title).description(about).datasource(SOURCE).no_value(none).span(width).height(height)
    for ref, column in refs.items():
        query = _query(column.expression, ref, instant=True)
        panel.with_target(query.format(PromQueryFormat.TABLE))
    fields = {f"Value #{ref}": column for ref, column in refs.items()}
    if len(counted) == 1:
        fields["Value"] = counted[0]  # Grafana gives the column of a sole query no letter
    fields |= {column.label: column for column in columns if column.label}
    shown = sorted(
        (name for name, column in fields.items() if column.title), key=lambda name: columns.index(fields[name])
    )
    arranged = {
        "renameByName": {name: fields[name].title for name in shown},
        "indexByName": {name: place for place, name in enumerate(shown)},
        "excludeByName": dict.fromkeys(("Time", *(fields.keys() - shown)), True),
    }
    panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(DataTransformerConfig(id_val="organize", options=arranged))
    for column in columns:
        if column.title:
            panel.override_by_name(column.title, _look(column))
    return panel.sort_by([TableSortByFieldState().display_name(sort).desc(True)]) if sort else panel


def _look(column: Column) -> list[DynamicConfigValue]:
    look = [DynamicConfigValue(id_val="unit", value=column.unit)] if column.expression else []
    if column.steps:
        look.append(DynamicConfigValue(id_val="thresholds", value=thresholds(column.steps).build()))
    if column.steps or column.mappings:
        look.append(DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}))
    if column.mappings:
        look.append(DynamicConfigValue(id_val="mappings", value=list(column.mappings)))
    if column.links:
        links = [{"title": title, "url": url} for title, url in column.links.items()]
        look.append(DynamicConfigValue(id_val="links", value=links))
    if column.width:
        look.append(DynamicConfigValue(id_val="custom.width", value=column.width))
    return look


def _color(level: str) -> DynamicConfigValue:
    fixed = FieldColor().mode(FieldColorModeId.FIXED).fixed_color(COLORS[level]).build()
    return DynamicConfigValue(id_val="color", value=fixed)

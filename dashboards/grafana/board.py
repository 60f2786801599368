"""A dashboard: its variables, links and annotations, and rows of panels that tell one story from top to bottom."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana.panels import SOURCE, Panel

TAG = "kmon"
BAD, WHO, WHY, SINCE = "Is it bad?", "Who?", "Why?", "Since when?"
STORY = (BAD, WHO, WHY, SINCE)
"""The rows of each dashboard."""


@dataclass(frozen=True)
class Variable:
    """A variable of a dashboard: the values of a label of a metric. `several`: more than one may be chosen, or all."""

    name: str
    label: str
    metric: str
    several: bool = False


CLUSTER = Variable("cluster", "Cluster", "kmon_cluster_up")
CLUSTERS = Variable("cluster", "Clusters", "kmon_cluster_up", several=True)
GROUP = Variable("group", "Group", 'kmon_group_lag_at_least{cluster="$cluster"}')
TOPIC = Variable("topic", "Topic", 'kmon_topic_partitions{cluster="$cluster"}')


@dataclass(frozen=True)
class Board:
    """A dashboard. `chosen` are the matchers of its series, and `page` is the page of kmon's web that it links to.

    `story` has the panels of each row of STORY.
    """

    uid: str
    title: str
    about: str
    variables: tuple[Variable, ...]
    chosen: str
    page: str
    story: tuple[Sequence[Panel], Sequence[Panel], Sequence[Panel], Sequence[Panel]]

    def json(self, kmon_url: str) -> str:
        """The dashboard as Grafana imports it; `kmon_url` is where kmon's own pages are, until a reader changes it."""
        return JSONEncoder(sort_keys=True, indent=2).encode(self._built(kmon_url)) + "\n"

    def _built(self, kmon_url: str) -> object:
        made = (
            Dashboard(self.title)
            .uid(self.uid)
            .description(self.about)
            .tags([TAG, "kafka"])
            .timezone("browser")
            .time("now-1h", "now")
            .refresh("30s")
            .tooltip(DashboardCursorSync.CROSSHAIR)
            .editable()
            .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        )
        for variable in self.variables:
            made.with_variable(_variable(variable))
        made.with_variable(TextBoxVariable("kmon").label("kmon").description("URL of kmon").default_value(kmon_url))
        self._around(made)
        for name, panels in zip(STORY, self.story, strict=True):
            made.with_row(Row(name))
            for panel in panels:
                made.with_panel(panel)
        built = made.build()
        for number, placed in enumerate(built.panels or (), 1):
            placed.id_val = number
        return built

    def _around(self, made: Dashboard) -> None:
        alerts = f'ALERTS{{alertstate="firing",{self.chosen}}}'
        own = f'sum by (cluster) (kmon_alerts{{state="firing",{self.chosen.split(",")[0]}}}) > 0'
        annotations = (
            ("Alerts of Prometheus", "red", alerts, "{{alertname}}", "{{group}} {{topic}} {{broker}}"),
            ("Alerts of kmon", "orange", own, "kmon's own alert rules", "{{cluster}}"),
        )
        for name, color, expression, title, text in annotations:
            shown = AnnotationQuery().name(name).datasource(SOURCE).enable(True).hide(False).icon_color(color)
            made.annotation(shown.expr(expression).title_format(title).text_format(text).step("60s"))
        others = DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
        made.link(others.include_vars(True).keep_time(True))
        page = DashboardLink("Open in kmon").type(DashboardLinkType.LINK).url(self.page).icon("external link")
        made.link(page.tooltip("This page of kmon itself: what is wrong, and the likely cause").target_blank(True))


def _variable(variable: Variable) -> QueryVariable:
    query = f"label_values({variable.metric}, {variable.name})"
    made = (
        QueryVariable(variable.name)
        .label(variable.label)
        .datasource(SOURCE)
        .query({"query": query, "refId": variable.name})
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(variable.several)
        .include_all(variable.several)
    )
    if variable.several:
        # ".+" and not the list of all: thousands of names would be too long for a query.
        made.all_value(".+").current(VariableOption(text="All", value="$__all", selected=True))
    return made

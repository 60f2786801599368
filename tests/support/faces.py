"""What each face says of the subjects of a View, read off what it puts out: a row a dict, in the order it shows."""

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from dash_client import texts
from fastapi import FastAPI
from fastapi.testclient import TestClient
from metric_samples import Samples, samples
from views import FixtureSource

from dashboards import broker_tables, cluster_tables, health_tables
from dashboards.feed import Cells
from dashboards.pages import brokers as web_brokers
from dashboards.pages import group as web_group
from dashboards.pages import groups as web_groups
from dashboards.pages import topic as web_topic
from dashboards.pages import topics as web_topics
from exporters.api import Api
from exporters.prometheus import MetricsPage
from kmon.commands.lag import render_json
from kmon.commands.lag_rows import lag_rows
from monitor.model.levels import SIGN_OF, SIGNS, WORDS
from monitor.model.view import View
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.brokers import BrokersScreen, LogDirsScreen
from tui.screens.cluster import QuorumScreen
from tui.screens.group import GroupScreen
from tui.screens.groups import GroupsScreen
from tui.screens.problems import DiagnosesScreen, ProblemsScreen
from tui.screens.topics import TopicScreen, TopicsScreen
from tui.screens.transactions import TransactionsScreen
from tui.theme import KMON_DARK, _mix
from tui.widgets.columns import sort_rows

Row = dict[str, Any]


# --- JSON ---


class JsonFace:
    """The API over one View."""

    def __init__(self, view: View) -> None:
        app = FastAPI()
        app.include_router(Api([FixtureSource(view)], lambda: view.time).router())
        self._client = TestClient(app)

    def get(self, path: str) -> Row:
        answer = self._client.get(path)
        assert answer.status_code == 200, path
        found: Row = json.loads(answer.content)
        return found


# --- TUI ---

INKS = _mix({**KMON_DARK.to_color_system().generate(), **KMON_DARK.variables}, native=False, dark=True)
"""The colours of the terminal by kind: every kind of a cell has one."""


def tui_rows(view: View, screen: type[MonitorScreen], about: Any = None, names: Sequence[str] = ()) -> list[Row]:
    """The rows of a screen in the order that it shows them first: glyph, status, level, why, and other cells by name.

    The level is the name of the status's colour.
    """
    picture = Picture("demo", "", 10.0, view.time, view)
    rows = screen(about).rows(picture)
    assert rows is not None
    columns = {each.name: each for each in screen.COLUMNS}
    sort = columns[screen.SORT]
    assert sort.sort is not None
    found = []
    for row in sort_rows(sort.sort(rows), falling=sort.falling).tolist():
        status = columns["status"].cell(rows, row)
        glyph, _, word = status.text.partition(" ")
        assert status.kind in INKS
        cells = {name: columns[name].cell(rows, row) for name in names}
        found.append(
            {
                "key": rows.keys[row],
                "glyph": glyph,
                "status": word,
                "level": status.kind,
                "why": columns["why"].cell(rows, row).text if "why" in columns else None,
                **{name: cell.text for name, cell in cells.items()},
                **{f"{name}_kind": cell.kind for name, cell in cells.items()},
            }
        )
    return found


def tui_groups(view: View) -> list[Row]:
    return tui_rows(view, GroupsScreen, None, ("lag", "lost", "partitions"))


def tui_lag(view: View, group: str) -> list[Row]:
    return tui_rows(view, GroupScreen, group, ("lag",))


def tui_topics(view: View) -> list[Row]:
    return tui_rows(view, TopicsScreen)


def tui_partitions(view: View, topic: str) -> list[Row]:
    return tui_rows(view, TopicScreen, topic)


def tui_brokers(view: View) -> list[Row]:
    return tui_rows(view, BrokersScreen, None, ("disk_used",))


def tui_log_dirs(view: View, broker: int) -> list[Row]:
    return tui_rows(view, LogDirsScreen, broker, ("used",))


def tui_transactions(view: View) -> list[Row]:
    return tui_rows(view, TransactionsScreen)


def tui_quorum(view: View) -> list[Row]:
    return tui_rows(view, QuorumScreen)


def tui_problems(view: View) -> list[Row]:
    return tui_rows(view, ProblemsScreen)


def tui_diagnoses(view: View) -> list[Row]:
    return tui_rows(view, DiagnosesScreen)


# --- web ---


def grid_rows(cells: Cells, columns: Sequence[Row]) -> list[Row]:
    """The rows of a grid, in the order in which its columns sort them first."""
    rows = [dict(zip(cells.fields, row, strict=True)) for row in cells.rows]
    for column in sorted((each for each in columns if "sort" in each), key=lambda each: -each.get("sortIndex", 0)):
        field = "severity" if column["field"] == "status" else column["field"]
        falling = column["sort"] == "desc"
        part = f"{field}_at_least"

        def size(row: Row, field: str = field, part: str = part, falling: bool = falling) -> float:
            value = row[field] if row[field] is not None else row.get(part)
            return float("-inf") if value is None else float(value) * (1 if falling else -1)

        rows.sort(key=size, reverse=True)
    status = next(each for each in columns if each["field"] == "status")["cellRendererParams"]
    for row in rows:
        row["glyph"] = status["glyphs"].get(row["status"], status["signs"][row["level"]])
        row["why"] = row["why"] or None
    return rows


def web_groups_rows(view: View) -> list[Row]:
    return grid_rows(web_groups.rows(view), web_groups.GRID.definitions)


def web_lag(view: View, group: str) -> list[Row]:
    return grid_rows(web_group.rows(view, view.group_rows[group]), web_group.GRID.definitions)


def web_topics_rows(view: View) -> list[Row]:
    return grid_rows(web_topics.rows(view, None), web_topics.GRID.definitions)


def web_partitions(view: View, topic: str) -> list[Row]:
    row = view.topic_rows[topic]
    return grid_rows(web_topic.rows(view, row, web_topic.partitions_of(view, row)), web_topic.GRID.definitions)


def web_broker_rows(view: View) -> list[Row]:
    return grid_rows(web_brokers.rows(view), web_brokers.GRID.definitions)


def listed(tree: Any) -> list[Row]:
    """The rows of a small table by the heads of its columns; the class of a cell's mark or meter stands beside it."""
    tables = [each for each in _all(tree) if type(each).__name__ == "Table"]
    if not tables:
        return []
    heads = [said(each) for each in _all(tables[0]) if type(each).__name__ == "Th"]
    found = []
    for line in (each for each in _all(tables[0]) if type(each).__name__ == "Tr"):
        cells = [each for each in line.children if type(each).__name__ == "Td"]
        if cells:
            classes = [" ".join(str(getattr(each, "className", "")) for each in _all(cell)) for cell in cells]
            found.append(
                {
                    **dict(zip(heads, map(said, cells), strict=True)),
                    **{f"{head}_level": _level(each) for head, each in zip(heads, classes, strict=True)},
                }
            )
    return found


def said(tree: Any) -> str:
    return "".join(texts(tree))


def _level(classes: str) -> str | None:
    found = re.search(r"\blevel-(\w+)", classes)
    return found[1] if found else None


def _all(tree: Any) -> list[Any]:
    if isinstance(tree, (list, tuple)):
        return [each for part in tree for each in _all(part)]
    return [tree, *_all(tree.children)] if hasattr(tree, "children") else []


def marked(row: Row, head: str = "Status") -> Row:
    """Glyph, status and level of a mark in a small table."""
    return {"glyph": row[head][0], "status": row[head][1:], "level": row[f"{head}_level"]}


def web_log_dirs(view: View) -> list[Row]:
    return [
        {**marked(row), "key": (int(row["Broker"]), row["Path"]), "why": row["Why"], "used_level": row["Used_level"]}
        for row in listed(broker_tables.disks(view))
    ]


def web_transactions(view: View) -> list[Row]:
    rows = listed(cluster_tables.transactions(view, ""))
    return [{**marked(row), "key": row["Transactional id"]} for row in rows]


def web_quorum(view: View) -> list[Row]:
    return [{**marked(row), "key": int(row["Node"])} for row in listed(broker_tables.quorum(view))]


def web_problems(view: View) -> list[Row]:
    rows = listed(health_tables.problems(view, np.arange(len(view.problems)), ""))
    return [{**marked(row, "Severity"), "key": row["About"], "why": row["Problem"]} for row in rows]


# --- command line and metrics ---


def cli_lag(view: View) -> list[Row]:
    found: list[Row] = json.loads(render_json(lag_rows(view)))
    return found


def metrics(view: View) -> Samples:
    """Every sample of /metrics."""
    return samples(MetricsPage([FixtureSource(view)]))


def of_metric(page: Samples, name: str, *labels: str) -> dict[Any, float]:
    """The values of a family by these labels; of one label by its value alone."""
    found = {}
    for (family, pairs), value in page.items():
        if family == name:
            named = dict(pairs)
            key = tuple(named[each] for each in labels)
            found[key[0] if len(labels) == 1 else key] = value
    return found


def sign_of(status: str, level: str) -> str:
    """The glyph that a status must have: its own, or that of its level."""
    return SIGNS[WORDS.index(status)] if status in WORDS else SIGN_OF[level]

"""A page asks its Source and nothing else: no Kafka, no network, no file."""

import ast
import builtins
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dash_client import DashClient, outputs_of
from views import NOW, FixtureSource, shop_view

import dashboards
from dashboards.app import create_app
from monitor.model.view import View
from monitor.poll.source import Point

ROOM = Path(dashboards.__file__).parent
MODULES = sorted(ROOM.rglob("*.py"))

ALLOWED = {
    "asyncio", "base64", "collections", "concurrent", "contextlib", "dataclasses", "functools", "gzip", "hashlib",
    "json", "logging", "math", "time", "typing", "unicodedata", "urllib", "numpy", "dash", "dash_ag_grid",
    "dash_mantine_components", "grafana_foundation_sdk", "plotly", "fastapi", "starlette", "dashboards", "datetime",
    "monitor",
}  # fmt: skip
VALUES = ("monitor.model.", "monitor.subjects")
OF_THE_CORE = {
    "monitor.analysis.derive.completeness",
    "monitor.analysis.derive.emptiness",
    "monitor.analysis.derive.partitions",
    "monitor.analysis.derive.status",
    "monitor.analysis.derive.times",
    "monitor.analysis.derive.verdict",
    "monitor.model.diagnoses",
    "monitor.analysis.events.event",
    "monitor.analysis.derive.judged.brokers",
    "monitor.analysis.derive.judged.groups",
    "monitor.analysis.derive.judged.order",
    "monitor.analysis.derive.judged.partitions",
    "monitor.analysis.derive.judged.table",
    "monitor.analysis.derive.judged.transactions",
    "monitor.model.limits",
    "monitor.poll.log_pace",
    "monitor.poll.source",
    "monitor.model.text",
}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOM)))
def test_a_module_imports_nothing_that_could_ask_anyone(module: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            imported |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            imported.add(node.module)
    assert {name.partition(".")[0] for name in imported} <= ALLOWED
    of_the_core = {name for name in imported if name.startswith("monitor") and not name.startswith(VALUES)}
    assert of_the_core <= OF_THE_CORE
    if "grafana" not in module.relative_to(ROOM).parts:  # an extra, which the web pages do without
        assert not {name for name in imported if name.startswith(("grafana_foundation_sdk", "dashboards.grafana"))}
    assert not {name for name in imported if name.startswith("urllib.") and name != "urllib.parse"}


class OnlyASource:
    """A Source with the members of the protocol and not one more."""

    __slots__ = ("_inner", "asked")

    def __init__(self, inner: FixtureSource) -> None:
        self._inner = inner
        self.asked: list[str] = []

    @property
    def cluster(self) -> str:
        return self._inner.cluster

    @property
    def interval_seconds(self) -> float:
        return self._inner.interval_seconds

    def latest(self) -> View | None:
        self.asked.append("latest")
        return self._inner.latest()

    def window(self, since: float) -> list[Point]:
        self.asked.append("window")
        return self._inner.window(since)

    def subscribe(self, listener: Callable[[View], None]) -> Callable[[], None]:
        return self._inner.subscribe(listener)

    def poll_now(self) -> None:
        self._inner.poll_now()


@pytest.mark.parametrize("path", ["/", "/groups", "/groups/payments-ledger", "/topics/payments"])
def test_every_callback_of_every_page_asks_only_the_source(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = OnlyASource(FixtureSource(shop_view(0), shop_view(1)))
    client = DashClient(create_app([source], lambda: NOW).server)
    client.http.get("/")  # what Dash reads when it starts

    others: list[Any] = []

    def forbidden(*args: Any, **_kwargs: Any) -> Any:
        others.append(args)
        raise PermissionError("a page asked something else")

    for owner, name in (
        (socket.socket, "connect"),
        (socket.socket, "connect_ex"),
        (socket, "getaddrinfo"),
        (subprocess, "Popen"),
        (builtins, "open"),
    ):
        monkeypatch.setattr(owner, name, forbidden)
    answered = set()
    for callback in client.callbacks:
        if callback.get("clientside_function"):
            continue
        output = outputs_of(callback)[0]
        answer = client.call(
            output,
            view_data={"cluster": "demo", "time": 0},
            url_pathname=path,
            overview_range_value="1h",
            group_range_value="1h",
        )
        if answer is not None:
            answered.add(output)
    assert not others
    always = {"view.data", "content.children", "overview-problems.children", "groups-feed.data", "topics-feed.data"}
    assert always | {"brokers-feed.data", "requests-feed.data", "clusters-table.children"} <= answered
    assert {"problems-list.children", "events-feed.data"} <= answered
    assert ("replicas-feed.data" in answered) == (path == "/topics/payments")
    assert ("partitions-feed.data" in answered) == (path == "/groups/payments-ledger")
    assert set(source.asked) == {"latest", "window"}

"""A real Prometheus, configured by deploy/prometheus alone, evaluates every panel of the dashboards and every rule."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from details import detailed_view
from face_views import every_problem, unknowns, unreachable
from grafana_boards import Found, Query, annotations, targets, without_data
from other_exporters import whole_snapshot
from prometheus_server import deployed, query, rules, until
from series import Series
from troubled import troubled_views
from views import FixtureSource, Group, Topic

from exporters.listen import serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from monitor.analysis.view import make_view
from monitor.model.alert_counters import AlertCounters, Counters
from monitor.model.cluster_tables import Reassignments
from monitor.model.table import Ragged
from monitor.model.view import View
from monitor.settings.metrics import MetricsSettings

pytestmark = pytest.mark.prometheus


def moving(step: int) -> View:
    """A cluster whose disks and replicas are all known: one replica is behind, and payments-0 is being moved."""
    snapshot = whole_snapshot(step)
    lags = np.where(np.arange(len(snapshot.replicas)) == 0, 40.0, 0.0)
    replicas = replace(snapshot.replicas, offset_lag=lags)
    moved = Reassignments(
        topic=np.array([1]),
        partition=np.array([0]),
        replicas=Ragged.of([[1, 2, 3]]),
        adding=Ragged.of([[1]]),
        removing=Ragged.of([[]]),
    )
    return make_view(replace(snapshot, replicas=replicas, reassignments=moved))


def busy(step: int) -> View:
    """A cluster whose brokers report metrics, with rates as after a second poll."""
    view = detailed_view(step)
    rates = np.full(len(view.broker_totals), 1e6)
    return replace(view, broker_load=replace(view.broker_load, bytes_in_rate=rates, bytes_out_rate=rates))


def streams() -> View:
    """A cluster with a streams group that reads half of what is produced, in the last of some polls."""
    polls = Series(interval=10.0)
    for poll in range(1, 31):
        member = ("t-1", "/10.0.6.1", [("clicks", 0)])
        group = Group("totals", {("clicks", 0): 100.0 * poll}, [member], group_type="streams")
        view = polls.poll([Topic("clicks", [(0, 200 * poll)])], [group])
    return view


def views(step: int) -> dict[str, View]:
    """Clusters that together have everything, by name; at step 1 their offsets and events have moved on."""
    trouble = troubled_views()
    return {
        "away": unreachable(),
        "details": busy(step),
        "moving": moving(step),
        "partial": unknowns(),
        "problems": every_problem(),
        "streams": streams(),
        "trouble": trouble[-1] if step else trouble[45],
    }


@pytest.fixture(scope="module")
def asked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, float]]:
    """The URL of the Prometheus, and a time when it has at least two scrapes between which numbers moved on."""
    sources = {name: FixtureSource(view, cluster=name) for name, view in views(0).items()}
    counters = AlertCounters(1, 0, (Counters("https://chat.example.com"),))
    page = MetricsPage([*sources.values()], None, lambda: counters, MetricsSettings(owners=True))
    folder = tmp_path_factory.mktemp("prometheus")
    with serve(create_server([*sources.values()], page), "127.0.0.1", 0) as target, deployed(target, folder) as url:
        until(lambda: query(url, 'up{job="kmon"} == 1') or None)
        for name, view in views(1).items():
            sources[name].show(view)
        moved = ("rate(kmon_partition_end_offset[1m]) > 0", "increase(kmon_events_total[1m]) > 0")

        def now() -> float | None:
            at = time.time()
            return at if all(query(url, each, at) for each in moved) else None

        yield url, until(now)
    page.close()


@pytest.fixture(scope="module")
def ask(asked_at: tuple[str, float]) -> Query:
    url, at = asked_at
    return partial(query, url, at=at)


def test_every_panel_that_can_have_data_has_data(ask: Query) -> None:
    assert len(targets()) > 100
    assert "\n".join(f"{target}: {target.expression}" for target in without_data(ask)) == ""


def test_every_annotation_is_evaluated(ask: Query) -> None:
    for expression in annotations():
        ask(expression)


def test_prometheus_evaluates_every_rule(asked_at: tuple[str, float]) -> None:
    url, _ = asked_at

    def evaluated() -> list[dict[str, str]] | None:
        found = rules(url)
        return found if all(rule["health"] != "unknown" for rule in found) else None

    found = until(evaluated)
    assert len(found) > 30
    assert [(rule["name"], rule["lastError"]) for rule in found if rule["health"] != "ok"] == []


def test_alerts_are_pending_or_fire_where_there_is_trouble(asked_at: tuple[str, float]) -> None:
    url, _ = asked_at
    expected = {
        "KmonClusterUnreachable": {"cluster": "away"},
        "KafkaGroupStopped": {"cluster": "trouble", "group": "billing"},
        "KafkaBrokerDown": {"cluster": "trouble", "broker": "3"},
        "KafkaOfflinePartitions": {"cluster": "trouble"},
        "KafkaGroupRecordsLost": {"cluster": "moving", "group": "ledger"},
        "KafkaLogDirOffline": {"cluster": "problems", "broker": "3"},
    }

    def found(expression: str) -> Found | None:
        return query(url, expression) or None

    for name, labels in expected.items():
        matchers = ",".join(f'{key}="{value}"' for key, value in {"alertname": name, **labels}.items())
        until(partial(found, f"ALERTS{{{matchers}}}"))
    assert not query(url, 'ALERTS{alertname="KmonDown"}')

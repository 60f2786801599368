"""Problems, diagnoses and events over the API, and their metric: what the View says, by name and with its causes."""

from typing import Any

from api_examples import changed_view
from fastapi import FastAPI
from fastapi.testclient import TestClient
from metric_samples import value
from series import Series
from views import NOW, FixtureSource, Group, Topic, snapshot_of

from exporters.api import Api
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.events import KINDS
from monitor.model.view import View


def get(view: View, path: str) -> Any:
    app = FastAPI()
    app.include_router(Api([FixtureSource(view)], lambda: NOW).router(), prefix="/api/v1")
    answer = TestClient(app).get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_problems_are_ranked_and_an_effect_has_the_rank_of_its_cause() -> None:
    view = changed_view()
    rows = get(view, "/problems")["problems"]
    assert [each["rank"] for each in rows] == list(range(1, len(view.problems) + 1))
    by_kind = {each["kind"]: each for each in rows}
    assert rows[by_kind["metadata_behind"]["cause"] - 1]["kind"] == "broker_down"
    assert by_kind["broker_down"]["cause"] is None
    assert (by_kind["broker_down"]["broker"], by_kind["broker_down"]["topic"]) == (4, None)
    offline = by_kind["offline"]
    assert (offline["broker"], offline["topic"]) == (None, "audit")
    assert offline["partitions"] == [{"topic": "audit", "partition": 1}]


def test_an_unreachable_cluster_is_the_first_problem_and_the_cause_of_those_last_known() -> None:
    before = changed_view()
    view = make_view(snapshot_of([], [], error="no broker is reachable", time=NOW + 10), last_good=before)
    first, *rest = get(view, "/problems")["problems"]
    assert (first["kind"], first["since"], first["cause"]) == ("cluster_unreachable", NOW + 10, None)
    assert "no broker is reachable" in first["sentence"]
    assert len(rest) == len(before.problems)
    assert {each["cause"] for each in rest} == {1}
    assert get(view, "/diagnoses")["diagnoses"] == get(before, "/diagnoses")["diagnoses"] != []


def test_a_diagnosis_names_its_group_its_member_and_its_numbers() -> None:
    members = [("a", "/10.0.0.1", [("t", 0)]), ("b", "/10.0.0.2", [])]
    view = make_view(snapshot_of([Topic("t", [(0, 9)])], [Group("g", {("t", 0): 9}, members)]))
    (row,) = get(view, "/diagnoses")["diagnoses"]
    assert (row["group"], row["pattern"], row["topic"], row["partition"]) == ("g", "idle_members", None, None)
    assert row["evidence"] == {"idle_members": 1, "members": 2, "partitions": 1}
    assert row["member_id"] is row["broker"] is None


def changed() -> View:
    """A poll in which two partitions of t lost their leader to another broker, after one in which group g was reset."""
    series = Series()
    topic = [Topic("t", [(0, 90), (0, 90)], leaders=[1, 1])]
    series.poll(topic, [Group("g", {("t", 0): 80})])
    series.poll(topic, [Group("g", {("t", 0): 20})])
    return series.poll([Topic("t", [(0, 90), (0, 90)], leaders=[2, 2])], [Group("g", {("t", 0): 20})])


def test_events_are_the_newest_first_and_are_chosen_by_kind_group_and_topic() -> None:
    view = changed()
    answer = get(view, "/events")
    assert [each["kind"] for each in answer["events"]] == ["leader_moved", "leader_moved", "offsets_reset"]
    moved, _, reset = answer["events"]
    assert (moved["topic"], moved["partition"], moved["group"], moved["records"]) == ("t", 0, None, None)
    assert (moved["after_time"], moved["time"]) == (NOW + 10, NOW + 20)
    assert (moved["before"], moved["after"]) == ("1", "2")
    assert (reset["group"], reset["records"], reset["broker"]) == ("g", 60, None)
    assert answer["total_rows"] == 3
    assert [each["kind"] for each in get(view, "/events?group=g")["events"]] == ["offsets_reset"]
    assert len(get(view, "/events?topic=t&kind=leader_moved")["events"]) == 2
    assert get(view, "/events?topic=gone")["events"] == []
    cut = get(view, "/events?limit=1")
    assert (len(cut["events"]), cut["total_rows"]) == (1, 3)


def test_events_are_counted_by_kind_also_while_the_cluster_is_unreachable() -> None:
    view = changed()
    assert get(view, "/events")["event_counts"] == dict(view.event_counts)
    assert set(view.event_counts) == set(KINDS)
    source = FixtureSource(view)
    page = MetricsPage([source])
    assert value(page, "kmon_events_total", kind="leader_moved") == 2
    assert value(page, "kmon_events_total", kind="truncated") == 0
    series = Series()
    series.poll([Topic("t", [(0, 9)])], [])
    series.poll([Topic("t", [(0, 9)]), Topic("u", [(0, 9)])], [])
    source.show(series.poll([], [], error="no broker is reachable"))
    assert value(page, "kmon_events_total", kind="topic_created") == 1

"""Problems, diagnoses and events on the web: the core's sentences, each leading to the thing that it is about."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from api_examples import changed_view
from dash_client import DashClient, components, texts
from details import detailed_view
from hostile import HOSTILE
from reasons import whys
from series import Series
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards import group_tables, health_tables
from dashboards.app import create_app
from dashboards.feed import Cells
from dashboards.links import group_path, topic_path
from dashboards.pages import cluster, clusters, events, group, groups, overview, problems
from monitor.analysis.derive.status import BEFORE_WATCHED
from monitor.analysis.derive.times import NO_RATES, NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Capabilities
from monitor.model.events import KINDS
from monitor.model.table import objects
from monitor.model.view import View

SEEN = {"cluster": "demo", "time": NOW}


def said(tree: Any) -> str:
    return re.sub(" +", " ", " ".join(texts(tree)))


def links(tree: Any) -> dict[str, str]:
    """Where each text of a tree that came over HTTP leads to."""
    found = (each for each in components(tree) if each["type"] == "Link")
    return {each["props"]["children"]: each["props"]["href"] for each in found}


def client_of(view: View) -> DashClient:
    return DashClient(create_app([FixtureSource(view)], lambda: NOW + 3).server)


def by_field(cells: Cells) -> list[dict[str, Any]]:
    rows = [dict(zip(cells.fields, row, strict=True)) for row in cells.rows]
    return [{**row, "whys": cells.whys.get(row.get("whys", ""), {})} for row in rows]


# --- problems ---


def test_problems_stand_by_rank_each_with_its_cause_and_a_link() -> None:
    answer = client_of(detailed_view()).call("problems-list.children", view_data=SEEN)
    assert answer is not None
    page = answer["problems-list"]["children"]
    shown = said(page)
    assert shown.index("1 ✘ critical broker 4 is down (fenced) broker 4") < shown.index("partition audit-1 is offline")
    assert shown.index("offline audit") < shown.index("▲ degraded broker 4 is 10 min behind the metadata log")
    assert "10 min behind the metadata log broker 4 0 s ago 1 · broker 4" in shown
    assert "◆ attention ledger and 3 more are behind" in shown
    leads = links(page)
    assert (leads["broker 4"], leads["audit"]) == ("/brokers", topic_path("audit"))
    assert leads["several groups, attention"] == group_path("ledger")


def test_the_overview_has_the_worst_problems_that_no_other_explains() -> None:
    top = health_tables.top_problems(detailed_view(), "", 5)
    assert "broker 4 is down" in said(top)
    assert "behind the metadata log" not in said(top)
    assert said(top).endswith("All 10 problems")
    calm = make_view(snapshot_of([Topic("t", [(0, 1)])], [Group("g", {("t", 0): 1})]))
    assert health_tables.top_problems(calm, "", 5) is None
    assert "No problems the group keeps up" in said(problems.ranked(calm, ""))


def test_that_the_cluster_is_unreachable_is_a_problem_beside_those_last_known() -> None:
    before = changed_view()
    view = make_view(snapshot_of([], [], error="no broker is reachable", time=NOW + 10), last_good=before)
    client = client_of(view)
    answer = client.call("problems-list.children", view_data=SEEN)
    assert answer is not None
    shown = said(answer["problems-list"]["children"])
    assert shown.index("the cluster is unreachable: no broker is reachable") < shown.index("broker 4 is down")
    assert "1 · cluster" in shown
    assert "offsets were rewound" in said(answer["problems-diagnoses"]["children"])


def test_a_diagnosis_has_its_evidence_and_leads_to_its_group() -> None:
    view = changed_view()
    answer = client_of(view).call("problems-list.children", view_data=SEEN)
    assert answer is not None
    page = answer["problems-diagnoses"]["children"]
    assert "ledger offsets were rewound 0 s ago by 1,400 records on 2 partitions records 1,400 · partitions 2" in said(
        page
    )
    assert links(page)["ledger"] == group_path("ledger")
    assert "offsets were rewound" in said(health_tables.diagnoses_of(view, view.group_rows["ledger"]))
    shop = shop_view()
    assert health_tables.diagnoses_of(shop, shop.group_rows["word-count"]) is None
    assert "No diagnosis" in said(health_tables.diagnoses(make_view(snapshot_of([], [])), ""))


# --- events ---


def changed(gap: float = 10.0) -> View:
    """Group g was reset, and then `gap` seconds later two partitions of t have another leader."""
    series = Series()
    topic = [Topic("t", [(0, 90), (0, 90)], leaders=[1, 1])]
    series.poll(topic, [Group("g", {("t", 0): 80})])
    series.poll(topic, [Group("g", {("t", 0): 20})])
    return series.poll([Topic("t", [(0, 90), (0, 90)], leaders=[2, 2])], [Group("g", {("t", 0): 20})], after=gap)


def test_events_are_the_newest_first_with_before_and_after() -> None:
    first, second, third = by_field(events.rows(changed(), None, "?cluster=demo"))
    assert (first["kind"], first["subject"], first["before"], first["after"]) == ("leader moved", "t-0", "1", "2")
    assert (first["when"], first["time"], third["time"]) == ("0 s ago", NOW + 20, NOW + 10)
    assert first["href"] == f"{topic_path('t')}?cluster=demo"
    assert (third["subject"], third["when"], third["href"]) == ("g on t-0", "10 s ago", "/groups/g?cluster=demo")
    assert len({first["id"], second["id"], third["id"]}) == 3


def test_an_event_after_a_gap_was_between_when_and_when() -> None:
    first, *_ = by_field(events.rows(changed(120.0), None, ""))
    assert first["when"] == "between 2 min and 0 s ago"


def test_an_event_keeps_its_name_from_poll_to_poll() -> None:
    series = Series()
    one, two, three = (Topic(name, [(0, 1)]) for name in ("a", "b", "c"))
    series.poll([one], [])
    before = events.rows(series.poll([one, two], []), None, "").rows
    after = events.rows(series.poll([one, two, three], []), None, "").rows
    assert [row[0] for row in after][1:] == [row[0] for row in before]
    chosen = events.rows(changed(), "offsets_reset", "")
    assert [row[0] for row in chosen.rows] == [events.rows(changed(), None, "").rows[2][0]]


def test_events_of_a_kind_and_why_there_are_none() -> None:
    view = changed()
    assert [row["kind"] for row in by_field(events.rows(view, "offsets_reset", ""))] == ["offsets reset"]
    assert events.note(view, None) is events.note(view, "leader_moved") is None
    assert "No event of the kind ISR shrunk None since" in said(events.note(view, "isr_shrunk"))
    assert "No events None since kmon started" in said(events.note(shop_view(), None))
    more = replace(view, event_counts={**view.event_counts, "leader_moved": 1_500})
    assert "The newest 3 of 1,501 since" in said(events.note(more, None))
    assert {each["value"] for each in _choice()} == set(KINDS)


def _choice() -> Any:
    tree = events.layout().to_plotly_json()["props"]["children"][0].children
    return next(each for each in tree if getattr(each, "id", "") == "events-kind").data


def test_a_group_and_a_topic_tell_their_own_events() -> None:
    client = client_of(changed())
    answer = client.call("group-name.children", view_data=SEEN, url_pathname="/groups/g")
    assert answer is not None
    assert "10 s ago offsets reset g on t-0 80 20" in said(answer["group-events"]["children"])
    assert "leader moved" not in said(answer["group-events"]["children"])
    answer = client.call("topic-name.children", view_data=SEEN, url_pathname="/topics/t")
    assert answer is not None
    assert "leader moved t-0 1 2" in said(answer["topic-events"]["children"])
    assert "offsets reset" in said(answer["topic-events"]["children"])


# --- how groups stand in time ---


def late() -> View:
    """Group g kept up until ten minutes ago, when a burst came; since then it reads half of what is produced."""
    series = Series(retention_seconds=7_200)
    series.poll([Topic("t", [(0, 1_000)])], [Group("g", {("t", 0): 1_000})])
    for step in range(60):
        read = Group("g", {("t", 0): 1_000 + 50 * step}, [("c", "/h", [("t", 0)])])
        view = series.poll([Topic("t", [(0, 20_000 + 100 * step)])], [read])
    return view


def test_a_group_says_how_old_how_fast_and_until_when() -> None:
    view = late()
    (row,) = by_field(groups.rows(view))
    assert (row["age"], row["age_error"]) == (595.0, 5.0)
    assert (row["produce"], row["consume"], row["eta"]) == (10.0, 5.0, "Infinity")
    assert row["headroom"] == 6_600
    assert row["since"] == round(view.group_lags.since[0])
    assert NOW < row["since"] < view.time
    (partition,) = by_field(group.rows(view, 0))
    times = ("age", "age_error", "since", "produce", "consume", "eta", "headroom")
    assert [partition[field] for field in times] == [row[field] for field in times]
    shown = said(group_tables.tiles(view, 0))
    assert "Time lag 9.9 min ± 5 s oldest unread record" in shown
    assert "Status for 5 min ⇑ growing" in shown
    assert "Out rate 5.0/s in rate 10/s" in shown
    assert "Drains in never at the current rates" in shown
    assert "Data loss in 1.8 h until retention deletes an unread record" in shown


def test_what_one_poll_cannot_tell_is_a_dash_with_its_reason() -> None:
    view = shop_view()
    rows = {row["id"]: row for row in by_field(groups.rows(view))}
    ledger = rows["payments-ledger"]
    fields = ("since", "age", "produce", "consume", "eta", "headroom")
    assert [ledger[field] for field in fields] == [None] * 6
    assert (ledger["whys"]["since"], ledger["whys"]["age"]) == (BEFORE_WATCHED, NOT_DATED)
    assert ledger["whys"]["produce"] == ledger["whys"]["eta"] == NO_RATES
    assert ledger["age_at_least"] is None
    denied = rows["secret-group"]["whys"]
    assert {denied[field] for field in fields[1:]} == {"denied: Describe on the group"}
    shown = said(group_tables.tiles(view, view.group_rows["payments-ledger"]))
    assert "Status unchanged since kmon started" in shown
    assert f"Time lag – {NOT_DATED}" in shown
    assert f"Out rate – {NO_RATES}" in shown


def test_an_age_that_is_known_in_part_is_at_least_that() -> None:
    """One partition of two is dated; the other has no commit."""
    topics = [Topic("t", [(0, 100), (0, 100)])]
    view = Series().poll(topics, [Group("g", {("t", 0): 10, ("t", 1): None})], ages={("t", 0): 600.0})
    (row,) = by_field(groups.rows(view))
    assert (row["age"], row["age_at_least"], row["whys"]["age"]) == (None, 600.0, "no commit")
    assert "Time lag ≥ 10 min no commit" in said(group_tables.tiles(view, 0))
    assert "≥ 10 min" in said(overview.worst(view, ""))


# --- what is not visible ---


def restricted(groups: int = 2) -> View:
    """What a user sees who may describe neither the cluster nor all topics and groups."""
    names = ("describe_all_topics", "describe_cluster", "describe_all_groups")
    table = Capabilities(
        capability=objects(names),
        available=np.zeros(3),
        why_not=whys(*(f"{each} is not granted" for each in names)),
    )
    readers = [Group(f"g{each}", {("t", 0): 1}, [("c", "/h", [("t", 0)])]) for each in range(groups)]
    return make_view(replace(snapshot_of([Topic("t", [(0, 1)])], readers), capabilities=table))


def test_counts_of_what_may_be_hidden_are_of_what_is_visible() -> None:
    view = restricted()
    tiles = said(overview.tiles(view))
    assert "Offline partitions 0 of 1 visible partition" in tiles
    assert "2 visible groups" in tiles
    assert "in all" not in tiles
    assert "2 visible groups, none behind; others unknown" in said(overview.worst(view, ""))
    assert "Some groups may be missing: describe_cluster is not granted" in said(groups.note(view))
    seen = said(cluster.tiles(view, view))
    assert "Topics ≥ 1 describe_all_topics is not granted" in seen
    assert "Groups ≥ 2" in seen
    assert " ≥ 1 ≥ 2 " in said(clusters.table([FixtureSource(view)]))
    assert "Groups unknown describe_cluster" in said(overview.worst(restricted(0), ""))
    whole = said(overview.tiles(shop_view()))
    assert "7 groups" in whole
    assert "visible" not in whole


# --- hostile names ---


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_problems_diagnoses_and_events(name: str) -> None:
    series = Series()
    members = [(name, name, [(name, 0)]), (name, name, [])]
    series.poll([Topic(name, [(0, 10)])], [Group(name, {(name, 0): 9}, members)])
    view = series.poll([Topic(name, [(0, 10)], leaders=[-1], isr=[[]])], [Group(name, {(name, 0): 4}, members)])
    client = client_of(view)
    for output, path in (
        ("problems-list.children", "/problems"),
        ("overview-problems.children", "/"),
        ("group-events.children", group_path(name)),
        ("events-feed.data", "/events"),
    ):
        answer = client.call(output, view_data=SEEN, url_pathname=path)
        assert answer is not None
        shown = "".join(said(part["children"]) for part in answer.values() if "children" in part)
        assert not set(shown) & set("\x00\x1b\n\r\t\u2028")
    feed = client.call("events-feed.data", view_data=SEEN)
    assert feed is not None
    fields, rows = (feed["events-feed"]["data"][each] for each in ("fields", "rows"))
    assert len(rows) >= 2
    links = [row[fields.index("href")] for row in rows]
    assert all(each.startswith(("/groups/", "/topics/")) and each.isascii() for each in links)

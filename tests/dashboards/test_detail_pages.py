"""Brokers, topics, groups and what kmon sees: pages say what a full View says, and why the rest is unknown."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dash_client import DashClient, components, texts
from details import DENIED, detailed_snapshot, detailed_view
from hostile import HOSTILE
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards import broker_metric_tables, broker_tables, cluster_tables, grids, group_tables, topic_tables
from dashboards.app import create_app
from dashboards.feed import Cells
from dashboards.links import group_path, topic_path
from dashboards.pages import brokers, cluster, group, overview, topic, topics
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Transactions
from monitor.model.snapshot import Outcome
from monitor.model.table import objects
from monitor.model.view import View
from monitor.subjects.lag import LAG

SEEN = {"cluster": "demo", "time": NOW}
ALLOWED = {
    "B", "Dd", "Div", "Dl", "Dt", "H2", "Link", "P", "Section", "Span", "Table", "Tbody", "Td", "Th", "Thead", "Tr",
}  # fmt: skip


def said(tree: Any) -> str:
    return " ".join(texts(tree))


def named(cells: Cells) -> list[dict[str, Any]]:
    """The rows of a grid by field, with the reasons of what is unknown in place of their key."""
    rows = [dict(zip(cells.fields, row, strict=True)) for row in cells.rows]
    return [{**row, "whys": cells.whys.get(row.get("whys", ""), {})} for row in rows]


def topic_cells(view: View, name: str) -> list[dict[str, Any]]:
    row = view.topic_rows[name]
    return named(topic.rows(view, row, topic.partitions_of(view, row)))


# --- brokers ---


def test_a_row_a_broker_with_its_disks_role_and_skew() -> None:
    one, two, three, four = named(brokers.rows(detailed_view()))
    assert (one["host"], one["rack"], one["version"], one["role"]) == ("127.0.0.1:19092", "r1", "4.0", "controller")
    assert (one["status"], three["status"], four["status"], four["role"]) == (
        "out of sync",
        "dir offline",
        "fenced",
        "observer",
    )
    assert (one["fullest"], two["fullest"]) == (0.6, 0.92)
    assert (two["preferred_missing"], one["preferred_missing"]) == (1, 0)
    assert one["leader_skew"] == 1.0
    assert (three["size"], three["whys"]["size"], three["whys"]["fullest"]) == (
        None,
        "KAFKA_STORAGE_ERROR",
        "KAFKA_STORAGE_ERROR",
    )
    assert four["whys"]["size_skew"] == "the size of some broker is unknown"


def test_what_brokers_report_of_themselves_stands_in_the_grid_and_below_it() -> None:
    view = detailed_view()
    cells = brokers.rows(view)
    one, _, three, four = named(cells)
    assert (one["handler_idle"], one["fetch_p99"]) == (0.87, 0.507)
    assert (three["handler_idle"], three["whys"]["fetch_p99"]) == (None, "timed out after 5 s")
    assert four["whys"]["handler_idle"] == "no metrics endpoint is set (broker_metrics)"
    assert cells.hidden == ()
    load = said(broker_metric_tables.load(view))
    assert "64 %" in load
    assert "12 ms 507 ms 250 ms 0 " in load
    assert "timed out after 5 s" in load
    requests = said(broker_metric_tables.requests(view))
    assert requests.index("FetchConsumer") < requests.index("Produce")
    assert "507 ms 2.0 ms 4.0 ms 500 ms" in requests
    assert "librdkafka 0.11.4 Fetch 3 77" in said(broker_metric_tables.deprecated(view))


def test_without_metrics_endpoints_the_columns_are_hidden_and_the_card_says_why() -> None:
    assert brokers.rows(shop_view()).hidden == brokers.OF_METRICS
    assert "no metrics endpoint is set (broker_metrics)" in said(broker_metric_tables.load(shop_view()))
    assert broker_metric_tables.requests(shop_view()) is None
    assert broker_metric_tables.deprecated(shop_view()) is None


def test_a_broker_that_only_replicas_name_is_gone() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 1)], replicas=[[1, 9]])], [], brokers=1))
    rows = {row["broker"]: row for row in named(brokers.rows(view))}
    assert (rows[9]["status"], rows[9]["host"], rows[1]["status"]) == ("gone", None, "ok")
    assert "gone 9" in said(overview.tiles(view))


def test_log_dirs_that_are_not_well_come_first_and_then_the_fullest() -> None:
    shown = said(broker_tables.disks(detailed_view()))
    assert shown.index("KAFKA_STORAGE_ERROR") < shown.index("92 %") < shown.index("60 %")
    assert "8.00 GiB 100 GiB" in shown
    assert "Log dirs unknown" in said(broker_tables.disks(shop_view()))


def test_the_quorum_says_who_is_behind_and_since_when() -> None:
    view = detailed_view()
    shown = said(broker_tables.quorum(view))
    assert "1 ● ok leader 0 – – 8,000" in shown
    assert "3 ● ok voter 10 3 s ago 0.4 s ago 7,990" in shown
    assert "4 ▲ behind observer 6,000 10 min ago" in shown
    assert broker_tables.quorum_line(view) == "epoch 17 · 3 voters, 1 observer · node 4 is 6,000 records behind"
    assert "Quorum unknown" in said(broker_tables.quorum(shop_view()))
    one = np.where(view.quorum_lags.lag > 0, 1.0, 0.0)
    near = replace(view, quorum_lags=replace(view.quorum_lags, lag=one))
    assert " is 1 record behind" in broker_tables.quorum_line(near)


def test_the_broker_whose_configs_differ_is_named_and_what_differs_is_marked() -> None:
    shown = said(broker_tables.drift(detailed_view()))
    assert "Broker 3 has different configs than the other brokers" in shown
    assert "yes  differs d9  differs" in shown
    assert shown.count("differs") == 2


def test_configs_that_are_unknown_of_every_broker_say_why() -> None:
    snapshot = detailed_snapshot()
    table, nan = snapshot.broker_configs, np.full(3, np.nan)
    numbers = {name: nan for name, each in vars(table).items() if each.dtype.kind == "f"}
    unknown = replace(table, **numbers, digest=objects([None] * 3), reason=np.full(3, 1, np.int32))
    view = make_view(replace(snapshot, broker_configs=unknown))
    assert said(broker_tables.drift(view)) == f"Configs unknown {view.reasons[1]}"
    assert broker_tables.odd_brokers(unknown) == []


# --- topics ---


def test_a_row_a_topic_with_what_is_wrong_in_words() -> None:
    view = detailed_view()
    rows = {row["id"]: row for row in named(topics.rows(view, None))}
    assert (rows["audit"]["status"], rows["payments"]["status"], rows["orders"]["status"]) == (
        "offline",
        "under min ISR",
        "ok",
    )
    assert rows["payments"]["why"] == "1 under min ISR, 1 under-replicated, 1 being reassigned"
    assert (rows["payments"]["factor"], rows["payments"]["min_isr"], rows["payments"]["retention"]) == (4, 2, 86_400)
    assert (rows["audit"]["retention"], rows["audit"]["cleanup"]) == ("Infinity", "compact")
    assert rows["orders"]["groups"] == 2


def test_what_is_unknown_of_a_topic_is_null_with_its_reason() -> None:
    view = detailed_view()
    rows = {row["id"]: row for row in named(topics.rows(view, None))}
    clicks = rows["clicks"]
    assert (clicks["min_isr"], clicks["under_min"], clicks["cleanup"]) == (None, None, None)
    assert clicks["whys"]["retention"] == clicks["whys"]["under_min"] == DENIED
    assert rows["orders"]["size"] is None
    assert rows["orders"]["whys"]["size"]
    lost = shop_view()
    row = next(row for row in named(topics.rows(lost, None)) if row["id"] == "clicks")
    assert (row["records"], row["lag"], row["lag_at_least"]) == (None, None, 70_000)
    assert row["whys"]["records"] == "broker 2: timed out after 3.3 s"


def test_topics_that_are_not_watched_are_shown_when_all_are() -> None:
    snapshot = detailed_snapshot()
    watched = np.array([True, False, True, True])
    view = make_view(replace(snapshot, topics=replace(snapshot.topics, watched=watched)))
    assert len(topics.chosen_rows(view, "watched")) == 3
    assert len(topics.chosen_rows(view, "all")) == 4
    assert "1 topic not monitored" in said(topics.note(view, "watched"))


def test_a_topic_that_only_commits_name_has_no_numbers() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 1)])], [Group("g", {("t", 0): 1, ("deleted", 0): 5})]))
    rows = {row["id"]: row for row in named(topics.rows(view, None))}
    gone = rows["deleted"]
    assert (gone["status"], gone["partitions"], gone["offline"], gone["records"]) == ("unknown", None, None, None)
    assert {gone["whys"][field] for field in ("partitions", "offline", "records")} == {"not in metadata"}
    page = said(topic.note(view, view.topic_rows["deleted"], 0))
    assert "Partitions unknown not in metadata" in page


def test_more_rows_than_a_grid_gets_are_the_worst_ones() -> None:
    wanted = np.ones(10, bool)
    wanted[3] = False
    bad = np.array([0, 0, 5, 9, 0, 0, 0, 2, 0, 0])
    lag = np.array([1.0, np.nan, 0, 0, 7, 0, 0, 0, 0, 3])
    assert grids.worst_rows(wanted, bad, lag, most=4).tolist() == [2, 4, 7, 9]
    assert grids.worst_rows(wanted, bad, lag, most=9).tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]


# --- one topic ---


def test_partitions_with_leader_replicas_offsets_and_moves() -> None:
    view = detailed_view()
    first, second = topic_cells(view, "payments")
    assert (first["leader"], first["preferred"], first["replicas"], first["isr"]) == (1, "yes", "1, 2, 3, 4", "1")
    assert (first["missing"], first["eligible"], first["moving"]) == (2, "2", "+4 −3")
    assert (first["start"], first["stable"], first["end"]) == (500, 12_000, 12_000)
    assert second["status"] == "ok"
    assert topic.unused(view, view.topic_rows["payments"]) == ["local", "tiered"]
    clicks = topic_cells(view, "clicks")
    assert (clicks[0]["local"], clicks[0]["tiered"]) == (200_000, 199_999)
    assert clicks[1]["whys"]["tiered"] == "nothing in remote storage"
    offline = topic_cells(view, "audit")[1]
    assert (offline["leader"], offline["whys"]["leader"], offline["preferred"]) == (None, "no leader", "no")
    assert topic_cells(view, "orders")[0]["unstable"] == 70


def test_the_tiles_configs_and_readers_of_a_topic() -> None:
    view = detailed_view()
    row = view.topic_rows["payments"]
    assert "Under min ISR 1 writes with acks=all fail" in said(topic_tables.tiles(view, row))
    shown = said(topic_tables.configs(view, row))
    assert "retention.ms 1 d retention.bytes 1.00 GiB" in shown
    assert "unclean.leader.election.enable yes" in shown
    assert f"Configs unknown {DENIED}" in said(topic_tables.configs(view, view.topic_rows["clicks"]))
    assert "fulfilment ▲ behind" in said(topic_tables.readers(view, view.topic_rows["orders"], ""))
    assert "No group reads this topic" in said(topic_tables.readers(view, view.topic_rows["audit"], ""))
    assert "0 4001 3 13.3 min ago 4,930" in said(topic_tables.producers(view, view.topic_rows["orders"]))
    assert topic_tables.producers(view, row) is None


# --- groups ---


def test_a_member_that_is_to_have_other_partitions_says_which() -> None:
    view = detailed_view()
    shown = said(group_tables.members(view, view.group_rows["fulfilment"]))
    assert "get orders-2; give up orders-1" in shown
    assert "Target" not in said(group_tables.members(view, view.group_rows["sync"]))
    tiles = said(group_tables.tiles(view, view.group_rows["fulfilment"]))
    assert "Epoch 7 assignment 7" in tiles
    assert "Pending reassignment 1" in tiles


def test_stable_lag_is_what_an_open_transaction_leaves() -> None:
    view = detailed_view()
    rows = named(group.rows(view, view.group_rows["fulfilment"]))
    assert [(row["lag"], row["stable_lag"]) for row in rows] == [(1_000, 930), (2, 2)]
    share = named(group.rows(view, view.group_rows["sync"]))
    assert (share[0]["stable_lag"], share[0]["whys"]["stable_lag"]) == (None, LAG.schema["stable_lag"].otherwise)


def test_a_streams_group_shows_its_subtopologies_and_tasks() -> None:
    view = detailed_view()
    shown = said(group_tables.streams(view, view.group_rows["totals"], ""))
    assert "1 – totals-repartition totals-changelog 0 1 0" in shown
    assert "tot-0 active 1 0_0" in shown
    assert group_tables.streams(view, view.group_rows["sync"], "") is None


# --- what kmon sees ---


def test_what_is_not_shown_is_said_with_its_reason() -> None:
    shown = said(cluster_tables.gaps(detailed_view()))
    for words in (
        "notice 3 of 7 topics not monitored (limits.partitions = 9)",
        "settings 2 topics excluded by settings",
        "settings 1 group excluded by settings",
        f"describe_configs {DENIED}",
        "share_lag broker 2: timed out after 3.0 s",
    ):
        assert words in shown
    assert "describe_all_topics" not in shown
    capabilities = said(cluster_tables.capabilities(detailed_view()))
    assert "share_lag ? unknown" in capabilities
    assert capabilities.endswith("● yes  describe_all_topics")


def test_open_transactions_stand_worst_first_and_then_the_oldest() -> None:
    snapshot = detailed_snapshot()
    table = Transactions(
        transactional_id=objects(["a", "b", "c"]),
        producer_id=np.array([1.0, 2.0, np.nan]),
        state=objects(["Ongoing"] * 3),
        coordinator=np.array([1, 2, -1]),
        started=np.array([NOW - 10, NOW - 840, np.nan]),
        timeout_seconds=np.array([900.0, 900.0, np.nan]),
        reason=np.array([0, 0, 0]),
    )
    view = make_view(replace(snapshot, transactions=table))
    tree = cluster_tables.transactions(view, "")
    rows = said(tree)
    assert rows.index("c ? unknown") < rows.index("b ● ok Ongoing 14 min") < rows.index("a ● ok Ongoing 10 s")
    assert "not reported by the coordinator" in rows
    assert "Open transactions 3 oldest open for 14 min" in said(overview.tiles(view))
    assert "No open transactions" in said(cluster_tables.transactions(_asked("transactions", make_view(snapshot)), ""))


def _asked(collector: str, view: View) -> View:
    """The View with an answer of this collector, and no open transaction."""
    outcomes = (*view.snapshot.outcomes, Outcome(collector, duration_seconds=0.1, collected_at=NOW))
    return make_view(replace(view.snapshot, transactions=Transactions.empty(), outcomes=outcomes))


def test_requests_by_api_and_broker_with_their_mean() -> None:
    rows = named(cluster.rows(detailed_view()))
    offsets = next(row for row in rows if row["api"] == "ListOffsets")
    assert (offsets["broker"], offsets["requests"], offsets["errors"], offsets["each"]) == ("2", 21, 1, 4_200)
    assert offsets["mean"] == pytest.approx(0.9 / 21, abs=1e-4)


def test_the_page_of_the_cluster_has_why_the_state_of_alerts_is_not_kept() -> None:
    view = detailed_view()
    full = replace(view, state_trouble="/state/state.sqlite: database or disk is full")
    assert "Alert state not kept /state/state.sqlite: database or disk is full" in said(cluster.tiles(view, full))
    for kept in (None, ""):
        assert "Alert state" not in said(cluster.tiles(full, replace(view, state_trouble=kept)))


def test_collectors_that_failed_come_first() -> None:
    shown = said(cluster_tables.collectors(shop_view(failed={"quorum": "broker 1: timed out"})))
    assert shown.index("quorum ▲ no") < shown.index("● yes")
    assert "no response yet broker 1: timed out" in shown


def test_the_overview_tells_of_quorum_brokers_and_partitions() -> None:
    view = detailed_view()
    shown = said(overview.tiles(view))
    assert "Brokers 3 fenced 4" in shown
    assert "Quorum leader node 1 epoch 17 · 3 voters, 1 observer · node 4 is 6,000 records behind" in shown
    assert f"Under min ISR ≥ 2 unknown on 2 partitions: {DENIED}" in shown
    assert "Reassigning 1 of 9 partitions" in shown
    ill = said(topic_tables.troubled(view, "", 10))
    assert ill.index("audit  1 ✘ offline") < ill.index("payments  0 ✘ under min ISR")
    assert topic_tables.troubled(make_view(snapshot_of([], [])), "", 10) is None


# --- over HTTP ---


def client_of(view: View) -> DashClient:
    return DashClient(create_app([FixtureSource(view)], lambda: NOW + 3).server)


def test_every_number_travels_as_json_that_browsers_read() -> None:
    client = client_of(detailed_view())
    for output, path in (
        ("brokers-feed.data", "/brokers"),
        ("topics-feed.data", "/topics"),
        ("replicas-feed.data", "/topics/clicks"),
        ("partitions-feed.data", "/groups/totals"),
        ("requests-feed.data", "/cluster"),
    ):
        answer = client.call(output, view_data=SEEN, url_pathname=path)
        assert answer is not None
        json.dumps(answer, allow_nan=False)
        feed = answer[output.partition(".")[0]]["data"]
        assert {len(row) for row in feed["rows"]} == {len(feed["fields"])}


def test_the_same_unknown_does_not_travel_again_with_the_next_poll() -> None:
    source = FixtureSource(detailed_view(0))
    client = DashClient(create_app([source], lambda: NOW).server)
    first = client.call("topics-feed.data", view_data=SEEN)
    assert first is not None
    source.show(detailed_view(1))
    then = client.call("topics-feed.data", view_data=SEEN, topics_note_data_made=first["topics-note"]["data-made"])
    assert then is not None
    feed = then["topics-feed"]["data"]
    assert feed["whole"] is False
    assert "audit" not in [row[0] for row in feed["rows"]]
    unchanged = next(row for row in first["topics-feed"]["data"]["rows"] if row[0] == "audit")
    assert feed["whys"][unchanged[-1]]["size"]


def test_a_topic_that_is_not_there_says_so() -> None:
    answer = client_of(detailed_view()).call("topic-name.children", view_data=SEEN, url_pathname="/topics/gone")
    assert answer is not None
    assert "No such topic" in said(answer["topic-note"]["children"])
    assert answer["replicas-feed"]["data"]["rows"] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_on_the_new_pages(name: str) -> None:
    snapshot = snapshot_of(
        [Topic(name, [(0, 10)], leaders=[-1], isr=[[]])],
        [Group(name, {(name, 0): 4}, [(name, name, [(name, 0)])], group_type="streams")],
    )
    details = detailed_snapshot()
    view = make_view(
        replace(
            snapshot,
            brokers=replace(snapshot.brokers, rack=objects([name] * 3)),
            transactions=replace(details.transactions, transactional_id=objects([name])),
            transaction_partitions=replace(details.transaction_partitions, topic=np.array([0])),
            log_dirs=replace(details.log_dirs, path=objects([name] * 3)),
            subtopologies=replace(details.subtopologies, group=np.array([0, 0]), source_topics=objects([(name,), ()])),
            notices=(name,),
        )
    )
    client = client_of(view)
    assert client.http.get(topic_path(name)).status_code == 200
    for output, path in (
        ("overview-tiles.children", "/"),
        ("brokers-feed.data", "/brokers"),
        ("topics-feed.data", "/topics"),
        ("topic-name.children", topic_path(name)),
        ("group-name.children", group_path(name)),
        ("requests-feed.data", "/cluster"),
    ):
        answer = client.call(output, view_data=SEEN, url_pathname=path)
        assert answer is not None
        trees = [part["children"] for part in answer.values() if "children" in part]
        kinds = {each["type"] for tree in trees for each in components(tree)}
        assert kinds <= ALLOWED
        assert "\x1b" not in "".join(said(tree) for tree in trees)
        assert "\n" not in "".join(said(tree) for tree in trees)

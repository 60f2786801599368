"""What the screens say of a cluster in which every table of a Snapshot has rows, and of one that tells little."""

from dataclasses import replace

import numpy as np
import pytest
from details import DENIED, detailed_snapshot, detailed_view
from reasons import reason, reasons, whys
from textual.pilot import Pilot
from tui_screen import app_on, detail, lines, monitor, settled, table, text
from views import shop_view

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Capabilities
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import Outcome, Snapshot
from monitor.model.table import objects
from monitor.model.text import latency
from tui.app import KmonApp
from tui.health import quorum_clauses, why_missing
from tui.screens.broker_metrics import BrokerRequestsScreen, DeprecatedRequestsScreen
from tui.screens.brokers import LogDirsScreen, ReplicasScreen
from tui.screens.group import GroupScreen
from tui.screens.members import MembersScreen, TasksScreen
from tui.screens.topics import TopicScreen
from tui.screens.transactions import TransactionScreen


def line_with(app: KmonApp, words: str) -> str:
    return next(line for line in lines(app) if words in line)


async def opened(pilot: Pilot[None], key: str, name: str) -> None:
    """Go to a view and open the row that this name alone matches."""
    await pilot.press(key, "slash", "ctrl+u", *name, "enter", "enter")
    await settled(pilot)


# Overview


async def test_the_overview_tells_quorum_partitions_brokers_transactions_and_what_is_missing() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(190, 50)):
        quorum = line_with(app, " Quorum ")
        assert "leader 1, epoch 17 · 3 voters and 1 observer · node 4 is 6,000 records and 10 min behind" in quorum
        partitions = line_with(app, " Partitions ")
        assert "≥ 2 under min ISR" in partitions
        assert "1 being reassigned" in partitions
        assert f"min ISR of 2 partitions unknown ({DENIED})" in partitions
        brokers = line_with(app, "4 fenced")
        assert "unreadable log dir on 3 · fullest disk 92 % on 2 · Kafka 3.9, 4.0 · configs differ" in brokers
        assert "1 open · oldest billing-1 for 14 min · 1 partition held back" in line_with(app, "oldest")
        assert f"describe_configs: {DENIED} · 1 more" in line_with(app, "Not available")
        excluded = line_with(app, "Excluded")
        assert "2 topics and 1 group by settings" in excluded
        assert "3 of 7 topics not monitored (limits.partitions = 9)" in excluded


async def test_the_overview_is_silent_on_what_is_in_order() -> None:
    view = detailed_view()
    empty = Snapshot(**{name: getattr(view.snapshot, name) for name in ("cluster", "time", "started")})
    app, _ = app_on(make_view(empty))
    async with app.run_test(size=(120, 40)):
        for title in ("Quorum", "Transactions", "Not available", "Excluded"):
            assert title not in "\n".join(lines(app)[3:])


# Brokers


async def test_brokers_tell_role_disk_and_what_is_wrong() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(260, 40)) as pilot:
        await pilot.press("4")
        assert table(pilot).keys == [1, 2, 3, 4]
        controller, full, broken, fenced = lines(app)[3:7]
        assert "controller" in controller
        assert "60 %" in controller
        assert "92 %" in full
        assert "✘ dir offline" in broken
        assert "log dir /data/a: KAFKA_STORAGE_ERROR" in broken
        assert "3.9" in broken
        assert "✘ fenced" in fenced
        assert "fenced: cannot lead partitions" in fenced
        assert fenced.count("–") >= 4  # rack, version, size, disk


async def test_a_broker_opens_on_its_replicas_log_dirs_and_configs() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(200, 40)) as pilot:
        await pilot.press("4", "j", "j", "enter")
        assert isinstance(app.screen, ReplicasScreen)
        about = "\n".join(lines(app)[2:6])
        assert "1 unreadable log dir: /data/a: KAFKA_STORAGE_ERROR" in about
        assert "configs differ from those of broker 1, 2" in about
        assert table(pilot).keys[:2] == [("audit", 1), ("payments", 0)]
        moving = line_with(app, "payments ")
        assert "not in sync; to be removed from this broker" in moving
        assert table(pilot).keys == [("audit", 1), ("payments", 0), *table(pilot).keys[2:]]
        await pilot.press("tab")
        assert isinstance(app.screen, LogDirsScreen)
        assert "KAFKA_STORAGE_ERROR" in line_with(app, "✘ offline")
        await pilot.press("shift+tab", "j", "enter")
        assert isinstance(app.screen, TopicScreen)
        assert app.screen.topic == "payments"
        await pilot.press("escape", "escape")
        assert monitor(pilot).NAME == "brokers"
        assert table(pilot).cursor_key == 3


async def test_the_largest_replica_stands_first_and_its_log_dir_beside_it() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("4", "enter", "Z")
        assert table(pilot).keys[0] == ("clicks", 0)
        first = line_with(app, "clicks ")
        assert "244 MiB" in first
        assert "/data/a" in first


# Topics


async def test_topics_tell_size_configs_and_that_writes_fail() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(260, 40)) as pilot:
        await pilot.press("3")
        payments = line_with(app, "payments")
        for words in ("✘ under min ISR", "20.5 MiB", "1 d", "delete", "1 under min ISR"):
            assert words in payments
        assert "∞" in line_with(app, "audit ")
        await pilot.press("j", "j", "j")
        assert f"Min ISR, Under min, Keeps, Cleanup –: {DENIED}" in detail(app)


async def test_topics_that_are_not_watched_are_left_out_unless_they_are_in_trouble() -> None:
    snapshot = detailed_snapshot()
    watched = np.array([False, False, False, True])
    app, _ = app_on(make_view(replace(snapshot, topics=replace(snapshot.topics, watched=watched))))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        assert table(pilot).keys == ["audit", "payments"]
        assert "2 healthy topics not monitored" in text(app)


async def test_a_topic_tells_of_its_partitions_all_that_is_known() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(250, 40)) as pilot:
        await opened(pilot, "3", "payments")
        assert "retention 1 d or 1.00 GiB per partition" in lines(app)[2]
        assert "unclean election on: may lose records" in "\n".join(lines(app)[2:4])
        assert detail(app).startswith(
            "1 in sync and min ISR is 2: writes with acks=all fail; broker 2, 3 not in sync; "
            "moving to broker 4, off broker 3"
        )
        await pilot.press("escape")
        await opened(pilot, "3", "orders")
        assert "an open transaction holds back 70" in text(app)


async def test_eligible_replicas_and_tiered_offsets_stand_beside_their_partition() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(330, 40)) as pilot:
        await pilot.press("w")
        await opened(pilot, "3", "payments")
        column = line_with(app, "Eligible").index("Eligible")
        assert line_with(app, "✘ under min ISR")[column : column + 8].strip() == "2"
        await pilot.press("escape")
        await opened(pilot, "3", "clicks")
        assert "200,000" in text(app)
        assert f"configs unknown ({DENIED})" in text(app)


async def test_the_groups_and_producers_of_a_topic_are_a_tab_away() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot, "3", "orders")
        await pilot.press("tab")
        assert table(pilot).keys == ["fulfilment", "sync"]
        await pilot.press("tab")
        assert "13.3 min" in line_with(app, "4001")
        await pilot.press("tab")
        assert isinstance(app.screen, TopicScreen)
        await pilot.press("shift+tab", "shift+tab", "enter")
        assert isinstance(app.screen, GroupScreen)
        assert app.screen.group == "fulfilment"


# Groups


async def test_members_tell_what_they_have_and_are_to_have() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(200, 40)) as pilot:
        await opened(pilot, "2", "fulfilment")
        assert "epoch 7" in text(app)
        assert "pending reassignment 1 partition" in text(app)
        await pilot.press("tab")
        assert isinstance(app.screen, MembersScreen)
        waiting = line_with(app, "fulfil-2")
        assert "▲ behind" in waiting
        assert "orders 1" in waiting
        await pilot.press("end")
        assert "orders-1: behind; target" in text(app)
        assert "orders-0: behind" in line_with(app, "fulfil-1  ")


async def test_only_streams_groups_have_tasks_and_subtopologies() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(160, 40)) as pilot:
        await opened(pilot, "2", "ledger")
        assert "Tasks" not in text(app)
        await pilot.press("tab", "tab")
        assert isinstance(app.screen, GroupScreen)
        await pilot.press("escape")
        await opened(pilot, "2", "totals")
        assert "reads totals-repartition keeps totals-changelog" in text(app)
        await pilot.press("shift+tab")
        assert isinstance(app.screen, TasksScreen)
        roles = [(str(key[1]), key[2]) for key in table(pilot).keys if isinstance(key, tuple)]
        assert roles == [("0", "active"), ("0", "standby")]
        assert "totals-repartition" in line_with(app, "standby")


async def test_what_read_committed_can_read_is_told_where_it_differs() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(200, 40)) as pilot:
        await opened(pilot, "2", "fulfilment")
        assert "lag 1,002  stable lag 932" in lines(app)[4]
        assert "930" in line_with(app, "4,000")


# Transactions


async def test_transactions_stand_oldest_first_and_open_on_their_partitions() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("5")
        row = line_with(app, "billing-1")
        for words in ("● ok", "Ongoing", "14 min", "15 min", "4001"):
            assert words in row
        await pilot.press("enter")
        assert isinstance(app.screen, TransactionScreen)
        held = line_with(app, "◇ held")
        for words in ("orders", "70", "4,930", "5,000"):
            assert words in held
        await pilot.press("enter")
        assert isinstance(app.screen, TopicScreen)


async def test_a_transaction_long_beyond_its_timeout_hangs() -> None:
    app, _ = app_on(detailed_view(40))
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("5")
        assert "open for 20.6 min, timeout 15 min" in line_with(app, "▲ hanging")


@pytest.mark.parametrize(
    ("success", "available", "words"),
    [
        (True, 1.0, "No open transactions"),
        (True, 0.0, "Transactions unknown (not served by this broker)"),
        (False, 1.0, "Transactions unknown (broker 2: timed out)"),
    ],
)
async def test_no_transactions_is_told_from_not_known(success: bool, available: float, words: str) -> None:
    snapshot = shop_view().snapshot
    why = "" if available else "not served by this broker"
    outcomes = [each for each in snapshot.outcomes if each.collector != "transactions"]
    outcomes.append(Outcome("transactions", 0.1, snapshot.time, reasons("" if success else "broker 2: timed out")))
    capabilities = Capabilities(
        capability=objects(["transactions"]), available=np.array([available]), why_not=whys(why)
    )
    app, _ = app_on(make_view(replace(snapshot, outcomes=tuple(outcomes), capabilities=capabilities)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5")
        assert words in text(app)


# The cluster


def test_a_node_of_the_quorum_may_be_one_record_behind() -> None:
    view = detailed_view()
    lag = np.where(view.quorum_lags.lag > 0, 1.0, 0.0)
    near = replace(view, quorum_lags=replace(view.quorum_lags, lag=lag))
    assert " is 1 record and " in "".join(part.text for part in quorum_clauses(near, human=False))


async def test_the_cluster_screen_has_quorum_capabilities_collectors_and_requests() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("6")
        assert table(pilot).keys == [1, 2, 3, 4]
        assert "10 min" in line_with(app, "▲ behind")
        assert "metadata.version 25" in text(app)
        assert "3 of 7 topics not monitored" in text(app)
        await pilot.press("tab")
        assert DENIED in line_with(app, "◆ missing")
        assert "broker 2: timed out after 3.0 s" in line_with(app, "? unknown")
        await pilot.press("tab")
        assert latency(0.012) in line_with(app, "commits")
        await pilot.press("tab")
        assert table(pilot).keys == [("ListOffsets", 2), ("Metadata", 1)]
        await pilot.press("tab")
        assert monitor(pilot).NAME == "quorum"
        await pilot.press("tab", "tab", "3", "6")
        assert monitor(pilot).NAME == "quorum"


async def test_the_cluster_screen_has_why_the_state_of_alerts_is_not_kept() -> None:
    trouble = "cannot keep alerts over a restart: /state/state.sqlite: database or disk is full"
    app, _ = app_on(replace(detailed_view(), state_trouble=trouble))
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("6")
        assert line_with(app, " alert state ").strip() == f"alert state {trouble}"
    app, _ = app_on(replace(detailed_view(), state_trouble=""))
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.press("6")
        assert "alert state" not in text(app)


async def test_without_a_quorum_the_reason_is_told() -> None:
    snapshot = shop_view().snapshot
    capabilities = Capabilities(
        capability=objects(["quorum"]),
        available=np.array([0.0]),
        why_not=whys("not served by this broker"),
    )
    app, _ = app_on(make_view(replace(snapshot, capabilities=capabilities)))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("6")
        assert "Metadata quorum unknown (not served by this broker)" in text(app)


def test_why_something_is_missing() -> None:
    snapshot = shop_view(failed={"quorum": "broker 1: timed out"}).snapshot
    table = Capabilities(
        capability=objects(["log_dirs", "producers"]),
        available=np.array([0.0, np.nan]),
        why_not=objects([reason("Describe on Cluster"), Reason(Kind.SWITCHED_OFF)]),
    )
    view = make_view(replace(snapshot, capabilities=table))
    assert why_missing(view, "log_dirs") == "Describe on Cluster"
    assert why_missing(view, "quorum") == "broker 1: timed out"
    assert why_missing(view, "never") == "not requested yet"
    assert why_missing(view, "commits", "log_dirs") == "Describe on Cluster"
    assert why_missing(view, "commits") == "not reported by the broker"


# Brokers' own metrics


async def test_a_brokers_own_metrics_stand_with_the_broker() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(260, 40)) as pilot:
        await pilot.press("4")
        first, _, late = lines(app)[3:6]
        assert "Handlers" in lines(app)[2]
        assert "87 %" in first
        assert "507 ms" in first
        assert "87 %" not in late
        await pilot.press("j", "enter")
        about = "\n".join(lines(app)[2:8])
        assert "request handlers idle 64 %" in about
        assert "Fetch p99 507 ms" in about
        assert "quota delay p99 250 ms" in about
        await pilot.press("tab", "tab")
        assert isinstance(app.screen, BrokerRequestsScreen)
        assert table(pilot).keys == ["FetchConsumer", "Produce"]
        assert "500 ms" in line_with(app, "FetchConsumer")
        await pilot.press("tab")
        assert isinstance(app.screen, DeprecatedRequestsScreen)
        assert "0.11.4" in line_with(app, "librdkafka")


async def test_a_broker_whose_metrics_are_unknown_has_the_reason() -> None:
    app, _ = app_on(detailed_view())
    async with app.run_test(size=(260, 40)) as pilot:
        await pilot.press("4", "j", "j", "enter")
        assert "metrics unknown (timed out after 5 s)" in "\n".join(lines(app)[2:8])


async def test_without_metrics_endpoints_nothing_is_said_of_them_but_in_wide() -> None:
    app, _ = app_on(shop_view())
    async with app.run_test(size=(260, 40)) as pilot:
        await pilot.press("4")
        assert "Handlers" not in lines(app)[2]
        await pilot.press("enter")
        assert "metrics" not in "\n".join(lines(app)[2:8])
        assert "Requests" not in "\n".join(lines(app)[2:8])
        await pilot.press("escape", "w", *["right"] * 12)
        assert "Handlers" in lines(app)[2]

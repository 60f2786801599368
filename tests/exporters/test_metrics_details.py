"""The page of a View in which every table has rows: the numbers of the details, and hostile names in them."""

import math
import shutil
import subprocess
from dataclasses import replace

import metrics_page
import numpy as np
import pytest
from details import GIB, detailed_snapshot, detailed_view
from hostile import HOSTILE
from metric_samples import names, samples, value
from reasons import reasons, whys
from requirements import require
from series import Series
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.families import FAMILIES
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.collect.collectors.transactions import UNDER_WAY
from monitor.model.alert_counters import AlertCounters, Counters
from monitor.model.cluster_tables import (
    Capabilities,
    Features,
    LogDirs,
    Replicas,
    TopicConfigs,
    TransactionPartitions,
    Transactions,
)
from monitor.model.snapshot import Outcome, Snapshot
from monitor.model.table import objects
from monitor.settings.metrics import MetricsSettings

UNKNOWN_IN_DETAILS = {
    "kmon_broker_size_skew_ratio",  # the log dir of broker 3 is offline
    "kmon_cluster_under_min_isr_partitions",  # the configs of clicks are denied
    "kmon_partition_reassigned_ratio",  # broker 4 is fenced and tells nothing
    "kmon_future_replica_offset_lag",
    "kmon_replica_offset_lag",
    "kmon_partition_at_min_isr",
    "kmon_partition_not_preferred_leader",
    "kmon_group_partition_lost",
    "kmon_group_partition_ahead",
    "kmon_group_left_lag",
    "kmon_group_lost",
    "kmon_group_rebalances",
    "kmon_topic_spare_replicas",
    "kmon_transaction_status",
    # One poll tells no rates, and no record of this cluster was dated.
    "kmon_group_lag_seconds",
    "kmon_group_lag_error_seconds",
    "kmon_broker_bytes_in_rate",
    "kmon_broker_bytes_out_rate",
    "kmon_broker_request_rate",
    "kmon_broker_network_idle_ratio",
    "kmon_group_produce_rate",
    "kmon_group_consume_rate",
    "kmon_group_eta_seconds",
    "kmon_group_paced",
    "kmon_group_headroom_seconds",
    "kmon_group_partition_lag_seconds",
    # The settings have no objectives.
    "kmon_group_fresh_seconds_total",
    "kmon_group_observed_seconds_total",
    "kmon_group_slo_lag_seconds",
    "kmon_group_slo_objective_ratio",
    # The settings name no owners.
    "kmon_group_owner_info",
    "kmon_topic_owner_info",
}


def test_every_family_is_there_but_what_is_unknown_or_not_so() -> None:
    counters = AlertCounters(1, 0, (Counters("stdout"),))
    page = MetricsPage([FixtureSource(detailed_view())], None, lambda: counters, MetricsSettings(owners=True))
    found = {name.removesuffix("_count") for name in names(page)}  # a histogram has no line of its own name
    assert {family.name for family in FAMILIES} - found == UNKNOWN_IN_DETAILS


def test_the_cluster_and_its_quorum() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    assert value(page, "kmon_cluster_brokers") == 3
    assert value(page, "kmon_cluster_fenced_brokers") == 1
    assert value(page, "kmon_cluster_feature_level", feature="metadata.version") == 25
    assert value(page, "kmon_cluster_hidden_topics") == 2
    assert value(page, "kmon_cluster_hidden_groups") == 1
    assert value(page, "kmon_cluster_notices") == 1
    assert value(page, "kmon_capability", name="describe_all_topics") == 1
    assert value(page, "kmon_capability", name="describe_configs") == 0
    assert value(page, "kmon_capability", name="share_lag") is None
    assert value(page, "kmon_quorum_epoch") == 17
    assert value(page, "kmon_quorum_voters") == 3
    assert value(page, "kmon_quorum_leader", broker="1", role="voter") == 1
    assert value(page, "kmon_quorum_leader", broker="4", role="observer") == 0
    assert value(page, "kmon_quorum_lag", broker="3", role="voter") == 10
    assert value(page, "kmon_quorum_behind_seconds", broker="3", role="voter") == 3
    assert value(page, "kmon_poll_interval_seconds") == 10
    assert value(page, "kmon_poll_overruns_total") == 0


def test_how_groups_stand_in_time() -> None:
    series = Series(retention_seconds=3600)
    for step in range(40):
        topics = [Topic("orders", [(0, 1000 + 10 * step), (0, 500)])]
        groups = [
            Group("slow", {("orders", 0): 100 + 5 * step}, [("c", "/10.0.0.1", [("orders", 0)])]),
            Group("idle", {("orders", 1): 500}, [("d", "/10.0.0.2", [("orders", 1)])]),
        ]
        view = series.poll(topics, groups, ages={("orders", 0): 600.0})
    page = MetricsPage([FixtureSource(view)])
    assert value(page, "kmon_group_lag_seconds", group="slow") == 600
    assert value(page, "kmon_group_lag_error_seconds", group="slow") == 0
    assert value(page, "kmon_group_produce_rate", group="slow") == 1
    assert value(page, "kmon_group_consume_rate", group="slow") == 0.5
    assert value(page, "kmon_group_eta_seconds", group="slow") == math.inf
    assert value(page, "kmon_group_headroom_seconds", group="slow") == 3000
    assert value(page, "kmon_group_status", group="idle", status="ok") == 1
    assert value(page, "kmon_group_lag_seconds", group="idle") == 0
    assert value(page, "kmon_group_partition_lag_seconds", group="slow", topic="orders", partition="0") == 600
    assert value(page, "kmon_group_partition_lag_seconds", group="idle", topic="orders", partition="1") is None


def test_a_cluster_without_a_quorum_says_nothing_of_one() -> None:
    page = MetricsPage([FixtureSource(shop_view())])
    assert not any(name.startswith("kmon_quorum") for name in names(page))


def test_brokers_and_their_log_dirs() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    info = {"broker": "3", "host": "127.0.0.1", "port": "19094", "rack": "r3", "version": "3.9"}
    assert value(page, "kmon_broker_info", **info) == 1
    assert value(page, "kmon_broker_fenced", broker="4") == 1
    assert value(page, "kmon_broker_fenced", broker="1") == 0
    assert value(page, "kmon_broker_replicas", broker="4") == 1
    assert value(page, "kmon_broker_out_of_sync_replicas", broker="4") == 1
    assert value(page, "kmon_broker_leader_skew_ratio", broker="4") == -1
    assert value(page, "kmon_broker_size_bytes", broker="3") is None
    assert value(page, "kmon_log_dir_total_bytes", broker="2", path="/data/a") == 100 * GIB
    assert value(page, "kmon_log_dir_usable_bytes", broker="2", path="/data/a") == 8 * GIB
    assert value(page, "kmon_log_dir_usable_bytes", broker="3", path="/data/a") is None
    assert value(page, "kmon_log_dir_error", broker="3", path="/data/a") == 1
    assert value(page, "kmon_log_dir_error", broker="2", path="/data/a") is None
    assert value(page, "kmon_broker_default_min_insync_replicas", broker="1") == 1
    assert value(page, "kmon_broker_unclean_election", broker="1") == 0


def test_partitions_have_lines_for_what_is_the_matter() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    payments, orders = {"topic": "payments", "partition": "0"}, {"topic": "orders", "partition": "0"}
    assert value(page, "kmon_partition_under_min_isr", **payments) == 1
    assert value(page, "kmon_partition_under_min_isr", **orders) is None
    assert value(page, "kmon_partition_reassigning", **payments) == 1
    assert value(page, "kmon_partition_out_of_sync_replicas", **payments) == 2  # of 2 and 3; 4 is being added
    assert value(page, "kmon_partition_eligible_leader_replicas", **payments) == 1
    assert value(page, "kmon_partition_open_transaction_records", **orders) == 70
    assert value(page, "kmon_partition_open_transaction_records", **payments) is None
    assert value(page, "kmon_partition_stable_offset", **orders) == 4930
    assert value(page, "kmon_partition_size_bytes", **orders) == 5000 * 1024
    assert value(page, "kmon_partition_local_start_offset", topic="clicks", partition="0") == 200_000
    assert value(page, "kmon_partition_tiered_end_offset", topic="clicks", partition="0") == 199_999
    assert value(page, "kmon_partition_tiered_end_offset", topic="clicks", partition="1") is None


def test_replicas_that_are_behind_and_those_that_move_to_another_log_dir() -> None:
    snapshot = detailed_snapshot()
    lag, future = snapshot.replicas.offset_lag.copy(), snapshot.replicas.future.copy()
    lag[[0, 1]], future[1] = (5, 7), True
    replicas = replace(snapshot.replicas, offset_lag=lag, future=future)
    page = MetricsPage([FixtureSource(make_view(replace(snapshot, replicas=replicas)))])
    found = {name: labels for name, labels in samples(page) if "replica_offset_lag" in name}
    where = {"cluster": "demo", "topic": "audit", "partition": "0"}
    assert {name: dict(labels) for name, labels in found.items()} == {
        "kmon_replica_offset_lag": {**where, "broker": "1"},
        "kmon_future_replica_offset_lag": {**where, "broker": "2", "path": "/data/a"},
    }


def test_a_partition_that_one_more_loss_takes_under_min_isr() -> None:
    topics = [Topic("t", [(0, 1)] * 3, isr=[[1, 2, 3], [1, 2], [1]], replicas=[[1, 2, 3]] * 3)]
    snapshot = snapshot_of(topics, [])
    configs = {each.name: getattr(detailed_snapshot().topic_configs, each.name)[2:3] for each in TopicConfigs.schema()}
    page = MetricsPage([FixtureSource(make_view(replace(snapshot, topic_configs=TopicConfigs(**configs))))])
    found = {
        (name, dict(labels)["partition"]) for name, labels in samples(page) if "min_isr" in name and len(labels) > 2
    }
    assert found == {("kmon_partition_at_min_isr", "1"), ("kmon_partition_under_min_isr", "2")}


def test_topics_have_their_configs() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    assert value(page, "kmon_topic_min_insync_replicas", topic="orders") == 2
    assert value(page, "kmon_topic_retention_seconds", topic="orders") == 604_800
    assert value(page, "kmon_topic_retention_bytes", topic="orders") == math.inf
    assert b'kmon_topic_retention_bytes{cluster="demo",topic="orders"} +Inf\n' in page.body()[0]
    assert value(page, "kmon_topic_retention_seconds", topic="clicks") is None
    assert value(page, "kmon_topic_under_min_isr_partitions", topic="payments") == 1
    assert value(page, "kmon_topic_under_min_isr_partitions", topic="clicks") is None
    assert value(page, "kmon_topic_size_bytes", topic="payments") == 21_000 * 1024
    assert value(page, "kmon_topic_size_bytes", topic="orders") is None


def test_topics_that_are_not_watched_have_no_lines_and_are_counted() -> None:
    snapshot = detailed_snapshot()
    watched = np.array([name != "payments" for name in snapshot.topics.topic])
    whole = MetricsPage([FixtureSource(make_view(snapshot))])
    part = MetricsPage([FixtureSource(make_view(replace(snapshot, topics=replace(snapshot.topics, watched=watched))))])
    assert {dict(labels).get("topic") for name, labels in samples(whole) if "_group_" not in name} >= {"payments"}
    assert not {name for name, labels in samples(part) if dict(labels).get("topic") == "payments"} - {
        "kmon_group_partition_lag",  # whether it is asked is for the collectors to say
        "kmon_group_partition_committed_offset",
    }
    for name in ("kmon_cluster_topics", "kmon_cluster_partitions", "kmon_cluster_under_replicated_partitions"):
        assert value(part, name) == value(whole, name)
    assert value(part, "kmon_broker_leaders", broker="1") == value(whole, "kmon_broker_leaders", broker="1")


def test_groups_of_the_new_types() -> None:
    page = MetricsPage([FixtureSource(detailed_view())])
    assert value(page, "kmon_group_epoch", group="fulfilment") == 7
    assert value(page, "kmon_group_assignment_epoch", group="fulfilment") == 7
    assert value(page, "kmon_group_epoch", group="ledger") is None
    assert value(page, "kmon_group_reconciling_partitions", group="fulfilment") == 1
    assert value(page, "kmon_group_reconciling_partitions", group="ledger") is None
    assert value(page, "kmon_group_lag", group="fulfilment") == 1002
    assert value(page, "kmon_group_stable_lag", group="fulfilment") == 932
    assert value(page, "kmon_group_stable_lag", group="sync") is None
    where = {"group": "fulfilment", "topic": "orders"}
    assert value(page, "kmon_group_partition_stable_lag", **where, partition="0") == 930
    assert value(page, "kmon_group_partition_stable_lag", **where, partition="1") is None
    tasks = {
        role: value(page, "kmon_group_tasks", group="totals", role=role) for role in ("active", "standby", "warmup")
    }
    assert tasks == {"active": 1, "standby": 1, "warmup": 0}


def test_transactions_and_only_the_oldest_of_many() -> None:
    page = MetricsPage([FixtureSource(make_view(replace(detailed_snapshot(), outcomes=())))])
    states = {state: value(page, "kmon_transactions", state=state) for state in UNDER_WAY}
    assert states == {"Ongoing": 1, "PrepareCommit": 0, "PrepareAbort": 0}
    assert value(page, "kmon_transaction_age_seconds", transactional_id="billing-1") == 840
    count = 250
    started = NOW - np.array([math.nan, *(row * 37 % count for row in range(1, count))])
    transactions = Transactions(
        transactional_id=objects(f"id-{row}" for row in range(count)),
        producer_id=np.full(count, 4001.0),
        state=objects("PrepareCommit" if row % 5 == 0 else "Ongoing" for row in range(count)),
        coordinator=np.ones(count, np.int32),
        started=started,
        timeout_seconds=np.full(count, 60.0),
        reason=np.zeros(count, np.int32),
    )
    many = replace(
        detailed_snapshot(),
        outcomes=(),
        transactions=transactions,
        transaction_partitions=TransactionPartitions.empty(),
    )
    page = MetricsPage([FixtureSource(make_view(many))])
    assert value(page, "kmon_transactions", state="Ongoing") == 200
    assert value(page, "kmon_transactions", state="PrepareCommit") == 50
    ages = sorted(number for (name, _), number in samples(page).items() if name == "kmon_transaction_age_seconds")
    assert ages == list(range(150, 250))


def test_transactions_are_not_counted_while_some_may_be_unknown() -> None:
    snapshot = detailed_snapshot()
    for partial in (
        replace(snapshot, outcomes=(Outcome("transactions", 0.1, errors=reasons("timed out")),)),
        replace(
            snapshot,
            capabilities=Capabilities(
                capability=objects(["transactions"]), available=np.zeros(1), why_not=whys("denied")
            ),
        ),
        replace(
            snapshot,
            capabilities=Capabilities(
                capability=objects(["describe_transactional_ids"]),
                available=np.zeros(1),
                why_not=whys("denied"),
            ),
        ),
    ):
        page = MetricsPage([FixtureSource(make_view(partial))])
        assert value(page, "kmon_transactions", state="Ongoing") is None
        assert value(page, "kmon_transaction_age_seconds", transactional_id="billing-1") is not None


def hostile_details() -> Snapshot:
    """Details in which every name that a client or an operator can choose is hostile."""
    snapshot, count = detailed_snapshot(), len(HOSTILE)
    numbers, none = np.arange(1.0, count + 1.0), np.zeros(count, np.int32)
    return replace(
        snapshot,
        log_dirs=LogDirs(
            broker=none + 1, path=objects(HOSTILE), total_bytes=numbers, usable_bytes=numbers, reason=none + 1
        ),
        replicas=Replicas.empty(),
        transactions=Transactions(
            transactional_id=objects(HOSTILE),
            producer_id=numbers,
            state=objects(HOSTILE),
            coordinator=none,
            started=numbers,
            timeout_seconds=numbers,
            reason=none,
        ),
        features=Features(feature=objects(HOSTILE), level=none),
    )


def test_hostile_names_of_details_are_read_back() -> None:
    found = samples(MetricsPage([FixtureSource(make_view(hostile_details()))]))
    for name, label in (
        ("kmon_log_dir_total_bytes", "path"),
        ("kmon_log_dir_error", "path"),
        ("kmon_transactions", "state"),
        ("kmon_transaction_age_seconds", "transactional_id"),
        ("kmon_cluster_feature_level", "feature"),
    ):
        told = {dict(labels).get(label, "") for each, labels in found if each == name} - set(UNDER_WAY)
        assert len(told) == len(set(HOSTILE))
        assert told >= {each for each in HOSTILE if not any("\ud800" <= letter <= "\udfff" for letter in each)}


def test_the_document_has_every_family_as_it_is() -> None:
    text = metrics_page.PAGE.read_text()
    assert metrics_page.page(text) == text, "python tests/support/metrics_page.py writes it anew"
    assert [each for table in metrics_page.TABLES for each in table if each not in FAMILIES] == []
    assert sum(map(len, metrics_page.TABLES)) == len(FAMILIES)


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        require("prometheus", "promtool is not installed")
    groups = [Group(name, {("orders", 0): 5}) for name in HOSTILE]
    hostile = make_view(snapshot_of([Topic("orders", [(0, 9)])], groups, cluster="other"))
    view = make_view(replace(hostile_details(), cluster="third"))
    page = MetricsPage(
        [FixtureSource(detailed_view()), FixtureSource(hostile, cluster="other"), FixtureSource(view, cluster="third")]
    )
    checked = subprocess.run([promtool, "check", "metrics"], input=page.body()[0], capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")

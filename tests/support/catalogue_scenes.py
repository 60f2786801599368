"""For each alert of the catalogue a cluster on which it fires and then resolves, and a cluster on which none does."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from reasons import reasons, whys
from series import Poll, Series, watch
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import (
    Capabilities,
    Certificates,
    LogDirs,
    Quorum,
    Reassignments,
    Replicas,
    TopicConfigs,
    Transactions,
)
from monitor.model.patterns import Pattern
from monitor.model.slos import Slo
from monitor.model.snapshot import Brokers, Snapshot
from monitor.model.table import Ragged, objects
from monitor.model.view import View

INTERVAL_SECONDS = 10.0
GIB = float(2**30)
END = 100_000.0
MINUTE = 6
"""Polls of a minute."""
STATE_TROUBLE = "cannot keep alerts over a restart: /var/lib/kmon/state.sqlite: database or disk is full"
OBJECTIVE = (Slo((Pattern("billing"),), 60.0, 0.99),)


@dataclass(frozen=True)
class Scene:
    """Views of consecutive polls: `trouble`, in which an alert comes to fire, and `over`, in which it resolves.

    A scene of one View each is one that stays as it is.
    """

    trouble: tuple[View, ...]
    over: tuple[View, ...]

    def play(self, seconds: float) -> Iterator[tuple[bool, View]]:
        """The Views, and whether each is of the trouble; one that stays does so for so long."""
        for troubled, views in ((True, self.trouble), (False, self.over)):
            stays = len(views) == 1
            for view in views * (int(seconds / INTERVAL_SECONDS) + 3 if stays else 1):
                yield troubled, view


# -------------------------------------------------------------------- a cluster with everything, in which all is well


def healthy_snapshot(topics: list[Topic] | None = None, groups: list[Group] | None = None, **changes: Any) -> Snapshot:
    """Three brokers, two topics on all of them and a group that keeps up; `changes` go to snapshot_of."""
    topics = topics or [Topic("orders", [(0, 5_000), (0, 4_000)]), Topic("payments", [(0, 12_000)])]
    groups = groups or [
        Group(
            "fulfilment",
            {("orders", 0): 5_000, ("orders", 1): 4_000},
            [("fulfil-1", "/10.0.3.17", [("orders", 0), ("orders", 1)])],
            group_type="consumer",
        )
    ]
    snapshot = snapshot_of(topics, groups, **changes)
    many = len(snapshot.topics)
    return replace(
        snapshot,
        brokers=replace(snapshot.brokers, fenced=np.zeros(len(snapshot.brokers))),
        quorum=quorum([0.0, 0.2, 0.4]),
        quorum_silent=False,
        log_dirs=log_dirs(),
        topic_configs=configs(many),
        capabilities=capabilities(1.0),
    )


def quorum(behind: list[float], *, led: bool = True) -> Quorum:
    """Voters that were last caught up so many seconds ago; the first leads."""
    many = len(behind)
    return Quorum(
        node=np.arange(1, many + 1),
        voter=np.ones(many, bool),
        leader=np.array([led and not each for each in range(many)]),
        log_end_offset=np.full(many, 8_000.0),
        last_fetch=NOW - np.array(behind),
        last_caught_up=NOW - np.array(behind),
    )


def log_dirs(free: float = 60.0, reason: int = 0) -> LogDirs:
    """A log dir on each of three brokers; that of the third has so many GiB of 100 free, or an error."""
    last = math.nan if reason else GIB
    return LogDirs(
        broker=np.array([1, 2, 3]),
        path=objects(["/data/a"] * 3),
        total_bytes=np.array([100 * GIB, 100 * GIB, 100 * last]),
        usable_bytes=np.array([60 * GIB, 60 * GIB, free * last]),
        reason=np.array([0, 0, reason]),
    )


def configs(topics: int, **changes: Any) -> TopicConfigs:
    """The same configs for each topic, but for `changes` of columns."""
    unknown = np.full(topics, np.nan)
    base: dict[str, Any] = {
        "min_insync_replicas": np.full(topics, 2.0),
        "retention_seconds": np.full(topics, 604_800.0),
        "retention_bytes": np.full(topics, np.inf),
        "local_retention_seconds": unknown,
        "cleanup_policy": objects(["delete"] * topics),
        "unclean_election": np.zeros(topics),
        "timestamp_type": objects(["CreateTime"] * topics),
        "remote_storage": np.zeros(topics),
        "digest": objects([None] * topics),
        "reason": np.zeros(topics, np.int32),
    }
    return TopicConfigs(**{**base, **changes})


def capabilities(available: float) -> Capabilities:
    return Capabilities(
        capability=objects(["describe_configs"]),
        available=np.array([available]),
        why_not=whys("" if available else "DescribeConfigs on the cluster is denied"),
    )


def healthy_view() -> View:
    return make_view(healthy_snapshot())


# -------------------------------------------------------------------- what can be the matter


def _changed(**changes: Any) -> Scene:
    """A cluster with other tables, and then the healthy one."""
    return Scene((make_view(replace(healthy_snapshot(), **changes)),), (healthy_view(),))


def _partitions(**changes: Any) -> Scene:
    """Topic orders with one partition that is so, and then the healthy cluster."""
    topics = [Topic("orders", [(0, 5_000), (0, 4_000)], **changes), Topic("payments", [(0, 12_000)])]
    return Scene((make_view(healthy_snapshot(topics)),), (healthy_view(),))


def _topic(name: str, records: float, **changes: Any) -> View:
    topics = [Topic("orders", [(0, 5_000), (0, 4_000)]), Topic(name, [(0, records)], **changes)]
    return make_view(healthy_snapshot(topics))


def _gone_broker() -> View:
    """Broker 3 has replicas and is not in metadata."""
    kept = [[1, 2], [2, 1]]
    topics = [
        Topic("orders", [(0, 5_000), (0, 4_000)], replicas=[[1, 2, 3], [2, 3, 1]], isr=kept, leaders=[1, 2]),
        Topic("payments", [(0, 12_000)], replicas=[[1, 2, 3]], isr=[[1, 2]], leaders=[1]),
    ]
    return make_view(healthy_snapshot(topics, brokers=2))


def _fenced_broker() -> View:
    snapshot = healthy_snapshot()
    table: Brokers = snapshot.brokers
    return make_view(replace(snapshot, brokers=replace(table, fenced=np.array([0.0, 0.0, 1.0]))))


def _offline_dir() -> Scene:
    snapshot = healthy_snapshot()
    codes = (*snapshot.reasons, *reasons("KAFKA_STORAGE_ERROR"))
    return _changed(reasons=codes, log_dirs=log_dirs(reason=len(codes) - 1))


def _transaction(age_seconds: float) -> Transactions:
    return Transactions(
        transactional_id=objects(["billing-1"]),
        producer_id=np.array([4001.0]),
        state=objects(["Ongoing"]),
        coordinator=np.array([2]),
        started=np.array([NOW - age_seconds]),
        timeout_seconds=np.array([60.0]),
        reason=np.array([0]),
    )


def _hanging_transaction() -> Scene:
    """It is timed by polls, so it takes several; it is gone in the end."""
    series = Series()
    base = [Topic("orders", [(0, 5_000)])]

    def poll(table: Transactions | None) -> View:
        changes = {"transactions": table} if table is not None else {}
        return series.poll(base, [], tables=changes)

    return Scene(
        tuple(poll(_transaction(10.0 * each)) for each in range(25 * MINUTE)), tuple(poll(None) for _ in range(3))
    )


def _overrunning() -> Scene:
    series = Series()

    def polls(count: int, skipped: int) -> tuple[View, ...]:
        found = []
        for _ in range(count):
            overruns = series.snapshots[-1].overruns + skipped if series.snapshots else 0
            found.append(series.poll([Topic("orders", [(0, 5_000)])], [], tables={"overruns": overruns}))
        return tuple(found)

    return Scene(polls(20 * MINUTE, 1), polls(3, 0))


# -------------------------------------------------------------------- groups, whose status takes several polls


def _watched(trouble: list[Poll], over: list[Poll], **settings: Any) -> Scene:
    """A group that keeps up for two minutes, what happens to it, and how that ends."""
    well = [Poll(END - 1_200 + 100 * each, END - 1_200 + 100 * each) for each in range(2 * MINUTE)]
    views = watch([*well, *trouble, *over], group="billing", topic="orders", beside=("audit", "fraud"), **settings)
    split = len(well) + len(trouble)
    return Scene(tuple(views[:split]), tuple(views[split:]))


def _reads(end: float, polls: int) -> list[Poll]:
    """A group that reads all that is there."""
    return [Poll(end + 100 * each, end + 100 * each) for each in range(polls)]


def _still(polls: int, members: int) -> list[Poll]:
    """A group that reads nothing while records come."""
    return [Poll(END + 100 * each, END, members=members) for each in range(polls)]


def _slow(polls: int, read: float) -> list[Poll]:
    return [Poll(END + 100 * each, END + read * each) for each in range(polls)]


def _group(**changes: Any) -> View:
    commits: dict[tuple[str, int], float | str | None] = {("orders", 0): 5_000.0, ("orders", 1): 4_000.0}
    members = [("fulfil-1", "/10.0.3.17", [("orders", 0), ("orders", 1)])]
    group = Group("fulfilment", commits, members, **{"group_type": "consumer", **changes})
    return make_view(healthy_snapshot(None, [group]))


def _rebalancing() -> Scene:
    series = Series()

    def polls(count: int, state: str) -> tuple[View, ...]:
        group = Group("g", {("t", 0): 5.0}, [("c", "/h", [("t", 0)])], group_type="consumer", state=state)
        return tuple(series.poll([Topic("t", [(0, 5.0)])], [group]) for _ in range(count))

    return Scene(polls(15 * MINUTE, "Reconciling"), polls(15 * MINUTE, "Stable"))


def _unread() -> Scene:
    """Topic orders is produced to, and later group late reads it."""
    series = Series(interval=600.0)

    def poll(each: int, *readers: str) -> View:
        end = 1_000.0 * each
        groups = [Group(name, {("orders", 0): end}, [("c", "/h", [("orders", 0)])]) for name in readers]
        return series.poll([Topic("orders", [(0, end)])], groups)

    alone = tuple(poll(each) for each in range(6 * 36))
    return Scene(alone, tuple(poll(each, "late") for each in range(len(alone), len(alone) + 3)))


def _sized(first: float) -> View:
    """A replica of payments-0 on each broker, that on broker 1 of so many GiB and the others of one."""
    replicas = Replicas(
        log_dir=np.array([0, 1, 2]),
        broker=np.array([1, 2, 3]),
        topic=np.array([1, 1, 1]),
        partition=np.array([0, 0, 0]),
        size_bytes=np.array([first, 1.0, 1.0]) * GIB,
        offset_lag=np.zeros(3),
        offset_lag_reason=np.zeros(3, np.int32),
        future=np.zeros(3, bool),
    )
    return make_view(replace(healthy_snapshot(), replicas=replicas))


def _certified(days: float) -> View:
    """Broker 3 shows a certificate that is valid for so many days, the others for longer."""
    expires = NOW + 86_400 * np.array([400.0, 400.0, days])
    certificates = Certificates(broker=np.array([1, 2, 3]), certificate_expires=expires)
    return make_view(replace(healthy_snapshot(), certificates=certificates))


def _reassignment() -> Scene:
    moving = Reassignments(
        topic=np.array([0]),
        partition=np.array([0]),
        replicas=Ragged.of([[1, 2, 3]]),
        adding=Ragged.of([[3]]),
        removing=Ragged.of([[]]),
    )
    return _changed(reassignments=moving)


SCENES: dict[str, Callable[[], Scene]] = {
    "KafkaGroupLosing": lambda: _watched(
        _slow(30 * MINUTE, 10), _reads(END + 100 * 30 * MINUTE, 20 * MINUTE), retention_seconds=1200
    ),
    "KafkaGroupRecordsLost": lambda: _watched(
        [Poll(END + 100, END, start=END + 50)] * 2,
        [Poll(END + 100 * each, END + 100 * each, start=END + 50) for each in range(2, 75 * MINUTE)],
    ),
    "KafkaGroupStuck": lambda: _watched(_still(20 * MINUTE, 1), _reads(END + 100 * 20 * MINUTE, 15 * MINUTE)),
    "KafkaGroupStopped": lambda: _watched(_still(20 * MINUTE, 0), _reads(END + 100 * 20 * MINUTE, 15 * MINUTE)),
    "KafkaGroupGrowing": lambda: _watched(_slow(30 * MINUTE, 60), _reads(END + 100 * 30 * MINUTE, 20 * MINUTE)),
    "KafkaGroupAhead": lambda: _watched([Poll(END, END + 500)] * (7 * MINUTE), _reads(END + 600, 3 * MINUTE)),
    "KafkaGroupRewound": lambda: _watched(
        [Poll(END + 100 * each, END - 50_000 + 500 * each) for each in range(3 * MINUTE)],
        _reads(END + 1_800, 45 * MINUTE),
    ),
    "KafkaGroupRebalancing": _rebalancing,
    "KafkaStreamsGroupNotReady": lambda: Scene(
        (_group(group_type="streams", state="NotReady"),), (_group(group_type="streams"),)
    ),
    "KafkaGroupBurning": lambda: _watched(
        _still(15 * MINUTE, 1), _reads(END + 100 * 15 * MINUTE, 10 * MINUTE), slos=OBJECTIVE
    ),
    "KafkaGroupBudgetSpent": lambda: _watched(_still(60, 1), _reads(END + 6_000, 380), slos=OBJECTIVE, interval=60.0),
    "KafkaGroupTimeLag": lambda: _watched(_slow(40 * MINUTE, 20), _reads(END + 100 * 40 * MINUTE, 10 * MINUTE)),
    "KafkaGroupLag": lambda: _watched(_slow(40 * MINUTE, 20), _reads(END + 100 * 40 * MINUTE, 10 * MINUTE)),
    "KafkaGroupDataLossNear": lambda: _watched(
        _still(15 * MINUTE, 0), _reads(END + 100 * 15 * MINUTE, 10 * MINUTE), retention_seconds=3600
    ),
    "KafkaGroupLagUnknown": lambda: _watched(
        [Poll(None, END)] * (35 * MINUTE), _reads(END + 100 * 35 * MINUTE, 3 * MINUTE)
    ),
    "KafkaOfflinePartitions": lambda: _partitions(leaders=[1, -1], isr=[[1, 2, 3], []]),
    "KafkaUnderMinIsr": lambda: _partitions(isr=[[1], [2, 3, 1]]),
    "KafkaAtMinIsr": lambda: _partitions(isr=[[1, 2], [2, 3, 1]]),
    "KafkaDeadLetters": lambda: Scene((_topic("orders.DLQ", 3),), (_topic("orders.DLQ", 0),)),
    "KafkaTopicUnread": _unread,
    "KafkaMinIsrTooHigh": lambda: _changed(topic_configs=configs(2, min_insync_replicas=np.array([2.0, 3.0]))),
    "KafkaUncleanElectionEnabled": lambda: _changed(topic_configs=configs(2, unclean_election=np.array([0.0, 1.0]))),
    "KafkaTopicUnreplicated": lambda: Scene(
        (_topic("audit", 3, replicas=[[1]], isr=[[1]]),), (_topic("audit", 3, replicas=[[1, 2]], isr=[[1, 2]]),)
    ),
    "KafkaReassignmentSlow": _reassignment,
    "KafkaBrokerDown": lambda: Scene((_gone_broker(), *[_fenced_broker()] * (4 * MINUTE)), (healthy_view(),)),
    "KafkaBrokerSilent": lambda: Scene(
        (make_view(replace(healthy_snapshot(), silent=reasons("broker 3: timed out after 3.3 s"))),), (healthy_view(),)
    ),
    "KafkaUnderReplicated": lambda: _partitions(isr=[[1, 2], [2, 3, 1]]),
    "KafkaLeaderImbalance": lambda: _partitions(leaders=[2, 2]),
    "KafkaLogDirOffline": _offline_dir,
    "KafkaDiskFull": lambda: _changed(log_dirs=log_dirs(free=4)),
    "KafkaDiskNearlyFull": lambda: _changed(log_dirs=log_dirs(free=10)),
    "KafkaCertificateExpiring": lambda: Scene((_certified(20),), (_certified(365),)),
    "KafkaDiskSkew": lambda: Scene((_sized(4.0),), (_sized(1.0),)),
    "KafkaHangingTransaction": _hanging_transaction,
    "KafkaNoController": lambda: _changed(quorum=quorum([0.0, 0.0, 0.0], led=False)),
    "KafkaQuorumMinority": lambda: _changed(quorum=quorum([0.0, 0.0, 600.0])),
    "KafkaQuorumBehind": lambda: _changed(quorum=quorum([0.0, 0.0, 600.0])),
    "KmonIncomplete": lambda: Scene(
        (make_view(healthy_snapshot(failed={"configs": "broker 2: timed out after 3.3 s"})),), (healthy_view(),)
    ),
    "KmonOverrunning": _overrunning,
    "KmonStateNotKept": lambda: Scene(
        (make_view(healthy_snapshot(), state_trouble=STATE_TROUBLE),),
        (make_view(healthy_snapshot(), state_trouble=""),),
    ),
    "KmonPermissionMissing": lambda: _changed(capabilities=capabilities(0.0)),
}
"""The scene of each alert, by its name."""

"""Views for the tests over all faces: a healthy cluster, each problem, unknowns of each kind, and hostile names."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from details import detailed_snapshot, detailed_view
from hostile import HOSTILE
from reasons import reason, reasons
from troubled import troubled_views
from views import NOW, Group, Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.broker_metrics import BrokerMetrics
from monitor.model.cluster_tables import Capabilities, LogDirs, Quorum, Reassignments, Transactions
from monitor.model.snapshot import Snapshot
from monitor.model.table import Ragged, objects
from monitor.model.view import View

GIB = float(2**30)


def healthy() -> View:
    topics = [Topic("orders", [(0, 100), (0, 50)])]
    groups = [Group("g", {("orders", 0): 100, ("orders", 1): 50}, [("c", "/h", [("orders", 0), ("orders", 1)])])]
    return make_view(snapshot_of(topics, groups))


def slow_broker() -> View:
    """A healthy cluster whose broker 2 reports that its request handlers are hardly ever idle."""
    snapshot = healthy().snapshot
    rows = [(node, snapshot.started, *[math.nan] * 3, idle, 0.9, 0.0, 0) for node, idle in ((1, 0.8), (2, 0.03))]
    return make_view(replace(snapshot, broker_metrics=BrokerMetrics.of_rows(rows)))


def every_problem() -> View:
    """The detailed shop, with disks about every limit, transactions about theirs, and brokers of each kind."""
    return make_view(worse(detailed_snapshot()))


def worse(snapshot: Snapshot) -> Snapshot:
    storage = snapshot.reasons.index(reason("KAFKA_STORAGE_ERROR"))
    free = (40, 16, 14, 6, 4, math.nan, math.nan)
    count = len(free)
    dirs = LogDirs(
        broker=np.array([1, 1, 1, 2, 2, 2, 3]),
        path=objects(f"/data/{each}" for each in range(count)),
        total_bytes=np.array([100 * GIB] * (count - 2) + [math.nan] * 2),
        usable_bytes=np.array(free) * GIB,
        reason=np.array([0] * (count - 1) + [storage]),
    )
    ages = np.array([10.0, 850.0, 1_000.0, 1_100.0, 1_300.0, math.nan])
    transactions = Transactions(
        transactional_id=objects(f"tx-{each}" for each in range(6)),
        producer_id=np.arange(6.0),
        state=objects(["Ongoing"] * 6),
        coordinator=np.array([1] * 6),
        started=snapshot.time + 0.1 - ages,
        timeout_seconds=np.array([900.0] * 6),
        reason=np.array([0] * 5 + [storage]),
    )
    moving = Reassignments(
        topic=np.array([1, 3]),
        partition=np.array([0, 0]),
        replicas=Ragged.of([[1, 2, 3]] * 2),
        adding=Ragged.of([[], [4]]),
        removing=Ragged.of([[3], [3]]),
    )
    silent = reasons("broker 1: timed out after 3.0 s")
    rows = [snapshot.partitions.isr.row(row) for row in range(len(snapshot.partitions))]
    rows[int(snapshot.topics.first_row[2])] = [1, 2]
    isr = Ragged.of(rows)
    partitions = replace(snapshot.partitions, isr=isr)
    replicas = replace(snapshot.replicas, log_dir=np.where(snapshot.replicas.broker == 1, 0, 3))
    return replace(
        snapshot,
        partitions=partitions,
        reassignments=moving,
        log_dirs=dirs,
        transactions=transactions,
        silent=silent,
        replicas=replicas,
    )


def no_leader() -> View:
    snapshot = detailed_snapshot()
    quorum = snapshot.quorum
    lost = Quorum(
        node=quorum.node,
        voter=quorum.voter,
        leader=np.zeros(4, bool),
        log_end_offset=np.full(4, np.nan),
        last_fetch=np.full(4, np.nan),
        last_caught_up=np.full(4, np.nan),
    )
    return make_view(replace(snapshot, quorum=lost, brokers=replace(snapshot.brokers, fenced=np.full(4, np.nan))))


def unknowns() -> View:
    """Groups of which nothing may be asked, or not all; a group that stopped long ago; what metadata does not have."""
    topics = [Topic("t", [(0, 100), (10, None)]), Topic("lonely", [(0, 5)], isr=[[1]])]
    groups = [
        Group("denied", reason="denied: Describe on the group", commits_reason="denied: Describe on the group"),
        Group("half", {("t", 0): 40, ("t", 1): 20}),
        Group("uncommitted", {("t", 0): None}, [("c", "/h", [("t", 0)])]),
        Group("gone", {("deleted", 0): 7}),
        Group("unread", {}, [("c", "/h", [("t", 0)])], commits_reason="broker 2: timed out after 3.0 s"),
        Group("nothing", {}),
        Group("undescribed", {("t", 0): 100}, reason="denied: Describe on the group"),
        Group("below", {("t", 1): 5}),
    ]
    return make_view(snapshot_of(topics, groups, failed={"groups": "broker 2: timed out after 3.0 s"}))


def hidden() -> View:
    """Topics that this user may not describe, on which a group without members may have commits."""
    snapshot = snapshot_of([Topic("t", [(0, 100)])], [Group("empty"), Group("reads", {("t", 0): 40})])
    denied = Capabilities(
        capability=objects(["describe_all_topics"]),
        available=np.zeros(1),
        why_not=objects(reasons("Describe on all topics is denied")),
    )
    return make_view(replace(snapshot, capabilities=denied))


def unreachable() -> View:
    good = shop_view()
    return make_view(snapshot_of([], [], error="no broker answered", brokers=0, time=NOW + 10), last_good=good)


def hostile() -> View:
    names = sorted(set(HOSTILE))
    topics = [Topic(name, [(0, 100), (0, 50)], isr=[[1, 2], [2, 3, 1]]) for name in names]
    groups = [Group(name, {(name, 0): 20.0 + row, (name, 1): None}) for row, name in enumerate(names)]
    return make_view(snapshot_of(topics, groups))


VIEWS: dict[str, Callable[[], View]] = {
    "healthy": healthy,
    "shop": shop_view,
    "detailed": detailed_view,
    "slow broker": slow_broker,
    "every problem": every_problem,
    "no leader": no_leader,
    "troubled": lambda: troubled_views()[-1],
    "unknowns": unknowns,
    "hidden": hidden,
    "unreachable": unreachable,
    "hostile": hostile,
}

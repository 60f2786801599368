"""Small Snapshots and Views written as plain lists, for tests of pure code and of the faces."""

import math
from dataclasses import dataclass, field

import numpy as np
from reasons import reason, reasons

from monitor.analysis.view import make_view
from monitor.collect.collectors import COLLECTORS
from monitor.model.reasons import ReasonCodes
from monitor.model.snapshot import (
    Assignments,
    Brokers,
    Commits,
    Groups,
    Members,
    Offsets,
    Outcome,
    Partitions,
    Requests,
    Snapshot,
    Topics,
)
from monitor.model.table import Ragged, objects
from monitor.model.view import AlertRow, View
from monitor.poll.source import Memory

COLLECTOR_NAMES = tuple(each.name for each in COLLECTORS)
NOW = 1_790_000_000.0
"""The unix time of every fixture: a poll in 2026."""


@dataclass
class Group:
    """A group: `commits` maps (topic, partition) to an offset, None for no commit, or a text: why it is unknown.

    `members` is a list of (client id, host, [(topic, partition), …]); each subscribes to `subscribed` and with `regex`.
    """

    name: str
    commits: dict[tuple[str, int], float | str | None] = field(default_factory=dict)
    members: list[tuple[str, str, list[tuple[str, int]]]] = field(default_factory=list)
    group_type: str | None = "classic"
    state: str | None = "Stable"
    commits_reason: str = ""
    reason: str = ""
    assignments_reason: str = ""
    protocol_type: str | None = None
    subscribed: tuple[str, ...] | None = None
    regex: str | None = None


@dataclass
class Topic:
    """A topic: (start, end) offsets of each partition; either may be None with `reason`. All is stable but `stable`."""

    name: str
    offsets: list[tuple[float | None, float | None]]
    leaders: list[int] | None = None
    isr: list[list[int]] | None = None
    replicas: list[list[int]] | None = None
    topic_id: str = "2CgPoZtBQo2gW6Qn0b3u1A"
    stable: list[float] | None = None


def snapshot_of(
    topics: list[Topic],
    groups: list[Group],
    *,
    cluster: str = "demo",
    brokers: int = 3,
    time: float = NOW,
    error: str = "",
    failed: dict[str, str] | None = None,
    offset_reason: str = "broker 2: timed out after 3.3 s",
) -> Snapshot:
    """A Snapshot of these topics and groups; `failed` maps a collector's name to its errors, with "; " between."""
    codes = ReasonCodes()

    def code(text: str) -> int:
        return codes[reason(text)]

    groups = sorted(groups, key=lambda each: each.name)
    mentioned = {topic for group in groups for topic, _ in group.commits}
    mentioned |= {topic for group in groups for _, _, assigned in group.members for topic, _ in assigned}
    names = sorted(topic.name for topic in topics)
    names += sorted(mentioned - set(names))
    topic_row = {name: row for row, name in enumerate(names)}
    by_name = {topic.name: topic for topic in topics}
    counts = [len(by_name[name].offsets) if name in by_name else 0 for name in names]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]) if names else np.zeros(0)
    rows = [
        (by_name[name], partition)
        for name in names
        if name in by_name
        for partition in range(len(by_name[name].offsets))
    ]
    nodes = list(range(1, brokers + 1))

    def replicas(topic: Topic, partition: int) -> list[int]:
        if topic.replicas:
            return topic.replicas[partition]
        return [nodes[(partition + each) % len(nodes)] for each in range(min(3, len(nodes)))]

    def number(value: float | None) -> float:
        return math.nan if value is None else float(value)

    members = [
        (row, client, host, assigned) for row, group in enumerate(groups) for client, host, assigned in group.members
    ]
    commits = [
        (row, topic_row[topic], partition, value)
        for row, group in enumerate(groups)
        for (topic, partition), value in sorted(group.commits.items())
    ]
    share = [groups[row].group_type == "share" for row, _, _, _ in commits]
    ends = {(topic_row[t.name], p): e for t in topics for p, (_, e) in enumerate(t.offsets)}
    failed = failed or {}
    assert failed.keys() <= set(COLLECTOR_NAMES), "no such collector"
    return Snapshot(
        cluster=cluster,
        time=time,
        started=1000.0,
        errors=reasons(error),
        cluster_id="4L6g3nShT-eMCtK--X86sw",
        controller=1 if brokers else None,
        brokers=Brokers(
            np.array(nodes),
            objects("127.0.0.1" for _ in nodes),
            np.array([19091 + each for each in nodes]),
            objects(f"r{each}" for each in nodes),
            np.zeros(len(nodes)),
            objects("4.0" for _ in nodes),
        ),
        topics=Topics(
            objects(names),
            objects(by_name[name].topic_id if name in by_name else None for name in names),
            np.array([name.startswith("__") for name in names], bool),
            np.array(counts, np.int32),
            np.array(first, np.int32),
            np.ones(len(names), bool),
            np.array([0 if name in by_name else code("not in metadata") for name in names], np.int32),
        ),
        partitions=Partitions(
            np.array([topic_row[topic.name] for topic, _ in rows], np.int32),
            np.array([partition for _, partition in rows], np.int32),
            np.array([topic.leaders[p] if topic.leaders else replicas(topic, p)[0] for topic, p in rows], np.int32),
            np.zeros(len(rows), np.int32),
            Ragged.of([replicas(topic, p) for topic, p in rows]),
            Ragged.of([topic.isr[p] if topic.isr else replicas(topic, p) for topic, p in rows]),
            Ragged.of([[] for _ in rows]),
        ),
        offsets=Offsets(
            start_offset=np.array([number(topic.offsets[p][0]) for topic, p in rows]),
            start_reason=np.array([code(offset_reason) if topic.offsets[p][0] is None else 0 for topic, p in rows]),
            end_offset=np.array([number(topic.offsets[p][1]) for topic, p in rows]),
            end_reason=np.array([code(offset_reason) if topic.offsets[p][1] is None else 0 for topic, p in rows]),
            stable_offset=np.array(
                [number(topic.stable[p] if topic.stable else topic.offsets[p][1]) for topic, p in rows]
            ),
            stable_reason=np.array([code(offset_reason) if topic.offsets[p][1] is None else 0 for topic, p in rows]),
        ),
        groups=Groups(
            objects(group.name for group in groups),
            objects(group.group_type for group in groups),
            objects(
                each.protocol_type
                if each.protocol_type is not None
                else "consumer"
                if each.group_type in {"classic", None}
                else each.group_type
                for each in groups
            ),
            objects(None if group.reason else group.state for group in groups),
            np.array([nodes[row % len(nodes)] if nodes else -1 for row in range(len(groups))], np.int32),
            np.array([math.nan if group.group_type == "classic" else 7.0 for group in groups]),
            np.array([math.nan if group.group_type == "classic" else 7.0 for group in groups]),
            np.array([2.0 if group.group_type == "streams" else math.nan for group in groups]),
            objects("range" if group.members else None for group in groups),
            np.array([math.nan if group.reason else float(len(group.members)) for group in groups]),
            np.array([code(group.reason) for group in groups]),
            np.array([code(group.commits_reason) for group in groups]),
            np.array([code(group.assignments_reason) for group in groups]),
        ),
        members=Members(
            group=np.array([row for row, _, _, _ in members], np.int32),
            member_id=objects(f"{client}-4f2a" for _, client, _, _ in members),
            client_id=objects(client for _, client, _, _ in members),
            host=objects(host for _, _, host, _ in members),
            instance_id=objects(None for _ in members),
            rack=objects(None for _ in members),
            epoch=np.full(len(members), math.nan),
            subscribed=objects(groups[row].subscribed for row, _, _, _ in members),
            subscribed_regex=objects(groups[row].regex for row, _, _, _ in members),
        ),
        assignments=Assignments(
            member=np.array([row for row, member in enumerate(members) for _ in member[3]], np.int32),
            topic=np.array([topic_row[topic] for member in members for topic, _ in member[3]], np.int32),
            partition=np.array([partition for member in members for _, partition in member[3]], np.int32),
        ),
        commits=Commits(
            np.array([row for row, _, _, _ in commits], np.int32),
            np.array([topic for _, topic, _, _ in commits], np.int32),
            np.array([partition for _, _, partition, _ in commits], np.int32),
            np.array([value if isinstance(value, (int, float)) else math.nan for _, _, _, value in commits]),
            np.array(
                [
                    np.maximum(0.0, number(ends.get((topic, partition))) - float(value))
                    if is_share and isinstance(value, (int, float))
                    else math.nan
                    for is_share, (_, topic, partition, value) in zip(share, commits, strict=True)
                ]
            ),
            np.array([code(value) if isinstance(value, str) else 0 for _, _, _, value in commits], np.int32),
        ),
        requests=Requests(
            api=objects(["Metadata", "ListOffsets"]),
            broker=np.array([1, 2]),
            requests=np.array([7.0, 21.0]),
            errors=np.array([0.0, 1.0]),
            seconds=np.array([0.05, 0.9]),
            received_bytes=np.array([12_000.0, 84_000.0]),
            durations=Ragged.of([[4, 3, *[0] * 10], [0, 5, 10, 5, *[0] * 6, 1, 0]]),
        ),
        interval_seconds=10.0,
        outcomes=tuple(
            Outcome(name, 0.012, None if name in failed else time + 0.1, reasons(*failed.get(name, "").split("; ")))
            for name in COLLECTOR_NAMES
        ),
        reasons=tuple(codes),
    )


def shop_view(
    step: int = 0, *, alerts: tuple[AlertRow, ...] = (), last_good: View | None = None, **changes: object
) -> View:
    """A View of a small shop with a group in every state; `step` polls later, offsets have moved on.

    `changes` go to snapshot_of (error, failed, time, cluster …).
    """
    moved = 100.0 * step
    topics = [
        Topic("orders", [(0, 5_000 + moved), (10, 4_000 + moved), (0, 4_500 + moved)]),
        Topic("payments", [(500, 12_000 + 2 * moved), (0, 9_000.0)], isr=[[1, 2], [2, 3, 1]]),
        Topic("clicks", [(0, 250_000 + 40 * moved), (0, None)]),
        Topic("audit", [(0, 42), (0, 0)], leaders=[1, -1], isr=[[1, 2, 3], []]),
    ]
    groups = [
        Group(
            "orders-fulfilment",
            {("orders", 0): 5_000 + moved, ("orders", 1): 3_998 + moved, ("orders", 2): 4_500 + moved},
            [("fulfil-1", "/10.0.3.17", [("orders", 0), ("orders", 1)]), ("fulfil-2", "/10.0.3.18", [("orders", 2)])],
        ),
        Group("payments-ledger", {("payments", 0): 100, ("payments", 1): 7_000}, state="Empty"),
        Group(
            "clicks-sessionizer",
            {("clicks", 0): 180_000 + 10 * moved, ("clicks", 1): 66_000},
            [("sess-a", "/10.0.4.2", [("clicks", 0), ("clicks", 1)])],
            group_type="consumer",
        ),
        Group("audit-archiver", {("audit", 0): None}, [("arch", "/10.0.5.9", [("audit", 0)])]),
        Group("inventory-sync", {("orders", 0): 4_900 + moved}, [("inv", "/10.0.6.1", [])], group_type="share"),
        Group(
            "word-count", {("orders", 1): 4_000 + moved}, [("wc-0", "/10.0.7.7", [("orders", 1)])], group_type="streams"
        ),
        Group("secret-group", reason="denied: Describe on the group", commits_reason="denied: Describe on the group"),
    ]
    base: dict[str, object] = {"time": NOW + 10.0 * step}
    return make_view(snapshot_of(topics, groups, **{**base, **changes}), alerts=alerts, last_good=last_good)  # type: ignore[arg-type]


class FixtureSource(Memory):
    """A Source that a test feeds with `show(view)`; `reads` counts what a face asked of it."""

    def __init__(self, *views: View, cluster: str = "demo", interval_seconds: float = 10.0) -> None:
        super().__init__(cluster, interval_seconds)
        self.reads = 0
        for view in views:
            self.show(view)

    def latest(self) -> View | None:
        self.reads += 1
        return super().latest()

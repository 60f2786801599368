"""State, members and assignments of groups: each type's describe request, for all groups of a coordinator at once."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, Step
from monitor.collect.collectors.by_coordinator import CoordinatorCollector, GroupRequest
from monitor.collect.draft import Draft, GroupDescription, MemberRow, SubtopologyRow
from monitor.kafka.client.apis import (
    CONSUMER_GROUP_DESCRIBE,
    DESCRIBE_GROUPS,
    SHARE_GROUP_DESCRIBE,
    STREAMS_GROUP_DESCRIBE,
    Api,
)
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_name, error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError
from monitor.kafka.messages import decoded
from monitor.model.reasons import NO_REASON, Kind, Reason

TOPIC_DENIED = 29
"""What a coordinator answers for a whole group of which a member has a topic that the user may not describe."""

Descriptions = dict[str, GroupDescription]


def _one(describe: Callable[[Any], GroupDescription], group: Any) -> GroupDescription:
    if group.error_code == TOPIC_DENIED:
        denied = Reason(Kind.TOPIC_OF_GROUP_DENIED, code=TOPIC_DENIED, detail=error_name(TOPIC_DENIED))
        return GroupDescription(error=denied)
    if group.error_code:
        return GroupDescription(error=error_reason(group.error_code))
    return describe(group)


def _classic(group: Any) -> GroupDescription:
    consumer = group.protocol_type == "consumer"
    members, unreadable = [], []
    for each in group.members:
        assigned = _classic_assignment(bytes(each.member_assignment or b"")) if consumer else []
        if assigned is None:
            unreadable.append(str(each.client_id))
        row = MemberRow(each.member_id, each.client_id, _host(each), each.group_instance_id, None, assigned or [])
        if consumer:
            row.subscribed = _classic_subscription(bytes(each.member_metadata or b""))
        members.append(row)
    more = f" and {len(unreadable) - 1:,} more" if len(unreadable) > 1 else ""
    error = Reason(Kind.BAD_ASSIGNMENT, detail=f"{unreadable[0]}{more}") if unreadable else NO_REASON
    return GroupDescription(
        state=group.group_state, assignor=group.protocol_data or None, members=members, assignment_error=error
    )


def _classic_assignment(data: bytes) -> list[tuple[str, int]] | None:
    """The partitions in a classic member's assignment; None where a client wrote something else."""
    if not data:
        return []
    try:
        cursor = Cursor(data, flexible=False)
        cursor.skip(2)  # version
        return [
            (name, cursor.int32())
            for name in (cursor.name() for _ in range(cursor.count()))
            for _ in range(cursor.count())
        ]
    except MalformedAnswerError:
        return None


@lru_cache(maxsize=2048)
def _classic_subscription(data: bytes) -> tuple[str, ...] | None:
    """The topics in a classic member's metadata; None where a client wrote something else, or the group rebalances.

    Members mostly subscribe to the same, often with the same bytes, which are decoded once.
    """
    try:
        cursor = Cursor(data, flexible=False)
        cursor.skip(2)  # version
        return _shared(tuple(cursor.name() for _ in range(cursor.count())))
    except MalformedAnswerError:
        return None


@lru_cache(maxsize=2048)
def _shared(topics: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all members that subscribe to the same topics."""
    return topics


def _modern(group: Any, assigned: Callable[[Any], list[tuple[str, int]]], **more: Any) -> GroupDescription:
    """A group whose coordinator assigns; `assigned` reads an assignment, `more` is what only its type has."""
    return GroupDescription(
        state=group.group_state,
        epoch=_epoch(group.group_epoch),
        assignment_epoch=_epoch(group.assignment_epoch),
        members=[_member(each, assigned) for each in group.members],
        **more,
    )


def _host(member: Any) -> str:
    """The address a member connects from, without the slash that Java writes for a name that it did not look up."""
    return str(member.client_host).removeprefix("/")


def _member(member: Any, assigned: Callable[[Any], list[tuple[str, int]]]) -> MemberRow:
    now = assigned(member.assignment)
    wanted = getattr(member, "target_assignment", None)  # which share groups do not tell
    target = None if wanted is None else assigned(wanted)
    topics = getattr(member, "subscribed_topic_names", None)  # which streams groups do not have
    return MemberRow(
        member.member_id,
        member.client_id,
        _host(member),
        getattr(member, "instance_id", None),
        member.rack_id or None,
        now,
        _epoch(member.member_epoch),
        None if target is None or set(target) == set(now) else target,
        subscribed=None if topics is None else _shared(tuple(topics)),
        subscribed_regex=getattr(member, "subscribed_topic_regex", None) or None,
    )


def _epoch(value: int) -> float | None:
    """An epoch; Kafka writes negative numbers where there is none, as for a static member that is away."""
    return None if value < 0 else float(value)


def _partitions(assignment: Any) -> list[tuple[str, int]]:
    return [(each.topic_name, number) for each in assignment.topic_partitions for number in each.partitions]


def _consumer(group: Any) -> GroupDescription:
    return _modern(group, _partitions, assignor=group.assignor_name or None)


def _streams(group: Any) -> GroupDescription:
    """A task reads the partition of its number of every source topic of its subtopology."""
    parts = (group.topology.subtopologies if group.topology else None) or []
    subtopologies = [_subtopology(each) for each in sorted(parts, key=lambda each: str(each.subtopology_id))]
    sources = {each.subtopology: (*each.source_topics, *each.repartition_topics) for each in subtopologies}

    def assigned(assignment: Any) -> list[tuple[str, int]]:
        return [
            (topic, number)
            for task in assignment.active_tasks
            for number in task.partitions
            for topic in sources.get(task.subtopology_id, ())
        ]

    described = _modern(
        group,
        assigned,
        topology_epoch=_epoch(group.topology.epoch) if group.topology else None,
        subtopologies=subtopologies,
    )
    for row, member in zip(described.members, group.members, strict=True):
        row.tasks = _tasks(member.assignment)
    return described


def _subtopology(each: Any) -> SubtopologyRow:
    return SubtopologyRow(
        each.subtopology_id,
        tuple(each.source_topics),
        tuple(topic.name for topic in each.repartition_source_topics),
        tuple(topic.name for topic in each.state_changelog_topics),
    )


def _tasks(assignment: Any) -> list[tuple[str, int, str]]:
    return [
        (task.subtopology_id, number, role)
        for role in ("active", "standby", "warmup")
        for task in getattr(assignment, f"{role}_tasks")
        for number in task.partitions
    ]


_DESCRIBE: Mapping[Api, Callable[[Any], GroupDescription]] = {
    DESCRIBE_GROUPS: _classic,
    CONSUMER_GROUP_DESCRIBE: _consumer,
    SHARE_GROUP_DESCRIBE: _consumer,
    STREAMS_GROUP_DESCRIBE: _streams,
}
"""How the groups in an answer are read."""


def _group_ids(names: list[str], _version: int) -> dict[str, Any]:
    return {"group_ids": names}


class GroupMemberCollector(CoordinatorCollector):
    """Decodes an answer only when its bytes differ from the last one to the same question."""

    name = "group_members"
    step = Step.ENDS
    provides = "members, subscriptions, assignments, epochs, targets, tasks"
    fills = ("groups", "members", "assignments", "target_assignments", "tasks", "subtopologies")
    sends = requests.GROUPS
    without = "state and members of groups are unknown"

    group_requests = (
        GroupRequest(("classic", None), DESCRIBE_GROUPS, lambda names, _version: {"groups": names}),
        GroupRequest(("consumer",), CONSUMER_GROUP_DESCRIBE, _group_ids),
        GroupRequest(("share",), SHARE_GROUP_DESCRIBE, _group_ids),
        GroupRequest(("streams",), STREAMS_GROUP_DESCRIBE, _group_ids),
    )

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[int, tuple[bytes, Descriptions]] = {}
        self._parts: list[tuple[bytes, Descriptions]] = []
        self._merged: tuple[list[bytes] | None, Descriptions] = (None, {})

    def renew(self) -> None:
        self._seen = {}

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._parts = []
        missing = super().read(client, draft, asks, replies)
        marks = [mark for mark, _ in self._parts]
        if missing or marks != self._merged[0]:
            merged = {name: each for _, part in self._parts for name, each in part.items()}
            self._merged = (None if missing else marks, merged)
        draft.descriptions = self._merged[1]
        errors = dict.fromkeys(each.error for each in draft.descriptions.values() if each.error)
        return [*missing, *(each for each in errors if each not in missing)]

    def take(self, draft: Draft, place: int, answer: Answer) -> None:
        mark = answer.mark()
        if place not in self._seen or self._seen[place][0] != mark:
            describe = _DESCRIBE[answer.api]
            with decoded(answer) as described:
                self._seen[place] = mark, {str(each.group_id): _one(describe, each) for each in described.groups}
        self._parts.append(self._seen[place])

    def lack(self, draft: Draft, names: list[str], trouble: Reason) -> None:
        self._parts.append((b"", dict.fromkeys(names, GroupDescription(error=trouble))))

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.descriptions = {each.group: GroupDescription(error=reason) for each in draft.groups}

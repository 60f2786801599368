"""State, members and assignments of groups: each type's describe request, for all groups of a coordinator at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kafka.protocol.admin import DescribeGroupsRequest, DescribeGroupsResponse

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.commits import chunks
from monitor.collect.draft import Draft, GroupDescription, ListedGroup, MemberRow, SubtopologyRow
from monitor.kafka import schemas
from monitor.kafka.client.apis import (
    CONSUMER_GROUP_DESCRIBE,
    DESCRIBE_GROUPS,
    SHARE_GROUP_DESCRIBE,
    STREAMS_GROUP_DESCRIBE,
    Api,
)
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, Kind, error_name, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError, understanding
from monitor.kafka.decode.plain import read

GROUPS_A_REQUEST = 4000
TOPIC_DENIED = 29
"""What a coordinator answers for a whole group of which a member has a topic that the user may not describe."""


@dataclass(frozen=True)
class GroupType:
    """How groups of a type are described: `describe(group)` reads one group of an answer.

    `names` is the field of the request that takes the group ids.
    """

    types: tuple[str | None, ...]
    api: Api
    request: Any
    response: Any
    names: str
    describe: Callable[[Any], GroupDescription]


class GroupMemberCollector(Collector):
    """Decodes an answer only when its bytes differ from the last one to the same question."""

    name = "group_members"
    step = Step.ENDS
    provides = "members, assignments, epochs, targets, tasks"
    fills = ("groups", "members", "assignments", "target_assignments", "tasks", "subtopologies")
    sends = requests.GROUPS
    without = "state and members of groups are unknown"

    def __init__(self) -> None:
        self._groups: list[ListedGroup] | None = None
        self._questions: list[tuple[int, GroupType, list[str]]] = []
        self._requests: dict[tuple[int, int], bytes] = {}
        self._asked: list[int] = []
        self._seen: dict[int, tuple[bytes, dict[str, GroupDescription]]] = {}
        self._merged: tuple[list[bytes] | None, dict[str, GroupDescription]] = (None, {})

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        if self._groups is not draft.groups:
            self._groups = draft.groups
            questions = [
                (node, kind, names)
                for kind in GROUP_TYPES
                for node, names in chunks(draft, kind.types, GROUPS_A_REQUEST)
            ]
            if questions != self._questions:
                self._questions, self._requests, self._seen = questions, {}, {}
        self._asked = [index for index, (node, _, _) in enumerate(self._questions) if node not in draft.failed]
        return [
            Ask(self._questions[index][0], self._questions[index][1].api, partial(self._body, index))
            for index in self._asked
        ]

    def _body(self, index: int, version: int) -> bytes:
        if (index, version) not in self._requests:
            _, kind, names = self._questions[index]
            self._requests[index, version] = bytes(kind.request(version=version, **{kind.names: names}).encode())
        return self._requests[index, version]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        asked = dict(zip(self._asked, replies, strict=True))
        missing: list[str] = []
        marks: list[bytes] = []
        parts: list[dict[str, GroupDescription]] = []
        for index, (node, kind, names) in enumerate(self._questions):
            reply = asked.get(index)
            trouble = draft.failed.get(node, "") if reply is None else ""
            if isinstance(reply, Fault):
                trouble = draft.note(reply)
            elif reply is not None:
                try:
                    parts.append(self._described(index, kind, reply))
                    marks.append(self._seen[index][0])
                except MalformedAnswerError as error:
                    trouble = f"broker {node}: {Kind.PROTOCOL}: {error}"
            if trouble:
                missing.append(trouble)
                parts.append(dict.fromkeys(names, GroupDescription(error=trouble)))
        if missing or marks != self._merged[0]:
            merged = {name: each for part in parts for name, each in part.items()}
            self._merged = (None if missing else marks, merged)
        draft.descriptions = self._merged[1]
        errors = {each.error for each in draft.descriptions.values()} - {""}
        return [*missing, *sorted(errors - set(missing))]

    def _described(self, index: int, kind: GroupType, answer: Answer) -> dict[str, GroupDescription]:
        seen, mark = self._seen.get(index), answer.mark()
        if seen is None or seen[0] != mark:
            described = read(kind.response, answer.body, answer.version)
            with understanding(f"{answer.api.name} v{answer.version}"):
                groups = {str(each.group_id): _one(kind, each) for each in described.groups}
            self._seen[index] = (mark, groups)
            return groups
        return seen[1]

    def fail(self, draft: Draft, reason: str) -> None:
        draft.descriptions = {each.group: GroupDescription(error=reason) for each in draft.groups}


def _one(kind: GroupType, group: Any) -> GroupDescription:
    if group.error_code == TOPIC_DENIED:
        return GroupDescription(error=f"Describe on a topic that it reads is denied ({error_name(TOPIC_DENIED)})")
    if group.error_code:
        return GroupDescription(error=error_text(group.error_code))
    return kind.describe(group)


def _classic(group: Any) -> GroupDescription:
    consumer = group.protocol_type == "consumer"
    members, unreadable = [], []
    for each in group.members:
        assigned = _classic_assignment(bytes(each.member_assignment or b"")) if consumer else []
        if assigned is None:
            unreadable.append(str(each.client_id))
        members.append(
            MemberRow(each.member_id, each.client_id, each.client_host, each.group_instance_id, None, assigned or [])
        )
    more = f" and {len(unreadable) - 1:,} more" if len(unreadable) > 1 else ""
    error = f"the assignment of member {unreadable[0]}{more} cannot be decoded" if unreadable else ""
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


def _modern(group: Any, assigned: Callable[[Any], list[tuple[str, int]]], **more: Any) -> GroupDescription:
    """A group whose coordinator assigns; `assigned` reads an assignment, `more` is what only its type has."""
    return GroupDescription(
        state=group.group_state,
        epoch=_epoch(group.group_epoch),
        assignment_epoch=_epoch(group.assignment_epoch),
        members=[_member(each, assigned) for each in group.members],
        **more,
    )


def _member(member: Any, assigned: Callable[[Any], list[tuple[str, int]]]) -> MemberRow:
    now = assigned(member.assignment)
    wanted = getattr(member, "target_assignment", None)  # which share groups do not tell
    target = None if wanted is None else assigned(wanted)
    return MemberRow(
        member.member_id,
        member.client_id,
        member.client_host,
        getattr(member, "instance_id", None),
        member.rack_id or None,
        now,
        _epoch(member.member_epoch),
        None if target is None or set(target) == set(now) else target,
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


GROUP_TYPES = (
    GroupType(("classic", None), DESCRIBE_GROUPS, DescribeGroupsRequest, DescribeGroupsResponse, "groups", _classic),
    GroupType(
        ("consumer",),
        CONSUMER_GROUP_DESCRIBE,
        schemas.ConsumerGroupDescribeRequest,
        schemas.ConsumerGroupDescribeResponse,
        "group_ids",
        _consumer,
    ),
    GroupType(
        ("share",),
        SHARE_GROUP_DESCRIBE,
        schemas.ShareGroupDescribeRequest,
        schemas.ShareGroupDescribeResponse,
        "group_ids",
        _consumer,
    ),
    GroupType(
        ("streams",),
        STREAMS_GROUP_DESCRIBE,
        schemas.StreamsGroupDescribeRequest,
        schemas.StreamsGroupDescribeResponse,
        "group_ids",
        _streams,
    ),
)
"""Each type of group and how it is described. A broker that does not name the type has classic groups only."""

"""From the draft of a poll to its Snapshot: names become rows, and tables that did not change are used again."""

from dataclasses import replace

import numpy as np

from monitor.draft import CommitRows, Draft, GroupDescription, ListedGroup, OffsetColumn
from monitor.snapshot import (
    Assignments,
    Brokers,
    Commits,
    Groups,
    Members,
    Offsets,
    Outcome,
    Requests,
    Snapshot,
    Topics,
    row_key,
)
from monitor.table import Floats, Ints, objects

NOT_IN_METADATA = "not in metadata: deleted, or Describe on the topic is denied"
DESCRIBED_TYPES = ("classic", "consumer", "share", "streams")
NOT_ASKED = "not asked: an earlier question had no answer"


class Assembler:
    """Keeps the tables of the last Snapshot, and gives them out again while what they are made of is the same."""

    def __init__(self) -> None:
        self._listed: list[ListedGroup] | None = None
        self._described: dict[str, GroupDescription] | None = None
        self._base: Topics | None = None
        self._known: set[str] = set()
        self._assigned_in: dict[str, GroupDescription] | None = None
        self._assigned: set[str] = set()
        self._mentioned: list[str] = []
        self._topics = Topics.empty()
        self._topic_rows: dict[str, int] = {}
        self._group_rows: dict[str, int] = {}
        self._groups = Groups.empty()
        self._members = Members.empty()
        self._assignments = Assignments.empty()
        self._key: Ints = np.empty(0, np.int64)
        self._order: Ints = np.empty(0, np.int64)

    def snapshot(self, draft: Draft, outcomes: tuple[Outcome, ...], requests: Requests) -> Snapshot:
        """The finished Snapshot of a poll in which at least metadata was answered."""
        self._make_topics(draft)
        groups = self._make_groups(draft)
        return Snapshot(
            cluster=draft.cluster,
            time=draft.time,
            started=draft.started,
            error=draft.error,
            cluster_id=draft.cluster_id,
            controller=draft.controller,
            brokers=Brokers(
                np.array([each.node for each in draft.brokers], np.int32),
                objects(each.host for each in draft.brokers),
                np.array([each.port for each in draft.brokers], np.int32),
                objects(each.rack for each in draft.brokers),
            ),
            topics=self._topics,
            partitions=draft.partitions,
            offsets=_offsets(draft),
            groups=groups,
            members=self._members,
            assignments=self._assignments,
            commits=self._make_commits(draft),
            requests=requests,
            outcomes=outcomes,
            reasons=tuple(draft.reasons),
        )

    def _make_topics(self, draft: Draft) -> None:
        """Topics of metadata, and after them those that only commits and assignments name."""
        if self._assigned_in is not draft.descriptions:
            self._assigned_in = draft.descriptions
            self._assigned = {
                topic for each in draft.descriptions.values() for member in each.members for topic, _ in member.assigned
            }
        same = self._base is draft.topics
        if not same:
            self._known = set(draft.topics.topic)
        mentioned = sorted(self._assigned.union(*(rows.topics for rows in draft.commits)) - self._known)
        if same and mentioned == self._mentioned:
            self._renew_reasons(draft)
            return
        self._base, self._mentioned, self._described = draft.topics, mentioned, None
        self._topics = _with_mentioned(draft.topics, mentioned, draft.reason(NOT_IN_METADATA) if mentioned else 0)
        self._topic_rows = {str(name): row for row, name in enumerate(self._topics.topic)}

    def _renew_reasons(self, draft: Draft) -> None:
        """Reason codes are of one poll: those of kept rows are looked up anew."""
        if self._mentioned:
            reason = self._topics.reason.copy()
            reason[len(draft.topics) :] = draft.reason(NOT_IN_METADATA)
            self._topics = replace(self._topics, reason=reason)

    def _make_groups(self, draft: Draft) -> Groups:
        if self._listed is not draft.groups or self._described is not draft.descriptions:
            self._group_rows = {each.group: row for row, each in enumerate(draft.groups)}
            self._groups = _groups(draft)
            self._members, self._assignments = _members(draft, self._topic_rows)
            self._listed, self._described = draft.groups, draft.descriptions
        return replace(
            self._groups,
            reason=np.array([draft.reason(text) if text else 0 for text in _troubles(draft)], np.int32),
            commits_reason=_commit_troubles(draft, self._group_rows),
        )

    def _make_commits(self, draft: Draft) -> Commits:
        """Commits of all answers by group, topic and partition; the sorting is kept while the rows are the same."""
        parts = [self._named(rows) for rows in draft.commits]
        if not parts:
            return Commits.empty()
        group, topic, partition, committed, reported, reason = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        key = row_key(group, topic, partition, len(self._topics))
        if len(key) != len(self._key) or not np.array_equal(key, self._key):
            # A group that moved to another coordinator within the poll is answered twice: the first answer counts.
            _, self._order = np.unique(key, return_index=True)
            self._key = key
        order = self._order
        return Commits(*(column[order] for column in (group, topic, partition, committed, reported, reason)))

    def _named(self, rows: CommitRows) -> tuple[Ints, Ints, Ints, Floats, Floats, Ints]:
        group_rows = np.array([self._group_rows.get(name, -1) for name in rows.groups], np.int32)
        topic_rows = np.array([self._topic_rows[name] for name in rows.topics], np.int32)
        group, topic = group_rows[rows.group], topic_rows[rows.topic]
        columns = (group, topic, rows.partition, rows.committed_offset, rows.reported_lag, rows.reason)
        if (group_rows >= 0).all():
            return columns
        keep = group >= 0
        return tuple(column[keep] for column in columns)  # type: ignore[return-value]


def _with_mentioned(topics: Topics, names: list[str], reason: int) -> Topics:
    if not names:
        return topics
    none = np.zeros(len(names), np.int32)
    return Topics(
        objects([*topics.topic, *names]),
        objects([*topics.topic_id, *(None for _ in names)]),
        np.concatenate([topics.internal, np.array([name.startswith("__") for name in names])]),
        np.concatenate([topics.partitions, none]),
        np.concatenate([topics.first_row, none]),
        np.concatenate([topics.reason, none + reason]),
    )


def _offsets(draft: Draft) -> Offsets:
    count = len(draft.partitions)

    def known(column: OffsetColumn | None) -> OffsetColumn:
        return column or OffsetColumn(np.full(count, np.nan), np.full(count, draft.reason(NOT_ASKED), np.int32))

    starts, ends = known(draft.starts), known(draft.ends)
    return Offsets(starts.offset, starts.reason, ends.offset, ends.reason)


def _description(draft: Draft, group: ListedGroup) -> GroupDescription:
    known = draft.descriptions.get(group.group)
    if known is None:
        strange = group.group_type is not None and group.group_type not in DESCRIBED_TYPES
        known = GroupDescription(
            error=f"groups of type {group.group_type} are not known to kmon" if strange else NOT_ASKED
        )
    return known


def _troubles(draft: Draft) -> list[str]:
    """Why each group's description is unknown, empty where it is known."""
    return [each.reason or _description(draft, each).error for each in draft.groups]


def _commit_troubles(draft: Draft, rows: dict[str, int]) -> Ints:
    reason = np.zeros(len(draft.groups), np.int32)
    for name, text in draft.commit_faults.items():
        if name in rows:
            reason[rows[name]] = draft.reason(text)
    return reason


def _groups(draft: Draft) -> Groups:
    described = [_description(draft, each) for each in draft.groups]
    none = np.zeros(len(described), np.int32)
    return Groups(
        objects(each.group for each in draft.groups),
        objects(each.group_type for each in draft.groups),
        objects(each.protocol_type for each in draft.groups),
        objects(about.state or each.state for each, about in zip(draft.groups, described, strict=True)),
        np.array([each.coordinator for each in draft.groups], np.int32),
        np.array([each.epoch for each in described], np.float64),
        objects(each.assignor for each in described),
        np.array([np.nan if each.error else len(each.members) for each in described], np.float64),
        none,
        none.copy(),
    )


def _members(draft: Draft, topic_rows: dict[str, int]) -> tuple[Members, Assignments]:
    members = [(row, each) for row, group in enumerate(draft.groups) for each in _description(draft, group).members]
    assigned = [
        (row, topic_rows[topic], partition)
        for row, (_, member) in enumerate(members)
        for topic, partition in member.assigned
    ]
    columns = np.array(assigned, np.int32).reshape(-1, 3)
    return (
        Members(
            np.array([row for row, _ in members], np.int32),
            *(
                objects(getattr(each, name) for _, each in members)
                for name in ("member_id", "client_id", "host", "instance_id", "rack")
            ),
        ),
        Assignments(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy()),
    )

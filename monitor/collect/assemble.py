"""From the draft of a poll to its Snapshot: names become rows, and tables that did not change are used again."""

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np

from monitor.collect.collectors.group_members import GroupMemberCollector
from monitor.collect.draft import CommitRows, Draft, GroupDescription, ListedGroup
from monitor.model.cluster_tables import Capabilities, Subtopologies, Tasks, TopicConfigs
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import (
    NOT_IN_METADATA,
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
from monitor.model.table import Floats, Ints, Table

SHARED = {each.name for each in fields(Draft)} & {each.name for each in fields(Snapshot)}
"""What a Snapshot takes from a draft, unless it is made of it; what nobody filled has the default of a Snapshot."""


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
        self._of_groups: dict[str, Table] = {}
        """The tables of members and what they have, by their name in a Snapshot."""
        self._key: Ints = np.empty(0, np.int64)
        self._order: Ints = np.empty(0, np.int64)
        self._places: tuple[Ints, Ints, Ints] = (self._order, self._order, self._order)

    def snapshot(self, draft: Draft, outcomes: tuple[Outcome, ...], requests: Requests) -> Snapshot:
        """The finished Snapshot of a poll in which at least metadata was answered."""
        self._make_topics(draft)
        if draft.cut_topics:
            _tell_cut_commits(draft)
        groups = self._make_groups(draft)
        made = {
            "brokers": _brokers(draft),
            "topics": self._topics,
            "offsets": _offsets(draft),
            "groups": groups,
            **self._of_groups,
            "commits": self._make_commits(draft),
            "requests": requests,
            "capabilities": _capabilities(draft),
            "topic_configs": _topic_configs(draft, len(self._topics)),
            "silent": tuple(draft.failed[node] for node in sorted(draft.failed)),
            "cut_topics": len(draft.cut_topics),
            "notices": tuple(draft.notices),
            "outcomes": outcomes,
            "reasons": tuple(draft.reasons),
        }
        known = {name: value for name in SHARED if (value := getattr(draft, name)) is not None}
        return Snapshot(**{**known, **made})

    def _make_topics(self, draft: Draft) -> None:
        """Topics of metadata, and after them those that only commits and assignments name.

        Commits and assignments on topics that the settings leave out are left out with them.
        """
        if self._assigned_in is not draft.descriptions:
            self._assigned_in = draft.descriptions
            self._assigned = {
                topic
                for each in draft.descriptions.values()
                for member in each.members
                for topic, _ in (*member.assigned, *(member.target or ()))
            }
        same = self._base is draft.topics
        if not same:
            self._known = set(draft.topics.topic)
        mentioned = sorted(self._assigned.union(*(rows.topics for rows in draft.commits)) - self._known)
        mentioned = [name for name in mentioned if draft.choice.topics.wants(name)]
        if same and mentioned == self._mentioned:
            self._renew_reasons(draft)
            return
        self._base, self._mentioned, self._described = draft.topics, mentioned, None
        reason = draft.reasons[NOT_IN_METADATA] if mentioned else 0
        self._topics = draft.topics.with_rows(
            (name, None, name.startswith("__"), 0, 0, True, reason) for name in mentioned
        )
        names, watched = self._topics.topic, self._topics.watched.tolist()
        self._topic_rows = {str(name): row for row, name in enumerate(names) if watched[row]}

    def _renew_reasons(self, draft: Draft) -> None:
        """Reason codes are of one poll: those of kept rows are looked up anew."""
        if self._mentioned:
            reason = self._topics.reason.copy()
            reason[len(draft.topics) :] = draft.reasons[NOT_IN_METADATA]
            self._topics = replace(self._topics, reason=reason)

    def _make_groups(self, draft: Draft) -> Groups:
        if self._listed is not draft.groups or self._described is not draft.descriptions:
            self._group_rows = {each.group: row for row, each in enumerate(draft.groups)}
            self._groups = make_groups(draft)
            self._of_groups = self._make_members(draft)
            self._listed, self._described = draft.groups, draft.descriptions
        reasons: dict[str, Any] = {name: draft.codes(why) for name, why in troubles(draft).items()}
        return replace(self._groups, **reasons)

    def _make_members(self, draft: Draft) -> dict[str, Table]:
        wants = draft.choice.topics.wants

        @cache
        def chosen(topics: tuple[str, ...] | None) -> tuple[str, ...] | None:
            return None if topics is None else tuple(filter(wants, topics))

        described = [(row, description(draft, group)) for row, group in enumerate(draft.groups)]
        members = [(row, each) for row, about in described for each in about.members]
        return {
            "members": Members.of_rows(
                (
                    row,
                    each.member_id,
                    each.client_id,
                    each.host,
                    each.instance_id,
                    each.rack,
                    each.epoch,
                    chosen(each.subscribed),
                    each.subscribed_regex,
                )
                for row, each in members
            ),
            "assignments": self._assigned_rows([each.assigned for _, each in members]),
            "target_assignments": self._assigned_rows([each.target or [] for _, each in members]),
            "tasks": Tasks.of_rows((row, *task) for row, (_, each) in enumerate(members) for task in each.tasks),
            "subtopologies": Subtopologies.of_rows(
                (row, *each) for row, about in described for each in about.subtopologies
            ),
        }

    def _assigned_rows(self, assigned: list[list[tuple[str, int]]]) -> Assignments:
        """Partitions of members by name as a table; item i is of row i of the members."""
        return Assignments.of_rows(
            (row, self._topic_rows[topic], each)
            for row, parts in enumerate(assigned)
            for topic, each in parts
            if topic in self._topic_rows
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
            self._places = (group[self._order], topic[self._order], partition[self._order])
        groups, topics, partitions = self._places
        order = self._order
        return Commits(groups, topics, partitions, committed[order], reported[order], reason[order])

    def _named(self, rows: CommitRows) -> tuple[Ints, Ints, Ints, Floats, Floats, Ints]:
        group_rows = np.array([self._group_rows.get(name, -1) for name in rows.groups], np.int32)
        topic_rows = np.array([self._topic_rows.get(name, -1) for name in rows.topics], np.int32)
        group, topic = group_rows[rows.group], topic_rows[rows.topic]
        columns = (group, topic, rows.partition, rows.committed_offset, rows.reported_lag, rows.reason)
        if (group_rows >= 0).all() and (topic_rows >= 0).all():
            return columns
        keep = (group >= 0) & (topic >= 0)
        return tuple(column[keep] for column in columns)  # type: ignore[return-value]


def _tell_cut_commits(draft: Draft) -> None:
    """A group that reads a topic beyond the limit has commits that are left out, so its total is not known."""
    for rows in draft.commits:
        cut = np.array([name in draft.cut_topics for name in rows.topics], bool)
        if cut.any():
            groups = np.unique(rows.group[cut[rows.topic]]).tolist()
            cut_commits = Reason(Kind.CUT_COMMITS)
            draft.commit_faults.update(dict.fromkeys((rows.groups[group] for group in groups), cut_commits))


def _brokers(draft: Draft) -> Brokers:
    """Brokers of metadata, which is silent on fenced ones, and those."""
    fenced = draft.fenced or {}
    known = {each.node: each for each in draft.brokers}
    rows = [each for _, each in sorted({**fenced, **known}.items())]
    return Brokers.of_rows(
        (*each, None if draft.fenced is None else each.node in fenced, draft.versions.get(each.node)) for each in rows
    )


def _capabilities(draft: Draft) -> Capabilities:
    return Capabilities.of_rows((name, *state) for name, state in sorted(draft.capabilities.items()))


def _topic_configs(draft: Draft, count: int) -> TopicConfigs:
    """The configs with a row for each topic, also those that only commits and assignments name."""
    known = draft.topic_configs or TopicConfigs.empty()
    missing = count - len(known)
    if not missing:
        return known
    reason = draft.reasons[NOT_IN_METADATA if len(known) else Reason(Kind.NOT_ASKED)]
    row = [reason if each.name == "reason" else None for each in TopicConfigs.schema()]
    return known.with_rows([row] * missing)


def _offsets(draft: Draft) -> Offsets:
    columns: dict[str, Any] = {}
    for name, given in (("start", draft.starts), ("end", draft.ends), ("stable", draft.stables)):
        known = given or draft.unknown_offsets(Reason(Kind.NOT_ASKED))
        columns |= {f"{name}_offset": known.offset, f"{name}_reason": known.reason}
    return Offsets(**columns)


DESCRIBED_TYPES = {kind for each in GroupMemberCollector.group_requests for kind in each.types}


def description(draft: Draft, group: ListedGroup) -> GroupDescription:
    known = draft.descriptions.get(group.group)
    if known is None:
        strange = Reason(Kind.STRANGE_GROUP_TYPE, detail=str(group.group_type))
        known = GroupDescription(Reason(Kind.NOT_ASKED) if group.group_type in DESCRIBED_TYPES else strange)
    return known


def troubles(draft: Draft) -> dict[str, list[Reason]]:
    """The reason columns of `Groups`, by name; NO_REASON where the value is known."""
    described = [description(draft, each) for each in draft.groups]
    return {
        "reason": [each.reason or about.error for each, about in zip(draft.groups, described, strict=True)],
        "commits_reason": [draft.commit_faults.get(each.group, NO_REASON) for each in draft.groups],
        "assignments_reason": [each.assignment_error for each in described],
    }


def make_groups(draft: Draft) -> Groups:
    """The groups, without the reasons, whose codes are of one poll."""
    return Groups.of_rows(
        (
            each.group,
            each.group_type,
            each.protocol_type,
            about.state or each.state,
            each.coordinator,
            about.epoch,
            about.assignment_epoch,
            about.topology_epoch,
            about.assignor,
            None if about.error else len(about.members),
            *(0, 0, 0),
        )
        for each in draft.groups
        for about in [description(draft, each)]
    )

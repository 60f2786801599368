"""Groups, and what belongs to one: its topics, members, assignments, commits, subtopologies and tasks."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from monitor.analysis.derive.judged.groups import known_partitions, paced_groups
from monitor.analysis.derive.rates import group_rate
from monitor.analysis.derive.verdict import group_why
from monitor.model.cluster_tables import Subtopologies
from monitor.model.conditions import GroupActivity
from monitor.model.judgements import JudgedLags
from monitor.model.lag import ConsumeRates, PartitionRates
from monitor.model.slos import Freshness
from monitor.model.snapshot import KNOWN, Assignments, Commits, Groups
from monitor.model.table import Flags, Floats, Ints
from monitor.model.totals import GroupLags, GroupTopicLags
from monitor.model.view import View
from monitor.subjects.column import Column, Numbers, Rows, Subject
from monitor.subjects.kinds import FLAG
from monitor.subjects.members import MEMBER, TASK
from monitor.subjects.owners import of_groups, owned
from monitor.subjects.tables import (
    cluster,
    computed,
    first_codes,
    get,
    judged,
    numbers,
    of,
    reasons,
    sentences,
    size,
    subject,
)

count = size("snapshot.groups")
_group_topics = size("group_topic_lags")


NO_SLO = "the settings have no objective for the group"
TOO_SHORT = f"{NO_SLO}, or it was observed for less than 90 % of the window"

COUNTS = ("partitions", "unknown_partitions")


def _known(name: str) -> Callable[[View, Rows], Numbers]:
    """A number of partitions, unknown where kmon cannot tell how many there are."""
    return lambda view, rows: Numbers(known_partitions(view, name)[rows])


def _age_reason(view: View) -> Ints:
    """The reason of each group's total, or else the first of the ages of its rows."""
    reason = view.group_lags.reason
    return np.where(reason != KNOWN, reason, first_codes(count(view), view.lag.group, view.lag_times.reason))


def _partitions_reason(view: View) -> Ints:
    unread = view.snapshot.groups.unread
    return np.where(unread != KNOWN, unread, view.group_lags.reason)


def known_lost(columns: Iterable[Column], path: str) -> Iterable[Column]:
    """These columns of totals, with `lost` unknown where none is known to be lost but a lag is unknown."""

    def read(view: View, rows: Rows) -> Numbers:
        totals = get(path, view)
        return Numbers(np.where((totals.lost == 0) & np.isnan(totals.lag), np.nan, totals.lost)[rows])

    return (replace(each, read=read) if each.name == "lost" else each for each in columns)


def _freshness(view: View) -> Freshness:
    """A row for each group, also in a View that was made without objectives."""
    groups = len(view.snapshot.groups)
    return view.freshness if len(view.freshness) == groups else Freshness.without(groups)


def _paced(view: View) -> Floats:
    return np.where(paced_groups(view), 1.0, np.nan)


def objectives(columns: Iterable[Column]) -> Iterable[Column]:
    """These columns, whose numbers are unknown where a group has no objective, or was observed for too short."""
    return (replace(each, otherwise=TOO_SHORT if each.at_least else NO_SLO) for each in columns)


def _members_reason(view: View) -> Ints:
    """Why it is unknown which members read each topic: the group or one of its assignments is."""
    groups = view.snapshot.groups
    return np.where(groups.reason != KNOWN, groups.reason, groups.assignments_reason)[view.group_topic_lags.group]


def _members_known(view: View) -> Flags:
    return np.equal(_members_reason(view), KNOWN)


GROUP = Subject(
    "group",
    "group of any type",
    ("cluster", "group"),
    count,
    (
        cluster(count),
        *of("snapshot.groups", Groups, leave=("reason",), why="description_reason"),
        *of("snapshot.groups", Groups, "reason", reason="description_reason"),
        *known_lost(
            of("group_lags", GroupLags, leave=("worst", "lag_seconds", *COUNTS), reconciling="reconciling_partitions"),
            "group_lags",
        ),
        *of("group_lags", GroupLags, "lag_seconds", why="age_reason"),
        reasons("age_reason", "why lag_seconds is unknown", _age_reason),
        *(
            replace(each, read=_known(each.name))
            for each in of("group_lags", GroupLags, *COUNTS, why="partitions_reason")
        ),
        reasons("partitions_reason", "why the number of its partitions is unknown", _partitions_reason),
        *judged("judged.groups", JudgedLags, "level"),
        sentences("why", "reason for the status, with the numbers behind it", count, group_why, numbers=True),
        numbers(
            "paced",
            FLAG,
            "1 once kmon has seen how often the group commits; unknown until then",
            _paced,
            otherwise="kmon has not seen two commits that moved an offset of the group",
        ),
        *of("group_activity", GroupActivity),
        *computed(ConsumeRates, group_rate),
        *computed(PartitionRates, group_rate),
        *owned(of_groups),
        *objectives(of(_freshness, Freshness)),
    ),
    judged="groups",
)

GROUP_TOPIC = Subject(
    "group_topic",
    "group and topic that it has committed offsets of or is assigned partitions of",
    ("group", "topic"),
    _group_topics,
    (
        *known_lost(of("group_topic_lags", GroupTopicLags, leave=("worst", "members")), "group_topic_lags"),
        *of("group_topic_lags", GroupTopicLags, "members", known=_members_known, why="members_reason"),
        reasons("members_reason", "why members is unknown", _members_reason),
        *judged("judged.group_topics", JudgedLags, "level"),
        *of("snapshot.groups", Groups, "group_type", "state", by="group_topic_lags.group"),
    ),
    judged="group_topics",
)

SUBTOPOLOGY = subject("subtopology", "snapshot.subtopologies", Subtopologies, "group", "subtopology")

GROUPS = (
    GROUP,
    GROUP_TOPIC,
    MEMBER,
    subject("assignment", "snapshot.assignments", Assignments, "member", "topic", "partition"),
    subject("target_assignment", "snapshot.target_assignments", Assignments, "member", "topic", "partition"),
    subject("commit", "snapshot.commits", Commits, "group", "topic", "partition"),
    SUBTOPOLOGY,
    TASK,
)

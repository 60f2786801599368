"""From what the collectors brought to a Snapshot: names become rows, and unchanged tables are used again."""

from typing import Any

import numpy as np
from answers import new_draft
from reasons import reason
from views import Topic, snapshot_of

from monitor.collect.assemble import Assembler
from monitor.collect.draft import CommitRows, Draft, GroupDescription, ListedGroup, MemberRow, OffsetColumn
from monitor.kafka.client.client import BrokerAddress
from monitor.model.reasons import Kind
from monitor.model.snapshot import NOT_IN_METADATA, Requests, Snapshot

METADATA = snapshot_of([Topic("a", [(0, 0), (0, 0)]), Topic("b", [(0, 0)])], [])
GROUPS = [
    ListedGroup("g", "classic", "consumer", "Stable", 1),
    ListedGroup("h", "consumer", "consumer", "Empty", 2),
]


def member(group: str, *assigned: tuple[str, int]) -> MemberRow:
    return MemberRow(f"{group}-1", "client", "/10.0.0.1", None, "r1", list(assigned))


DESCRIPTIONS = {
    "g": GroupDescription(state="Stable", assignor="range", members=[member("g", ("a", 0), ("b", 0))]),
    "h": GroupDescription(state="Empty", epoch=7.0),
}


def rows(*commits: tuple[str, str, int, float]) -> CommitRows:
    groups = list(dict.fromkeys(group for group, _, _, _ in commits))
    topics = list(dict.fromkeys(topic for _, topic, _, _ in commits))
    return CommitRows(
        groups,
        topics,
        np.array([groups.index(group) for group, _, _, _ in commits], np.int32),
        np.array([topics.index(topic) for _, topic, _, _ in commits], np.int32),
        np.array([partition for _, _, partition, _ in commits], np.int32),
        np.array([offset for _, _, _, offset in commits], np.float64),
        np.full(len(commits), np.nan),
        np.zeros(len(commits), np.int32),
    )


def draft_of(*commits: CommitRows, **changes: Any) -> Draft:
    fields: dict[str, Any] = {
        "topics": METADATA.topics,
        "partitions": METADATA.partitions,
        "groups": GROUPS,
        "descriptions": DESCRIPTIONS,
        "brokers": [BrokerAddress(1, "b1", 9092, None)],
        "commits": list(commits),
    }
    return new_draft(**{**fields, **changes})


def assemble(assembler: Assembler, draft: Draft) -> Snapshot:
    return assembler.snapshot(draft, (), Requests.empty())


def committed(snapshot: Snapshot) -> list[tuple[str, str, int, float]]:
    commits = snapshot.commits
    return [
        (snapshot.groups.group[group], snapshot.topics.topic[topic], int(partition), float(offset))
        for group, topic, partition, offset in zip(
            commits.group, commits.topic, commits.partition, commits.committed_offset, strict=True
        )
    ]


def reasons(snapshot: Snapshot, codes: Any) -> list[str]:
    return [str(snapshot.reasons[code]) for code in codes]


def test_commits_stand_by_group_topic_and_partition() -> None:
    one, two = rows(("h", "b", 0, 3.0), ("h", "a", 1, 2.0)), rows(("g", "b", 0, 9.0), ("g", "a", 0, 5.0))
    for _ in range(2):
        snapshot = assemble(Assembler(), draft_of(one, two))
        assert committed(snapshot) == [("g", "a", 0, 5.0), ("g", "b", 0, 9.0), ("h", "a", 1, 2.0), ("h", "b", 0, 3.0)]


def test_the_kept_order_goes_with_the_rows() -> None:
    assembler = Assembler()
    assemble(assembler, draft_of(rows(("g", "b", 0, 9.0), ("g", "a", 0, 5.0))))
    moved = assemble(assembler, draft_of(rows(("g", "b", 0, 10.0), ("g", "a", 0, 6.0))))
    assert committed(moved) == [("g", "a", 0, 6.0), ("g", "b", 0, 10.0)]
    other = assemble(assembler, draft_of(rows(("g", "a", 0, 7.0), ("g", "a", 1, 1.0))))
    assert committed(other) == [("g", "a", 0, 7.0), ("g", "a", 1, 1.0)]


def test_a_group_that_two_coordinators_answer_for_counts_once() -> None:
    snapshot = assemble(Assembler(), draft_of(rows(("g", "a", 0, 5.0)), rows(("g", "a", 0, 4.0))))
    assert committed(snapshot) == [("g", "a", 0, 5.0)]


def test_commits_of_a_group_that_is_not_listed_are_left_out() -> None:
    assert committed(assemble(Assembler(), draft_of(rows(("ghost", "a", 0, 5.0), ("g", "a", 0, 1.0))))) == [
        ("g", "a", 0, 1.0)
    ]


def test_topics_that_only_commits_or_assignments_name_come_last_with_a_reason() -> None:
    descriptions = {"g": GroupDescription(state="Stable", members=[member("g", ("deleted", 0))])}
    snapshot = assemble(Assembler(), draft_of(rows(("g", "another", 0, 1.0)), descriptions=descriptions))
    assert snapshot.topics.topic.tolist() == ["a", "b", "another", "deleted"]
    assert reasons(snapshot, snapshot.topics.reason) == ["", "", str(NOT_IN_METADATA), str(NOT_IN_METADATA)]
    assert snapshot.topics.partitions.tolist() == [2, 1, 0, 0]
    assert snapshot.assignments.topic.tolist() == [3]


def test_a_topic_that_nothing_names_any_more_is_gone() -> None:
    assembler = Assembler()
    assemble(assembler, draft_of(rows(("g", "deleted", 0, 1.0))))
    snapshot = assemble(assembler, draft_of(rows(("g", "a", 0, 1.0))))
    assert snapshot.topics.topic.tolist() == ["a", "b"]


def test_reasons_of_kept_tables_are_those_of_this_poll() -> None:
    assembler = Assembler()
    assemble(assembler, draft_of(rows(("g", "deleted", 0, 1.0)), reasons=["", "one", "two", "three"]))
    snapshot = assemble(assembler, draft_of(rows(("g", "deleted", 0, 1.0)), reasons=["", "other"]))
    assert reasons(snapshot, snapshot.topics.reason) == ["", "", str(NOT_IN_METADATA)]


def test_members_and_assignments_are_rows() -> None:
    snapshot = assemble(Assembler(), draft_of())
    assert snapshot.members.group.tolist() == [0]
    assert snapshot.members.rack.tolist() == ["r1"]
    assert snapshot.assignments.topic.tolist() == [0, 1]
    assert snapshot.assignments.partition.tolist() == [0, 0]
    assert snapshot.groups.members.tolist() == [1, 0]
    assert snapshot.groups.epoch[1] == 7
    assert np.isnan(snapshot.groups.epoch[0])


def test_tables_are_used_again_while_groups_and_descriptions_are_the_same() -> None:
    assembler = Assembler()
    first = assemble(assembler, draft_of())
    second = assemble(assembler, draft_of())
    assert second.topics is first.topics
    assert second.members is first.members
    assert second.assignments is first.assignments
    assert second.groups.group is first.groups.group


def test_assignments_follow_the_rows_of_new_topics() -> None:
    assembler = Assembler()
    assemble(assembler, draft_of())
    more = snapshot_of([Topic("0-first", [(0, 0)]), Topic("a", [(0, 0), (0, 0)]), Topic("b", [(0, 0)])], [])
    snapshot = assemble(assembler, draft_of(topics=more.topics, partitions=more.partitions))
    assert snapshot.assignments.topic.tolist() == [1, 2]


def test_what_could_not_be_described_is_unknown_with_the_reason() -> None:
    groups = [
        ListedGroup("denied", "classic", "consumer", "Stable", 1),
        ListedGroup("lost", "classic", "consumer", None, 2, reason("broker 2: timed out")),
        ListedGroup("unasked", "classic", "consumer", "Stable", 1),
    ]
    descriptions = {"denied": GroupDescription(error=reason("Describe on the group is denied"))}
    draft = draft_of(groups=groups, descriptions=descriptions, commit_faults={"lost": "broker 2: timed out", "x": "y"})
    snapshot = assemble(Assembler(), draft)
    assert np.isnan(snapshot.groups.members).all()
    assert reasons(snapshot, snapshot.groups.reason) == [
        "Describe on the group is denied",
        "broker 2: timed out",
        Kind.NOT_ASKED.value,
    ]
    assert reasons(snapshot, snapshot.groups.commits_reason) == ["", "broker 2: timed out", ""]
    assert snapshot.groups.state.tolist() == ["Stable", None, "Stable"]


def test_offsets_that_were_never_asked_are_unknown() -> None:
    ends = OffsetColumn(np.array([1.0, 2.0, 3.0]), np.zeros(3, np.int32))
    snapshot = assemble(Assembler(), draft_of(ends=ends))
    assert snapshot.offsets.end_offset.tolist() == [1, 2, 3]
    assert np.isnan(snapshot.offsets.start_offset).all()
    assert reasons(snapshot, snapshot.offsets.start_reason) == [Kind.NOT_ASKED.value] * 3


def test_no_commits_are_an_empty_table() -> None:
    assert len(assemble(Assembler(), draft_of()).commits) == 0

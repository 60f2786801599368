"""Offsets that fall when a group gets another coordinator: doubted for a poll, and believed when they are confirmed."""

from dataclasses import replace

import numpy as np
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.derive.completeness import answered
from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.earlier_polls.takeover import FELL, Believed, believe_commits
from monitor.analysis.events.log import EventLog, log_events
from monitor.model.coordinators import OFFSETS_TOPIC
from monitor.model.snapshot import Snapshot

SILENT = "broker 1: timed out after 3.0 s"


class Polls:
    """Polls of the groups "a" and "b", 10 s apart; `events` has the kinds of events so far."""

    def __init__(self) -> None:
        self.believed: Believed | None = None
        self.log, self.now = EventLog(), 0.0

    def __call__(
        self, a: float | None, *, node: int = 1, epoch: int = 5, b: float = 7, silent: bool = False
    ) -> tuple[float | None, Snapshot]:
        """The offset that is believed of "a", None where it is unknown; `node` and `epoch` are of its coordinator."""
        self.now += 10
        topics = [Topic("t", [(0, 100)]), Topic(OFFSETS_TOPIC, [(0, 0)] * 2)]
        theirs = Group("a", {} if silent else {("t", 0): a}, commits_reason=SILENT if silent else "")
        snapshot = snapshot_of(topics, [theirs, Group("b", {("t", 0): b})])
        partitions = replace(snapshot.partitions, leader_epoch=np.array([5, epoch, 0], np.int32))
        groups = replace(snapshot.groups, coordinator=np.array([node, 1], np.int32))
        snapshot = replace(snapshot, time=NOW + self.now, started=self.now, partitions=partitions, groups=groups)
        self.believed, snapshot = believe_commits(self.believed, snapshot)
        self.log = log_events(self.log, snapshot, derive_lag(snapshot)[0])
        offset = snapshot.commits.committed_offset[snapshot.commits.group == 0]
        return (None if not len(offset) or np.isnan(offset[0]) else float(offset[0])), snapshot

    @property
    def events(self) -> list[str]:
        return [kind for kind in self.log.changes.events.kind.tolist() if kind == "offsets_reset"]


def test_an_offset_that_falls_with_a_new_coordinator_is_unknown_until_it_is_confirmed() -> None:
    polls = Polls()
    polls(50)
    offset, snapshot = polls(20, node=2, epoch=6)
    assert offset is None
    assert snapshot.reasons[snapshot.commits.reason[snapshot.commits.group == 0][0]] == FELL
    assert not answered(snapshot, "commits")
    assert polls.events == []
    offset, snapshot = polls(20, node=2, epoch=6)
    assert offset == 20
    assert answered(snapshot, "commits")
    assert polls.events == ["offsets_reset"]


def test_what_a_broker_that_came_back_knew_is_never_believed() -> None:
    polls = Polls()
    polls(50)
    assert polls(20, node=2, epoch=6)[0] is None
    assert polls(51, node=2, epoch=6)[0] == 51
    assert polls(20, node=1, epoch=7)[0] is None
    assert polls(20, node=3, epoch=8)[0] is None, "it is yet another coordinator that says so"
    assert polls(52, node=3, epoch=8)[0] == 52
    assert polls.events == []


def test_a_new_election_of_the_same_broker_is_a_new_coordinator() -> None:
    polls = Polls()
    polls(50)
    assert polls(20, epoch=6)[0] is None


def test_between_the_coordinators_a_group_may_have_been_unknown() -> None:
    polls = Polls()
    polls(50)
    for _ in range(3):
        assert polls(None, silent=True)[0] is None
    assert polls(20, node=2, epoch=6)[0] is None
    assert polls(20, node=2, epoch=6)[0] == 20


def test_under_the_same_coordinator_an_offset_that_falls_is_a_reset_at_once() -> None:
    polls = Polls()
    polls(50)
    assert polls(20)[0] == 20
    assert polls.events == ["offsets_reset"]


def test_offsets_that_rise_and_those_of_other_groups_are_not_doubted() -> None:
    polls = Polls()
    polls(50)
    assert polls(60, node=2, epoch=6)[0] == 60
    _, snapshot = polls(20, node=1, epoch=7, b=3)
    assert snapshot.commits.committed_offset[snapshot.commits.group == 1].tolist() == [3]

"""The steps of a poll are functions of values: what was remembered stays as it was, and gives the same View again."""

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from plain_values import plain
from series import Series, dated_by
from views import Group, Topic

from monitor.model.limits import Limits
from monitor.model.snapshot import Snapshot
from monitor.poll.pipeline import Remembered, step

DATE = dated_by({("t", 0): 7200.0, ("u", 0): 30.0})


def snapshots(seed: int, polls: int = 40) -> Iterator[Snapshot]:
    """A cluster that has it all: groups that come and go, rewind, lag and read, logs that are cut, polls that fail."""
    chance, series = random.Random(seed), Series(retention_seconds=3 * 3600.0)
    ends = {"t": [5000, 6000], "u": [900]}
    commits = {"a": [4000, 5500], "b": [100, 200], "c": [0, 0]}
    for number in range(polls):
        for each in ends.values():
            each[:] = [max(0, end + chance.choice([0, 10, 500, 500, -300])) for end in each]
        for each in commits.values():
            each[:] = [max(0, offset + chance.choice([0, 0, 100, 600, -200])) for offset in each]
        denied = chance.choice([*[None] * 5, "denied"])
        groups = []
        for name, (first, second) in commits.items():
            read: dict[tuple[str, int], float | str | None] = {("t", 0): first, ("t", 1): second, ("u", 0): first // 10}
            if name == "b" and denied:
                read["t", 1] = denied
            members = [(f"reader-{name}", "/10.0.3.1", [("t", 0)])] if chance.random() < 0.8 else []
            if name != "c" or chance.random() < 0.6:
                groups.append(Group(name, read, members))
        topics = [
            Topic(name, [(end // 3, end if chance.random() < 0.9 else None) for end in each])
            for name, each in ends.items()
            if name == "t" or chance.random() < 0.9
        ]
        error = chance.choice([*[""] * 15, "nobody answers"])
        series.poll(topics, groups, after=chance.choice([10.0, 10.0, 10.0, 90.0, 700.0]), error=error)
        snapshot = series.snapshots[-1]
        coordinators = np.full(len(snapshot.groups), number // 7, np.int32)
        yield replace(snapshot, groups=replace(snapshot.groups, coordinator=coordinators))


def run(before: Remembered, snapshot: Snapshot) -> tuple[object, object]:
    """What is remembered after a step, and its View, as plain values."""
    after, view = step(before, snapshot, took=0.25, date=DATE, limits=Limits())
    return plain(after), plain(view)


@pytest.mark.parametrize("seed", range(2))
def test_a_step_changes_nothing_of_what_was_remembered_and_gives_the_same_again(seed: int) -> None:
    before = Remembered()
    for snapshot in snapshots(seed):
        was = plain(before), plain(snapshot)
        once, again = run(before, snapshot), run(before, snapshot)
        assert once == again
        assert (plain(before), plain(snapshot)) == was
        before, _ = step(before, snapshot, took=0.25, date=DATE, limits=Limits())
        assert plain(before) == once[0]
    assert before.view is not None
    assert len(set(before.view.events.kind)) > 5
    assert len(before.past.ends.points) > 20
    assert before.past.absent


def test_snapshots_that_are_replayed_give_the_same_views() -> None:
    recorded = list(snapshots(9))

    def views() -> Iterator[object]:
        remembered = Remembered()
        for snapshot in recorded:
            remembered, view = step(remembered, snapshot, took=0.25, date=DATE, limits=Limits())
            yield plain(view)

    assert list(views()) == list(views())

"""Each known flaw of Burrow's evaluation: a series that its rules judge wrongly, and ours rightly."""

from collections.abc import Sequence
from dataclasses import replace

from burrow import INTERVALS, Commit, evaluate
from series import Poll, watch

from monitor.model.status import STATUSES


def burrow(polls: Sequence[Poll], *, commits: Sequence[bool] | None = None, interval: float = 10.0) -> list[str]:
    """What Burrow's evaluator (core/internal/evaluator/caching.go) says of a partition at each poll.

    `commits` tells at which polls the consumer has sent a commit, by default at each that has members.
    """
    said: list[str] = []
    ring: list[Commit] = []
    marks: list[float] = []
    now = -interval
    for row, poll in enumerate(polls):
        now += interval if poll.after is None else poll.after
        assert poll.end is not None
        marks = [*marks, poll.end][-INTERVALS:]
        sent = poll.members > 0 if commits is None else commits[row]
        if sent and isinstance(poll.commit, (int, float)):
            ring = [*ring, Commit(now, poll.commit, max(0.0, poll.end - poll.commit))][-INTERVALS:]
        said.append(evaluate(ring, marks, now))
    return said


def ours(polls: Sequence[Poll], **options: object) -> list[str]:
    views = watch(polls, **options)  # type: ignore[arg-type]
    return [STATUSES[view.lag_statuses.status[0]] if len(view.lag) else "gone" for view in views]


def reading(polls: int, *, behind: float = 0) -> list[Poll]:
    return [Poll(1000 + 10 * each, 1000 + 10 * each - behind) for each in range(polls)]


def test_the_oracle_follows_the_rules_where_they_are_right() -> None:
    assert burrow(reading(20))[-1] == "OK"
    standing = [*reading(12), *[Poll(1110 + 10 * each, 1100) for each in range(1, 30)]]
    assert burrow(standing)[-1] == "STALL"
    gone = [replace(each, members=int(row < 12)) for row, each in enumerate(standing)]
    assert burrow(gone)[-1] == "STOP"
    assert burrow([Poll(1000 + 10 * each, 1000 + 9 * each - 50) for each in range(20)])[-1] == "WARN"
    assert burrow([*reading(12), *[Poll(1200, 500 + each) for each in range(3)]])[-1] == "REWIND"


def test_223_a_trivial_lag_that_does_not_fall_is_a_warning() -> None:
    polls = reading(30, behind=2)
    assert burrow(polls)[-1] == "WARN"
    assert ours(polls)[-1] == "ok"


def test_533_one_dip_hides_a_steady_climb() -> None:
    polls = [Poll(1000 + 100 * each - 85 * (each % 9 == 0), 1000 + 80 * each) for each in range(1, 100)]
    assert "WARN" not in burrow(polls)[INTERVALS:]
    assert ours(polls)[-1] == "growing"


def test_533_one_commit_without_lag_hides_that_nobody_reads_on() -> None:
    slow = [Poll(1000, 1000), *[Poll(1000 + 100 * each, 1000) for each in range(1, 60)]]
    sent = [row % 6 == 0 for row in range(60)]  # the consumer commits once a minute, always the same offset
    assert set(burrow(slow, commits=sent)) == {"OK"}
    assert ours(slow)[-1] == "stuck"


def test_303_a_stop_is_seen_only_after_as_long_as_the_window_is() -> None:
    reads = [Poll(1000 + 10 * each, 990 + 10 * (each // 6 * 6)) for each in range(120)]
    stops = [*reads, *[Poll(2200 + 10 * each, 2130, 0) for each in range(48)]]
    sent = [row < 120 and row % 6 == 0 for row in range(len(stops))]
    assert "STOP" not in burrow(stops, commits=sent)[120:]  # for more than 8 minutes
    assert ours(stops)[120 + 8] == "stopped"


def test_303_a_stall_is_seen_only_when_the_last_other_commit_has_left_the_window() -> None:
    reads = [Poll(1000 + 10 * each, 990 + 10 * (each // 6 * 6)) for each in range(120)]
    stands = [*reads, *[Poll(2200 + 10 * each, 2130) for each in range(48)]]
    sent = [row % 6 == 0 for row in range(len(stands))]
    assert "STALL" not in burrow(stands, commits=sent)[120:]
    assert "stuck" in ours(stands)[120:150]


def test_740_the_first_commit_after_a_restart_of_the_monitor_is_a_stop() -> None:
    polls = [Poll(1000 + 10 * each, 990 + 10 * (each // 3 * 3), age=4) for each in range(60)]
    sent = [row % 3 == 0 for row in range(60)]
    assert "STOP" in burrow(polls, commits=sent)
    assert set(ours(polls)) == {"ok"}


def test_672_752_nothing_is_known_of_a_stopped_group_after_a_restart_of_the_monitor() -> None:
    polls = [Poll(5000 + 10 * each, 1000, members=0, age=4000) for each in range(30)]
    assert set(burrow(polls)) == {"OK"}
    assert set(ours(polls)) == {"stopped"}


def test_446_a_group_whose_offsets_are_deleted_stays_as_it_was() -> None:
    polls = [*reading(12, behind=10), *[Poll(1200 + each, None, members=0) for each in range(40)]]
    assert burrow(polls)[-1] == "STOP"
    assert ours(polls)[-1] == "unknown"  # no commit, which is what there is


def test_38_94_338_the_first_record_after_a_long_quiet_is_a_stop() -> None:
    idle = [Poll(1000, 1000) for _ in range(60)]
    works = [Poll(1020, 1000) for _ in range(11)]  # on the first records, for almost two minutes
    polls = [*reading(12), *[replace(each, end=1110, commit=1110) for each in idle]]
    polls += [replace(each, end=1130, commit=1110) for each in works]
    sent = [row < 12 for row in range(len(polls))]
    assert "STOP" in burrow(polls, commits=sent)
    assert {"stopped", "stuck"}.isdisjoint(ours(polls))


def test_171_237_a_pause_between_batches_is_a_stop() -> None:
    batches = [Poll(1000 + 10 * each, 990 + 10 * (each // 24 * 24 + min(each % 24, 11))) for each in range(400)]
    sent = [row % 24 < 12 for row in range(400)]
    assert "STOP" in burrow(batches, commits=sent)
    said = ours(batches)
    assert {"stopped", "growing"}.isdisjoint(said)
    assert "stuck" not in said[40:]


def test_a_rewind_is_forgotten_when_it_leaves_the_window() -> None:
    again = [Poll(100_000 + 10 * each, 1000 + 20 * each) for each in range(40)]
    polls = [*[Poll(99_900 + 10 * each, 99_890 + 10 * each) for each in range(10)], *again]
    assert burrow(polls)[10 + INTERVALS + 1] != "REWIND"
    assert set(ours(polls)[11:]) == {"rewound"}


def test_records_that_were_deleted_are_counted_as_lag_and_not_as_lost() -> None:
    polls = [Poll(10_000 + 10 * each, 5000 + 20 * each, start=9_000) for each in range(30)]
    assert burrow(polls)[-1] == "OK"
    assert set(ours(polls)) == {"lost"}

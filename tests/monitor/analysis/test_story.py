"""The story of a row of lag: what is said of each status, with its numbers, and nothing unknown told as known."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hostile import any_text
from hypothesis import given
from series import Poll, Series, watch
from snapshots import snapshots
from views import Group, Topic, shop_view, snapshot_of

from monitor.analysis.derive.story import partition_story
from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.snapshot import Snapshot
from monitor.model.status import OK
from monitor.model.text import duration
from monitor.model.view import View

WELL = [Poll(1000 + 10 * each, 990 + 10 * each) for each in range(18)]
"""Three minutes of a reader that keeps up, of one record a second."""
END, AT = 1170, 1160
"""Where the log ends and the next record is after them."""
READER = "client reader-0 at 10.0.3.0"


def stood(polls: int, *, members: int = 1, assigned: bool = True) -> list[Poll]:
    """Nothing is read of what is produced."""
    return [Poll(END + 10 * (each + 1), AT, members, assigned=assigned) for each in range(polls)]


def told(polls: list[Poll], **options: object) -> str:
    """What is said of the only row of lag at the last poll."""
    return partition_story(watch(polls, **options)[-1], 0)  # type: ignore[arg-type]


def test_who_keeps_up_has_no_story() -> None:
    assert told(WELL) == ""


def test_a_stuck_row_tells_where_it_stands_since_when_and_whose_it_is() -> None:
    assert told([*WELL, *stood(30)]) == (
        f"stuck for 5 min: offset 1,160 has not moved, in rate 1.0/s; {READER}; 310 records behind, time lag 5 min ± "
        "5 s"
    )


def test_what_stands_where_nothing_comes_in_says_so() -> None:
    assert told([*WELL, *[Poll(END, AT)] * 30]).startswith(
        "stuck for 5 min: offset 1,160 has not moved, no new records; "
    )


def test_an_offset_that_moved_a_moment_ago_is_not_said_to_stand() -> None:
    story = told([*WELL, *stood(30), *[Poll(END + 300 + 10 * each, AT + 5 * each) for each in range(6)]])
    assert story.startswith("stuck for 6 min: ")
    assert "has not moved" not in story
    assert re.search(r"out rate 0\.\d/s, in rate 1\.0/s, never drains at this rate; ", story)


def test_a_stopped_row_tells_that_nobody_is_there() -> None:
    assert told([*WELL, *stood(30, members=0)]) == (
        "stopped for 5 min: no members; offset 1,160 has not moved, in rate 1.0/s; 310 records behind, time lag 5 "
        "min ± 5 s"
    )
    assert ": unassigned, 3 members; offset 1,160" in told([*WELL, *stood(30, members=3, assigned=False)])


@pytest.mark.parametrize(
    ("polls", "how"), [(20, f"behind for over {duration(190)}"), (40, f"stuck for over {duration(390)}")]
)
def test_a_group_that_was_committed_far_back_tells_that_nobody_reads(polls: int, how: str) -> None:
    far = [Poll(100_000 + 100 * each, 0, members=0, age=9000 + 10 * each) for each in range(polls)]
    left = f"{99_900 + 100 * polls:,} records behind, time lag {duration(9000 + 10 * (polls - 1))}"
    assert told(far, protocol_type="") == (
        f"{how}: no members (manual assignment); offset 0 has not moved, in rate 10/s; {left}"
    )


def test_a_slow_reader_tells_both_rates_and_that_it_never_catches_up() -> None:
    slow = [Poll(1000 + 100 * each, 1000 + 80 * each) for each in range(90)]
    assert told(slow) == (
        f"growing for {duration(590)}: out rate 8.0/s, in rate 10/s, never drains at this rate; {READER}; "
        f"1,780 records behind, time lag {duration(178)} ± 5 s"
    )


def test_a_fast_reader_tells_when_it_catches_up() -> None:
    fast = [Poll(100_000 + 100 * each, 1000 + 800 * each, age=5000 - each) for each in range(60)]
    assert told(fast).startswith(
        f"behind for over {duration(590)}: out rate 80/s, in rate 10/s, drains in {duration(57_700 / 70)}; "
    )


def in_turns(group_type: str, second: float = 300) -> View:
    """A member has two partitions and reads `second` a poll of the second one, another member reads a third."""
    series = Series()
    for each in range(60):
        commits: dict[tuple[str, int], float | str | None] = {
            ("t", number): start + rate * each
            for number, (start, rate) in enumerate(((0, 0), (1000, second), (0, 100)))
        }
        members = [("c", "/h", [("t", 0), ("t", 1)]), ("d", "/i", [("t", 2)])]
        topic = Topic("t", [(0, 90_000 + 200 * each)] * 3)
        group = Group("g", commits, members, group_type=group_type)
        view = series.poll([topic], [group], ages={("t", number): 5000.0 for number in range(3)})
    return view


def test_a_member_that_reads_its_partitions_in_turns_tells_of_all_of_them() -> None:
    view = in_turns("consumer")
    whole = "; client c at h (out rate 30/s, in rate 40/s on its 2 partitions); "
    assert f": offset 0 has not moved, in rate 20/s{whole}" in partition_story(view, 0)
    assert f": out rate 30/s, in rate 20/s, drains in {duration(83_100 / 10)}{whole}" in partition_story(view, 1)
    assert ", never drains at this rate; client d at i; " in partition_story(view, 2)
    assert "; client c at h; " in partition_story(in_turns("share"), 0)
    assert ": client c at h; " in partition_story(make_view(in_turns("consumer").snapshot), 0)
    assert "; client c at h (out rate 0.0/s, in rate 40/s on its 2 partitions); " in partition_story(
        in_turns("consumer", 0), 0
    )


def test_a_member_that_got_stuck_is_not_said_to_read_what_it_read_before() -> None:
    series = Series()
    for each in range(40):
        commit = 1000.0 * min(each, 20)
        group = Group("g", {("t", 0): commit, ("t", 1): commit}, [("c", "/h", [("t", 0), ("t", 1)])])
        view = series.poll([Topic("t", [(0, 1000.0 * each)] * 2)], [group])
    assert view.lag_times.consume_rate[0] > 10
    stuck = f"stuck for {duration(190)}: offset 20,000 has not moved, in rate 100/s; "
    assert partition_story(view, 0).startswith(stuck)
    assert "; client c at h (out rate 0.0/s, in rate 200/s on its 2 partitions); " in partition_story(view, 0)


def test_a_reader_as_fast_as_its_producer_neither_catches_up_nor_never_does() -> None:
    polls = [Poll(10_000 + 100 * each, 100 * each, age=1000) for each in range(60)]
    assert ": out rate 10/s, in rate 10/s, lag stays about the same; " in told(polls)


def test_a_rewound_row_tells_by_how_much() -> None:
    story = told([*WELL, *[Poll(END + 10 * each, AT - 600 + 50 * each) for each in range(8)]])
    assert story.startswith(f"rewound for {duration(70)}: by 600 records, 1,160 → 560; out rate 5.0/s, in rate 1.0/s, ")


def test_many_partitions_that_were_rewound_tell_of_all_of_them() -> None:
    series = Series()
    for each in range(20):
        commits: dict[tuple[str, int], float | str | None] = {
            ("t", number): 1000.0 + each - (900 if each > 15 else 0) for number in range(40)
        }
        view = series.poll([Topic("t", [(0, 1000 + each)] * 40)], [Group("g", commits)])
    assert ": by 35,960 records on 40 partitions; " in partition_story(view, 7)


def test_a_lost_row_tells_how_much_is_lost_and_what_is_left() -> None:
    gone = [*WELL, *[Poll(END, AT, start=AT + 5)] * 2]
    assert told(gone).startswith("lost for 10 s: 5 records lost; ")
    assert told(gone).endswith(f"; {READER}; 5 records behind, time lag 25 s ± 5 s")
    assert told([*gone, *[Poll(END, END, start=AT + 5)] * 3]).endswith(f"; {READER}; 0 records behind")


def test_a_losing_row_tells_when_its_records_are_deleted() -> None:
    polls = [Poll(1000 + 100 * each, 1000 + 10 * each) for each in range(120)]
    view = watch(polls, retention_seconds=1200)[-1]
    left = duration(float(view.lag_times.headroom_seconds[0]))
    assert partition_story(view, 0).startswith(
        f"losing for {duration(120)}: data loss in {left}; out rate 1.0/s, in rate 10/s, never drains at this rate; "
    )


def test_an_open_transaction_is_told() -> None:
    series = Series()
    for each in range(50):
        end = 1000.0 + 10 * each
        commit = min(end, AT)
        group = Group("g", {("t", 0): commit}, [("reader-0", "/10.0.3.0", [("t", 0)])])
        view = series.poll([Topic("t", [(0, end)], stable=[commit])], [group])
    assert partition_story(view, 0).startswith(
        f"stuck for {duration(330)}: blocked by an open transaction; offset 1,160 has not moved, "
    )


def test_one_poll_tells_no_rates_and_no_span() -> None:
    left = f"10 records behind, time lag {duration(500)}"
    assert told([Poll(100, 90, age=500)]) == f"behind: {READER}; {left}"
    assert told([Poll(100, 90, members=0, age=500)]) == f"stopped: no members; {left}"


def test_what_is_unknown_is_said_with_its_reason() -> None:
    assert told([Poll(100, 90)]) == f"behind: {READER}; 10 records behind; time lag unknown ({NOT_DATED})"
    assert told([Poll(100, None)]) == "unknown: no commit"
    timed_out = "broker 2: timed out after 3.3 s"
    assert told([Poll(None, 90)]) == f"unknown: {timed_out}"
    assert told([*WELL, *[Poll(None, AT)] * 12]) == f"unknown for 2 min: {timed_out}"
    denied = make_view(snapshot_of([Topic("t", [(0, 9)])], [Group("g", {("t", 0): 5}, reason="denied")]))
    assert partition_story(denied, 0).startswith("behind: members unknown (denied); 4 records behind; ")


def test_numbers_are_written_as_the_face_writes_them() -> None:
    view = shop_view()
    row = int(np.nanargmax(view.lag.lost))
    assert partition_story(view, row, lambda _: "n").startswith("lost: n records lost; ")
    assert "; n records behind; " in partition_story(view, row, lambda _: "n")


@given(any_text, any_text, any_text)
def test_no_name_or_error_leaves_the_line(group: str, client: str, error: str) -> None:
    groups = [Group(group, {("t", 0): 1, ("t", 1): error}, [(client, client, [("t", 0)])])]
    view = make_view(snapshot_of([Topic("t", [(5, 10), (0, 9)])], groups))
    for row in range(len(view.lag)):
        assert partition_story(view, row).isprintable()
    assert len(partition_story(view, 0)) < 1000


def later(view: View, **numbers: float) -> View:
    """A View in which columns of times have these values."""
    times = view.lag_times
    changes = {name: np.full_like(getattr(times, name), value) for name, value in numbers.items()}
    return replace(view, lag_times=replace(times, **changes))


@given(snapshots())
def test_a_story_is_of_what_is_not_ok_and_never_tells_an_unknown_number(snapshot: Snapshot) -> None:
    plain = make_view(snapshot)
    for view in (plain, later(plain, produce_rate=3.0), later(plain, consume_rate=0.0), later(plain, lag_seconds=7.0)):
        for row in range(len(view.lag)):
            story = partition_story(view, row)
            assert story or view.lag_statuses.status[row] == OK
            assert not re.search(r"\bnan\b|–|∞", story)
            assert ("in rate" in story) <= bool(view.lag_times.produce_rate[row] == 3.0)
            assert ("has not moved" in story) <= bool(view.lag_times.consume_rate[row] == 0.0)

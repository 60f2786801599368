"""How a partition stands in time: a scripted series for each status, and its near misses, which must not fire."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from series import Poll, Series, watch
from views import NOW, Group, Topic

from monitor.analysis.derive.rates import group_rate, topic_rate
from monitor.analysis.derive.verdict import group_why
from monitor.model.status import BEHIND, STATUSES
from monitor.model.text import duration
from monitor.model.view import View

MINUTE = 6
"""Polls a minute, at the interval of 10 s that the series have."""


def words(views: Iterable[View]) -> list[str]:
    """The status of the only row of lag at each poll that was answered."""
    return [STATUSES[view.lag_statuses.status[0]] for view in views if view.up]


def steady(polls: int, *, end: float = 1000, rate: float = 10, behind: float = 10) -> list[Poll]:
    """A reader that stays `behind` records behind what is produced."""
    return [Poll(end + rate * each, end + rate * each - behind) for each in range(polls)]


def stood(polls: int, *, end: float, commit: float, rate: float = 10, members: int = 1) -> list[Poll]:
    """Nothing is read of what is produced."""
    return [Poll(end + rate * (each + 1), commit, members) for each in range(polls)]


WELL = steady(3 * MINUTE)
"""Three minutes of a reader that keeps up."""
END = 1000 + 10 * (3 * MINUTE - 1)
AT = END - 10


def after_well(polls: Sequence[Poll], **options: object) -> list[str]:
    """The statuses of what comes after WELL, which ends ok."""
    said = words(watch([*WELL, *polls], **options))  # type: ignore[arg-type]
    assert said[len(WELL) - 1] == "ok"
    return said[len(WELL) :]


# ok and behind


def test_what_is_read_in_time_is_ok_whatever_its_lag() -> None:
    views = watch([Poll(1_000_000 * each, 1_000_000 * (each - 1)) for each in range(1, 20)])
    assert words(views)[-1] == "ok"
    assert views[-1].lag.lag[0] == 1_000_000


def test_an_old_next_record_is_behind_from_the_second_poll_on() -> None:
    said = after_well(stood(6, end=END, commit=AT))
    assert said == ["ok", "ok", "ok", "ok", "behind", "behind"]


def test_one_poll_with_an_old_record_is_no_status() -> None:
    one = [Poll(END + 10 * each, AT) for each in range(1, 5)]
    assert set(after_well([*one, *[Poll(END + 40 + 10 * each, END + 30 + 10 * each) for each in range(9)]])) == {"ok"}


def test_behind_is_left_only_after_a_minute() -> None:
    back = [Poll(END + 100 + 10 * each, END + 95 + 10 * each) for each in range(9)]
    said = after_well([*stood(8, end=END, commit=AT), *back])
    assert said[8:] == [*["behind"] * 6, "ok", "ok", "ok"]


# ahead


def test_a_commit_beyond_the_log_end_is_ahead_from_the_second_poll_on_until_it_is_not() -> None:
    cut = [Poll(END - 500, AT) for _ in range(4)]
    assert after_well([*cut, Poll(END - 490, END - 490), Poll(END - 480, END - 480)]) == [
        "ok",
        *["ahead"] * 3,
        "ok",
        "ok",
    ]


def test_a_log_end_that_one_poll_alone_has_is_no_status() -> None:
    assert set(after_well([Poll(END - 500, AT), *[Poll(END + 10 * each, AT + 10 * each) for each in range(9)]])) == {
        "ok"
    }


def test_a_commit_that_is_beyond_the_log_end_at_first_sight_is_ahead_at_once() -> None:
    assert words(watch([Poll(20, 1000, 0), Poll(20, 1000, 0)])) == ["ahead", "ahead"]


# lost


def test_status_lost_tells_how_much_until_it_ends() -> None:
    gone = [Poll(END + 10 * each, AT, start=AT + 40) for each in range(1, 4)]
    back = [Poll(END + 30 + 10 * each, END + 30 + 10 * each, start=AT + 40) for each in range(1, 70)]
    views = watch([*WELL, *gone, *back])[len(WELL) :]
    told = [(STATUSES[view.lag_statuses.status[0]], float(view.lag.lost[0])) for view in views]
    assert set(told) == {("lost", 40.0), ("ok", 0.0)}
    assert told.count(("lost", 40.0)) == 2 + 61


def test_a_commit_that_one_poll_alone_has_loses_nothing() -> None:
    """A coordinator that was away may give out an old commit, below where the log starts by now."""
    old = Poll(END + 10, 100, start=500)
    views = watch([*WELL, old, *[Poll(END + 10 + 10 * each, END + 10 * each, start=500) for each in range(9)]])
    assert "lost" not in words(views)
    assert math.isnan(views[len(WELL)].lag.lost[0])
    assert [view.lag.lost[0] for view in views[len(WELL) + 1 :]] == [0] * 9
    # What was set back to there is told by the next poll.
    assert words(watch([*WELL, old, old, old]))[-3:] == ["ok", "lost", "lost"]


@pytest.mark.parametrize(("group", "lost"), [("app", 0), ("audit", 25)])
def test_what_a_streams_application_deletes_itself_is_lost_to_others_alone(group: str, lost: float) -> None:
    """Kafka Streams deletes the records of its repartition topics once it has read and committed them."""
    topics = [Topic("app-counts-repartition", [(75, 100)]), Topic("orders", [(75, 100)])]
    commits: dict[tuple[str, int], float | str | None] = {("app-counts-repartition", 0): 50}
    view = Series().poll(topics, [Group(group, commits), Group("app2", {("orders", 0): 50})])
    assert view.lag.lost.tolist() == ([lost, 25] if group == "app" else [25, lost])
    assert view.lag.lag.tolist() == [25, 25]
    assert (STATUSES[view.lag_statuses.status[0 if group == "app" else 1]] == "lost") == (lost > 0)


def test_a_log_start_that_the_application_moves_overtakes_nobody() -> None:
    """It moves as far as the application has read: nothing is deleted before it is read."""
    for topic, losing in (("app-counts-repartition", False), ("orders", True)):
        series = Series(retention_seconds=math.inf)
        for each in range(200):
            group = Group("app", {(topic, 0): 1000 + 5 * each}, [("c", "/h", [(topic, 0)])])
            view = series.poll([Topic(topic, [(990 + 5 * each, 1100 + 10 * each)])], [group])
        assert np.isinf(view.lag_times.headroom_seconds[0]) == (not losing)
        assert (STATUSES[view.lag_statuses.status[0]] == "losing") == losing


# stopped


@pytest.mark.parametrize("group_type", ["classic", "consumer", "share", "streams"])
def test_a_group_without_members_that_commits_nothing_for_a_minute_is_stopped(group_type: str) -> None:
    said = after_well(stood(8, end=END, commit=AT, members=0), group_type=group_type)
    assert said == ["ok", "ok", "ok", "ok", "behind", "behind", "stopped", "stopped"]


def test_a_restart_within_a_minute_is_not_stopped() -> None:
    away = stood(3, end=END, commit=AT, members=0)
    back = [Poll(END + 30 + 10 * each, END + 20 + 10 * each) for each in range(1, 12)]
    assert "stopped" not in after_well([*away, *stood(1, end=END + 30, commit=AT), *back])


def test_an_empty_group_that_has_read_everything_is_ok() -> None:
    assert set(after_well([Poll(END, END, 0) for _ in range(30)])) == {"ok"}


def test_an_empty_group_whose_consumer_picks_its_own_partitions_is_not_stopped() -> None:
    polls = [replace(each, members=0) for each in steady(60)]
    gone = stood(30, end=1600, commit=1580, members=0)
    said = words(watch([*polls, *gone], protocol_type=""))
    assert set(said[12:60]) == {"ok"}
    assert "stopped" not in said
    assert said[-1] == "stuck"


def test_the_marker_that_ends_a_transaction_stops_nobody() -> None:
    assert {"stopped", "stuck"}.isdisjoint(after_well([Poll(END, END - 1, 0) for _ in range(60)]))
    assert {"stopped", "stuck"}.isdisjoint(after_well([Poll(END, END - 1, 1) for _ in range(60)]))
    assert after_well([Poll(END + 1, END - 1, 1) for _ in range(60)])[-1] == "stuck"


def test_a_partition_that_no_member_of_a_group_has_is_stopped_and_the_others_are_not() -> None:
    series = Series()
    for each in range(40):
        end = 1000 + 10 * each
        group = Group("g", {("t", 0): end - 10, ("t", 1): 900}, [("c", "/h", [("t", 0)])])
        view = series.poll([Topic("t", [(0, end), (0, end)])], [group])
    assert [STATUSES[code] for code in view.lag_statuses.status] == ["ok", "stopped"]


def test_members_that_come_back_have_time_to_commit() -> None:
    said = after_well([*stood(30, end=END, commit=AT, members=0), *stood(30, end=END + 300, commit=AT)])
    assert said[29] == "stopped"
    assert said[36] == said[41] == "behind"
    assert said[-1] == "stuck"


# stuck


@pytest.mark.parametrize("group_type", ["classic", "consumer", "share", "streams"])
def test_an_offset_that_stands_for_two_minutes_while_there_is_something_to_read_is_stuck(group_type: str) -> None:
    views = watch([*WELL, *stood(20, end=END, commit=AT)], group_type=group_type)
    said = words(views)[len(WELL) :]
    assert said[10] == "behind"
    assert said[12] == "stuck"
    assert views[-1].lag_statuses.since[0] == views[len(WELL) - 1].time


def test_a_group_never_seen_to_commit_is_stuck_after_max_poll_interval() -> None:
    said = words(watch(stood(40, end=1000, commit=10)))
    assert said[29] == "behind"
    assert said[31] == "stuck"


def test_one_commit_does_not_end_stuck_and_several_do() -> None:
    stands = stood(20, end=END, commit=AT)
    one = [*stands, *stood(10, end=END + 200, commit=AT + 1)]
    assert set(after_well(one)[13:]) == {"stuck"}
    on = [Poll(END + 200 + 10 * each, AT + 30 * each) for each in range(1, 12)]
    said = after_well([*stands, *on])[20:]
    assert said[:8] == ["stuck"] * 8
    assert "stuck" not in said[10:]


def test_who_commits_every_minute_is_not_stuck() -> None:
    polls = [Poll(1000 + 10 * each, 990 + 10 * (each // 6 * 6)) for each in range(120)]
    assert "stuck" not in words(watch(polls))


def test_who_commits_every_five_minutes_is_not_stuck_once_that_is_known() -> None:
    polls = [Poll(1000 + 10 * each, 990 + 10 * (each // 30 * 30)) for each in range(300)]
    said = words(watch([*polls, *stood(61, end=4000, commit=3690)]))
    assert "stuck" not in said[:300]
    assert said[-1] == "stuck"


def test_an_idle_topic_is_not_stuck_and_neither_is_its_first_record() -> None:
    idle = [Poll(END, END) for _ in range(100)]
    assert set(after_well([*idle, Poll(END + 5, END), Poll(END + 5, END + 5)])) == {"ok"}


def test_a_crash_loop_on_one_record_is_stuck_though_its_members_come_and_go() -> None:
    polls = [replace(each, members=row // 3 % 2) for row, each in enumerate(stood(40, end=END, commit=AT))]
    said = after_well(polls)
    assert said[-1] == "stuck"
    assert "stopped" not in said


# rewound


def test_an_offset_that_fell_is_rewound_until_it_is_back() -> None:
    again = [Poll(END + 10 * each, AT - 600 + 50 * each) for each in range(20)]
    said = after_well(again)
    assert said[:12] == ["ok", *["rewound"] * 11]
    assert "rewound" not in said[12:]


def test_a_dip_of_one_poll_is_not_rewound() -> None:
    dip = [Poll(END + 10, 900), *[Poll(END + 10 * each, END + 10 * each - 10) for each in range(2, 20)]]
    assert "rewound" not in after_well(dip)


def test_a_topic_made_anew_is_not_rewound() -> None:
    anew = [Poll(10.0 * each, 10.0 * each, topic_id="AnOtherTopicOfThatName") for each in range(20)]
    assert "rewound" not in after_well(anew)


def test_a_log_that_was_truncated_is_not_rewound() -> None:
    cut = [Poll(900, 900), *stood(11, end=900, commit=900)]
    assert "rewound" not in after_well(cut)


def test_rewound_is_told_for_ten_minutes_at_most() -> None:
    said = after_well([Poll(END + 10 * each, 100 + each) for each in range(70)])
    assert said[59] == "rewound"
    assert "rewound" not in said[61:]


# growing


def test_a_reader_that_is_slower_than_what_is_produced_is_growing() -> None:
    views = watch([Poll(1000 + 100 * each, 1000 + 80 * each) for each in range(90)])
    assert words(views)[-1] == "growing"
    assert "growing" not in words(views)[: 5 * MINUTE]


def test_a_dip_in_lag_does_not_hide_growing() -> None:
    polls = [Poll(1000 + 100 * each, 1000 + 80 * each) for each in range(120)]
    dips = [replace(each, end=1000 + 100 * row - 90 * (row % 7 == 0)) for row, each in enumerate(polls)][1:]
    views = watch(dips)
    lags = [view.lag.lag[0] for view in views]
    assert sum(later < earlier for earlier, later in pairwise(lags)) > 15
    assert words(views)[-1] == "growing"


@pytest.mark.parametrize("behind", [600, 3000])
def test_a_reader_that_is_far_behind_and_keeps_its_distance_is_not_growing(behind: int) -> None:
    polls = [Poll(1000 + 100 * each, max(0, 1000 + 100 * each - behind), age=1000) for each in range(160)]
    assert "growing" not in words(watch(polls))


def test_a_burst_that_is_being_read_is_not_growing() -> None:
    burst = [Poll(END + 100_000, AT + 1000 * each) for each in range(1, 90)]
    assert "growing" not in after_well(burst)


def test_reading_in_batches_is_not_growing() -> None:
    polls = [Poll(1000 + 10 * each, 990 + 10 * (each // 24 * 24)) for each in range(300)]
    assert "growing" not in words(watch(polls))


# losing and lost


def test_who_is_overtaken_by_retention_is_losing() -> None:
    views = watch([Poll(1000 + 100 * each, 1000 + 10 * each) for each in range(160)], retention_seconds=1200)
    assert words(views)[-1] == "losing"
    times = views[-1].lag_times
    assert times.headroom_seconds[0] < (times.headroom_seconds[0] + times.lag_seconds[0]) / 5 + 60
    assert "losing" not in words(views)[: 15 * MINUTE]


def test_a_stopped_group_is_losing_before_its_records_are_deleted() -> None:
    polls = stood(60, end=END, commit=AT, members=0)
    said = after_well(polls, retention_seconds=600)
    assert said[46] == "stopped"
    assert said[58] == "losing"
    assert after_well(polls, retention_seconds=7 * 86_400)[-1] == "stopped"


def test_who_reads_old_records_fast_is_not_losing() -> None:
    polls = [Poll(100_000 + 10 * each, 900 * each, age=1100 - 12 * each) for each in range(80)]
    assert "losing" not in words(watch(polls, retention_seconds=1200))


def test_a_new_group_at_the_start_of_a_young_topic_is_not_losing() -> None:
    polls = [Poll(1000 + 10 * each, 0, age=60 + 10 * each) for each in range(60)]
    assert "losing" not in words(watch(polls, retention_seconds=86_400))


def test_records_deleted_unread_are_lost_for_ten_minutes_more() -> None:
    gone = [Poll(END, AT, start=AT + 5), Poll(END, AT, start=AT + 5)]
    back = [Poll(END + 10 * each, END + 10 * each, start=AT + 5) for each in range(70)]
    said = after_well([*gone, *back])
    assert said[: 2 + 60] == ["lost"] * 62
    assert said[2 + 61 :] == ["ok"] * 9


def test_a_log_that_starts_where_the_group_reads_next_has_lost_nothing() -> None:
    assert "lost" not in after_well([Poll(END + 10 * each, AT + 10 * each, start=AT + 10 * each) for each in range(9)])


# unknown


def test_what_was_told_is_told_again_after_it_was_unknown() -> None:
    stuck = stood(20, end=END, commit=AT)
    views = watch(
        [
            *WELL,
            *stuck,
            *[Poll(END + 200, "broker 2: timed out") for _ in range(5)],
            *[Poll(None, AT) for _ in range(5)],
            *[Poll(END, AT, error="nobody answers") for _ in range(30)],
            Poll(END + 700, AT),
        ]
    )
    said = words(views)[len(WELL) + 19 :]
    assert said == ["stuck", *["unknown"] * 10, "stuck"]
    since = [float(view.lag_statuses.since[0]) for view in views if view.up]
    assert since[-1] == since[len(WELL) + 19]


def test_a_failed_poll_never_makes_a_status_ok() -> None:
    for failing in (Poll(None, AT), Poll(END, None), Poll(END, "denied"), Poll(END, AT, error="nobody answers")):
        said = after_well([*stood(15, end=END, commit=AT), *[failing] * 20, *stood(1, end=END + 150, commit=AT)])
        assert said[-1] == "stuck"
        assert set(said[15:-1]) <= {"unknown"}


def test_time_that_was_not_seen_does_not_make_stuck() -> None:
    asleep = Poll(END + 4000, AT, after=3600)
    assert "stuck" not in after_well([asleep, *stood(11, end=END + 4000, commit=AT)])
    assert after_well([asleep, *stood(13, end=END + 4000, commit=AT)])[-1] == "stuck"


def test_a_group_that_could_not_be_asked_comes_back_as_it_left() -> None:
    def poll(series: Series, end: float, commit: float, reason: str = "") -> View:
        commits: dict[tuple[str, int], float | str | None] = {} if reason else {("t", 0): commit, ("t", 1): end}
        groups = [Group("g", commits, state="Empty", commits_reason=reason), Group("h", {("t", 0): end})]
        return series.poll([Topic("t", [(0, end), (0, end)])], groups)

    series = Series()
    for each in range(20):
        poll(series, 1000 + 10 * each, 1000 + 10 * each)
    for each in range(20):
        before = poll(series, 1200 + 10 * each, 1190)
    assert STATUSES[before.lag_statuses.status[0]] == "stopped"
    for _ in range(9):
        away = poll(series, 1390, 1190, "broker 2: timed out")
        assert len(away.lag) == 1
        assert STATUSES[away.group_lags.status[0]] == "unknown"
    again = poll(series, 1400, 1190)
    assert STATUSES[again.lag_statuses.status[0]] == "stopped"
    assert again.lag_statuses.since[0] == before.lag_statuses.since[0]


def test_a_status_stays_with_its_row_while_others_come_and_go() -> None:
    series = Series()
    for each in range(40):
        end = 1000 + 10 * each
        topics = [Topic(name, [(0, end)]) for name in ("a", "t", "z") if name == "t" or each % 5 > 1]
        groups = [Group("g", {("t", 0): min(end, 1100)}, [("c", "/h", [("t", 0)])])]
        groups += [Group(name, {(topics[0].name, 0): end}) for name in ("a", "z") if each % 3]
        view = series.poll(topics, groups)
    row = int(np.flatnonzero(view.lag.group == view.group_rows["g"])[0])
    assert STATUSES[view.lag_statuses.status[row]] == "stuck"
    assert view.lag_statuses.since[row] == NOW + 100


def test_commits_that_are_gone_for_good_leave_nothing_behind() -> None:
    series = Series()
    for each in range(60):
        commits: dict[tuple[str, int], float | str | None] = {("t", 0): 10.0} if each != 40 else {}
        group = Group("g", commits, state="Empty")
        view = series.poll([Topic("t", [(0, 100 + each)])], [group])
    assert view.lag_statuses.since_at_latest[0] == NOW + 410


# one poll


@pytest.mark.parametrize(
    ("poll", "word"),
    [
        (Poll(100, 100), "ok"),
        (Poll(100, 90, age=5), "ok"),
        (Poll(100, 90, age=500), "behind"),
        (Poll(100, 90), "behind"),
        (Poll(100, 90, members=0, age=500), "stopped"),
        (Poll(100, 90, members=0, age=45), "behind"),
        (Poll(100, 90, members=0), "behind"),
        (Poll(100, 90, start=95), "lost"),
        (Poll(100, None), "unknown"),
        (Poll(None, 5), "unknown"),
    ],
)
def test_what_one_poll_can_tell(poll: Poll, word: str) -> None:
    (view,) = watch([poll], retention_seconds=600)
    assert words([view]) == [word]
    assert math.isnan(view.lag_statuses.since[0])


def test_since_is_unknown_while_it_may_have_begun_before_kmon_looked() -> None:
    views = watch([Poll(100 + each, 10, members=0, age=500 + 10 * each) for each in range(20)])
    assert math.isnan(views[-1].lag_statuses.since[0])
    assert views[-1].lag_statuses.since_at_latest[0] == NOW
    assert np.isnan(watch([Poll(9, None)])[0].lag_statuses.since_at_latest[0])


def test_what_stood_still_from_the_first_poll_on_has_no_known_beginning_however_polls_are_spaced() -> None:
    for spacing in (9.3, 10.0, 10.1, 12.7):
        polls = [Poll(100_000 + each, 0, age=9_000 + spacing * each, after=spacing) for each in range(60)]
        last = watch(polls)[-1]
        assert STATUSES[last.lag_statuses.status[0]] == "stuck"
        assert math.isnan(last.lag_statuses.since[0])


def test_statuses_do_not_depend_on_when_the_clock_of_the_marks_began(monkeypatch: pytest.MonkeyPatch) -> None:
    polls = [*WELL, *stood(30, end=END, commit=AT), *steady(30, end=END + 310)]
    one = watch(polls)
    monkeypatch.setattr("monitor.analysis.earlier_polls.marks.SHIFT_SECONDS", 75.0)
    other = watch(polls)
    assert "stuck" in words(one)
    assert words(one) == words(other)
    assert [view.lag_statuses.since[0] for view in one] == pytest.approx(
        [view.lag_statuses.since[0] for view in other], abs=0.01, nan_ok=True
    )
    assert [view.lag_statuses.since_at_latest[0] for view in one] == pytest.approx(
        [view.lag_statuses.since_at_latest[0] for view in other], abs=0.01
    )


# groups


def in_turns(polls: int, *, read: float, turn: int = 20) -> list[View]:
    """Two partitions get 10 records a second each; one consumer reads each for `turn` polls, `read` a second."""
    series, ends, commits, views = Series(), [1000.0] * 2, [1000.0] * 2, []
    for poll in range(polls):
        ends = [end + 100 for end in ends]
        mine = poll // turn % 2
        commits[mine] = min(ends[mine], commits[mine] + 10 * read)
        read_of = {("t", each): commits[each] for each in range(2)}
        group = Group("g", {**read_of}, [("c", "/h", list(read_of))])
        views.append(series.poll([Topic("t", [(0, end) for end in ends])], [group]))
    return views


def test_a_group_that_reads_one_partition_at_a_time_and_too_slowly_grows() -> None:
    """Each partition falls for a while, and so is behind for the rest of the time; the group is never only that."""
    views = in_turns(32 * MINUTE, read=11)[-15 * MINUTE :]
    for totals in ("group_lags", "group_topic_lags"):
        told = [STATUSES[getattr(view, totals).status[0]] for view in views]
        assert set(told) == {"growing", "stuck"}
    (*_, whole) = (view for view in views if {*view.lag_statuses.status.tolist()} == {BEHIND})
    assert STATUSES[whole.group_lags.status[0]] == "growing"
    assert re.fullmatch(
        r"growing for \d+ min: out rate 1\d/s, in rate 20/s on 2 partitions; "
        r"largest lag on t-\d: [\d,]+ records, time lag .*",
        group_why(whole, 0),
    )
    assert ("degraded", "group_growing") in zip(whole.problems.level, whole.problems.kind, strict=True)
    assert "reads_too_slowly" in whole.diagnoses.pattern
    assert "growing" not in {STATUSES[view.group_lags.status[0]] for view in in_turns(32 * MINUTE, read=25)}


def test_a_group_that_commits_every_four_minutes_and_keeps_up_does_not_grow() -> None:
    series, told = Series(), set()
    for each in range(60 * MINUTE):
        end = 100_000.0 + 1000 * each
        commit = 100_000.0 + 1000 * (each - each % 24) - 500
        group = Group("g", {("t", 0): commit, ("t", 1): commit}, [("c", "/h", [("t", 0), ("t", 1)])])
        view = series.poll([Topic("t", [(0, end), (0, end)])], [group])
        told.add(STATUSES[view.group_lags.status[0]])
    assert told <= {"ok", "behind"}


def test_a_status_has_one_beginning_wherever_it_is_told() -> None:
    """Of two stuck partitions the one with more lag has been so for less time; a third was so from the start."""
    series = Series()
    for each in range(100):
        well = 1000 + 10 * each
        commits: dict[tuple[str, int], float | str | None] = {
            ("t", 0): 1000 + 10 * min(each, 10),
            ("t", 1): 1000 + 50 * min(each, 40),
        }
        cold: dict[tuple[str, int], float | str | None] = {("u", 0): 5}
        members = [("c", "/h", list(commits))]
        groups = [Group("g", commits, members), Group("h", cold, [("d", "/h", [("u", 0)])])]
        t = Topic("t", [(0, well), (0, 1000 + 50 * each)])
        view = series.poll([t, Topic("u", [(0, 90 + each)])], groups, ages={("u", 0): 9000 + 10 * each})
    assert [STATUSES[code] for code in view.group_lags.status] == ["stuck", "stuck"]
    since, latest = view.group_lags.since, view.group_lags.since_at_latest
    assert since[0] == latest[0] == view.lag_statuses.since[0] < view.lag_statuses.since[1]
    assert math.isnan(since[1])
    assert latest[1] == NOW
    assert view.problems.since.tolist() == latest.tolist()
    spans = [f" for {duration(view.time - latest[0])}", f" for over {duration(view.time - NOW)}"]
    for row, span in enumerate(spans):
        assert f"stuck{span} on" in group_why(view, row)
        assert f"stuck{span} on" in str(view.problems.sentence[row])
        assert f"is stuck{span}: it reads nothing" in str(view.diagnoses.sentence[row])


def test_a_group_stands_as_its_worst_partition_and_since_the_first_of_these() -> None:
    series = Series()
    views = []
    for each in range(60):
        end = 1000 + 10 * each
        commits: dict[tuple[str, int], float | str | None] = {
            ("t", 0): end,
            ("t", 1): min(end, 1100),
            ("t", 2): min(end, 1200),
        }
        member = ("c", "/h", [("t", 0), ("t", 1), ("t", 2)])
        views.append(series.poll([Topic("t", [(0, end)] * 3)], [Group("g", commits, [member])]))
    last = views[-1]
    assert [STATUSES[code] for code in last.lag_statuses.status] == ["ok", "stuck", "stuck"]
    for totals in (last.group_lags, last.group_topic_lags):
        assert STATUSES[totals.status[0]] == "stuck"
        assert totals.since[0] == last.lag_statuses.since[1] < last.lag_statuses.since[2]
        assert totals.lag_seconds[0] == last.lag_times.lag_seconds[1]
        assert totals.produce_rate[0] == pytest.approx(3.0)
        assert totals.consume_rate[0] == pytest.approx(1.0)
        assert math.isinf(totals.eta_seconds[0])


def test_rates_of_groups_and_topics_are_sums_over_each_window() -> None:
    series = Series()
    for each in range(60):
        ends: list[tuple[float | None, float | None]] = [(0, 1000 + 20 * each), (0, 1000 + 10 * each)]
        commits: dict[tuple[str, int], float | str | None] = {("t", 0): 900 + 10 * each, ("t", 1): 900 + 5 * each}
        silent: dict[tuple[str, int], float | str | None] = {("t", 0): 10, ("t", 1): "timed out"}
        view = series.poll([Topic("t", ends), Topic("u", [(0, 7)])], [Group("g", commits), Group("h", silent)])
    assert [topic_rate(view, f"produce_rate_{window}").tolist() for window in ("1m", "5m")] == [[3.0, 0.0]] * 2
    produced, consumed = group_rate(view, "produce_rate_5m"), group_rate(view, "consume_rate_5m")
    assert (produced[0], consumed[0]) == (3.0, 1.5)
    assert np.isnan([produced[1], consumed[1]]).all(), "a part of it is unknown"
    assert np.isnan(group_rate(view, "produce_rate_60m")).all(), "kmon has polled for ten minutes"
    assert group_rate(view, "consume_rate_15m")[0] == 1.5


def test_the_age_of_a_group_is_unknown_while_a_part_of_it_may_be_older() -> None:
    series = Series()
    for each in range(12):
        end = 1000 + 10 * each
        part = None if each == 11 else end - 10
        commits: dict[tuple[str, int], float | str | None] = {("t", 0): end - 10, ("t", 1): part}
        view = series.poll([Topic("t", [(0, end), (0, end)])], [Group("g", commits)])
    totals = view.group_lags
    for name in ("lag_seconds", "lag_seconds_error", "consume_rate", "headroom_seconds"):
        assert math.isnan(getattr(totals, name)[0]), name
    assert totals.lag_seconds_at_least[0] == 0
    assert math.isinf(totals.eta_seconds[0])  # one partition is never read to its end at this rate
    assert view.lag_times.lag_seconds[0] == 5

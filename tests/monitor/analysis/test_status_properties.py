"""What holds of statuses and times whatever the series: they follow from snapshots, and never from what is unknown."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from series import Poll, watch

from monitor.analysis.derive.times import EVEN
from monitor.analysis.earlier_polls.marks import Marks
from monitor.model.lag import next_offsets
from monitor.model.status import STATUSES
from monitor.model.table import Floats
from monitor.model.view import View

_steps = st.tuples(
    st.sampled_from([0, 0, 10, 50]),  # produced
    st.sampled_from([0, 0, 10, 50, -60, None, "denied"]),  # read; None and a text are unknown
    st.sampled_from([0, 1, 1, 2]),  # members
    st.sampled_from([5.0, 10.0, 10.0, 40.0, 300.0]),  # seconds since the poll before
    st.sampled_from(["", "", "", "", "nobody answers"]),
    st.booleans(),  # whether the leader answers
)


@st.composite
def series(draw: st.DrawFn, least: int = 5, most: int = 40) -> list[Poll]:
    polls: list[Poll] = []
    end, commit, start = 1000, 950, 0
    for produced, read, members, after, error, leader in draw(st.lists(_steps, min_size=least, max_size=most)):
        end += produced
        if isinstance(read, int):
            commit = max(0, min(end, commit + read))
        told = commit if isinstance(read, int) else read
        polls.append(Poll(end if leader or len(polls) < 3 else None, told, members, start, after, error=error))
        start = max(start, draw(st.sampled_from([0, 0, 0, end - 100])))
    return polls


def told(views: list[View]) -> Floats:
    """Every number of the statuses, and of how the group stands."""
    tables = [table for view in views for table in (view.lag_statuses, view.group_lags)]
    return np.concatenate([np.asarray(getattr(table, each.name), float) for table in tables for each in table.schema()])


@given(series())
@settings(max_examples=40)
def test_the_same_snapshots_give_the_same_views(polls: list[Poll]) -> None:
    one, two = watch(polls), watch(polls)
    assert np.array_equal(told(one), told(two), equal_nan=True)


@given(series())
@settings(max_examples=50)
def test_a_status_is_unknown_exactly_where_lag_is(polls: list[Poll]) -> None:
    for view in watch(polls):
        unknown = np.isnan(view.lag.lag)
        assert ((view.lag_statuses.status == STATUSES.index("unknown")) == unknown).all()


@given(series())
@settings(max_examples=50)
def test_a_status_is_told_only_where_there_is_evidence(polls: list[Poll]) -> None:
    past_lags: list[float] = []
    for view, poll in zip(watch(polls), polls, strict=True):
        if not view.up or math.isnan(view.lag.lag[0]):
            continue
        past_lags.append(float(view.lag.lag[0]))
        word = STATUSES[view.lag_statuses.status[0]]
        since = float(view.lag_statuses.since[0])
        assert not since > view.time
        assert math.isnan(since) or since == view.lag_statuses.since_at_latest[0]
        assert view.lag_statuses.since_at_latest[0] <= view.time
        if not any(past_lags):
            assert word in {"ok", "lost"}
        if word == "stopped":
            assert any(each.members == 0 for each in polls)
        if word == "lost":
            assert any(each.start > 0 for each in polls)
        if word == "rewound":
            assert isinstance(poll.commit, int)
            assert any(isinstance(each.commit, int) and each.commit > poll.commit for each in polls)


@given(series(most=60))
@settings(max_examples=50)
def test_an_age_falls_only_when_the_offset_moves_or_the_record_is_gone(polls: list[Poll]) -> None:
    known = [view for view in watch(polls) if view.up and view.lag.lag[0] > 0 and view.lag_times.lag_seconds[0] >= 0]
    for one, other in pairwise(known):
        if next_offsets(one.lag)[0] != next_offsets(other.lag)[0]:
            continue
        (age, error), (later, later_error) = (
            (float(view.lag_times.lag_seconds[0]), float(view.lag_times.lag_seconds_error[0])) for view in (one, other)
        )
        # Points that are let go with time make an age less exact, to both sides.
        assert later + later_error >= age + error + (other.time - one.time) - 0.01
        if later_error == error:
            assert later > age


@given(series(), st.sampled_from([None, 60.0, 3600.0]))
@settings(max_examples=50)
def test_times_that_are_left_have_the_sign_of_what_happens(polls: list[Poll], retention: float | None) -> None:
    for view in watch(polls, retention_seconds=retention):
        times, lag = view.lag_times, view.lag.lag[0]
        eta, headroom = float(times.eta_seconds[0]), float(times.headroom_seconds[0])
        gained = times.consume_rate[0] - times.produce_rate[0]
        assert not eta < 0
        assert not headroom < 0
        if np.isnan(lag):
            assert math.isnan(eta)
        elif lag == 0:
            assert (eta, headroom) == (0.0, math.inf)
        elif math.isnan(gained):
            assert math.isnan(eta)
        else:
            assert math.isinf(eta) == (gained <= EVEN * times.produce_rate[0])
            assert math.isinf(eta) or eta > 0


@given(series(least=3, most=15), st.sampled_from(["poll", "commit", "end"]), st.integers(1, 20))
@settings(max_examples=60)
def test_what_is_unknown_for_a_while_leaves_the_status_as_it_was(polls: list[Poll], what: str, many: int) -> None:
    """Polls that tell nothing, then the last one again at once: the same status, since the same time.

    The last one is seen twice before, which confirms records that it shows to be lost.
    """
    last = replace(polls[-1], end=polls[-1].end or 2000, commit=900, error="")
    silent = replace(
        last,
        after=1.0,
        error="nobody answers" if what == "poll" else "",
        commit="denied" if what == "commit" else last.commit,
        end=None if what == "end" else last.end,
    )
    polls = [replace(each, error="") for each in polls[:-1]]
    again = replace(last, after=1.0)
    views = watch([*polls, last, again, *[silent] * many, again])
    before, after = views[len(polls) + 1].lag_statuses, views[-1].lag_statuses
    if STATUSES[before.status[0]] in {"stopped", "stuck", "lost", "losing"} and many < 5:
        assert after.status[0] == before.status[0]
        assert after.since[0] == before.since[0] or math.isnan(before.since[0])
    for view in views[len(polls) + 2 : -1]:
        assert not view.up or STATUSES[view.lag_statuses.status[0]] == "unknown"


@given(st.lists(st.integers(-1, 4), max_size=8))
def test_marks_move_with_their_rows(places: list[int]) -> None:
    names = [each.name for each in Marks.schema()]
    marks = Marks.empty().moved(np.full(5, -1)).at(np.arange(5), **dict.fromkeys(names, np.arange(5)))
    moved = marks.moved(np.array(places, np.int64))
    for row, place in enumerate(places):
        for name in names:
            value = getattr(moved, name)[row]
            assert (np.isnan(value) or value == 0) if place < 0 else value == place

"""Lag of voters and observers behind the quorum's leader, held to a plain computation; unknown stays unknown."""

import math
from dataclasses import replace

import numpy as np
from details import detailed_view
from hypothesis import given
from hypothesis import strategies as st
from views import NOW, snapshot_of

from monitor.analysis.derive.quorum import derive_quorum
from monitor.model.cluster_tables import Quorum

_time = st.integers(-600, 0).map(lambda age: NOW + age) | st.just(math.nan)
_end = st.integers(0, 10_000).map(float) | st.sampled_from([math.nan, -1.0])
_node = st.tuples(_end, _time, _time)


def quorum_of(nodes: list[tuple[float, float, float]], leader: int | None) -> Quorum:
    return Quorum(
        node=np.arange(len(nodes)),
        voter=np.ones(len(nodes), bool),
        leader=np.array([row == leader for row in range(len(nodes))], bool),
        log_end_offset=np.array([end for end, _, _ in nodes], np.float64),
        last_fetch=np.array([fetched for _, fetched, _ in nodes], np.float64),
        last_caught_up=np.array([caught_up for _, _, caught_up in nodes], np.float64),
    )


def known(value: float) -> bool:
    return not math.isnan(value)


@given(st.lists(_node, max_size=5), st.data())
def test_each_node(nodes: list[tuple[float, float, float]], data: st.DataObject) -> None:
    leader = data.draw(st.none() | st.sampled_from(range(len(nodes)))) if nodes else None
    lags = derive_quorum(replace(snapshot_of([], []), quorum=quorum_of(nodes, leader)))
    assert len(lags) == len(nodes)
    times = [time for _, fetched, caught_up in nodes for time in (fetched, caught_up) if known(time)]
    for row, (end, fetched, caught_up) in enumerate(nodes):
        head = math.nan if leader is None or nodes[leader][0] < 0 else nodes[leader][0]
        lag = head - end if end >= 0 else math.nan
        assert lags.lag[row] == max(0.0, lag) if known(lag) else math.isnan(lags.lag[row])
        for told, since in ((lags.behind_seconds[row], caught_up), (lags.fetch_age_seconds[row], fetched)):
            if leader is None:
                assert math.isnan(told)
            elif row == leader:
                assert told == 0
            else:
                assert told == max(times) - since if known(since) else math.isnan(told)


def test_the_fixture() -> None:
    lags = detailed_view().quorum_lags
    assert lags.lag.tolist() == [0, 0, 10, 6000]
    assert np.round(lags.behind_seconds, 1).tolist() == [0, 0.2, 3.0, 600]
    assert np.round(lags.fetch_age_seconds, 1).tolist() == [0, 0.2, 0.4, 600]


def test_a_clock_of_kmon_that_is_wrong_does_not_matter() -> None:
    snapshot = detailed_view().snapshot
    late = derive_quorum(replace(snapshot, time=snapshot.time + 3600))
    assert late.behind_seconds.tolist() == derive_quorum(snapshot).behind_seconds.tolist()


def test_no_quorum_has_no_rows() -> None:
    assert len(derive_quorum(snapshot_of([], []))) == 0

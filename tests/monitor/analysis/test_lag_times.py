"""Ages of records that were dated by their timestamps: whose they are, and what is not believed."""

from dataclasses import replace

import numpy as np
from series import topic_configs
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import RecordTimes
from monitor.model.lag import APPEND, CREATE, METHODS, RECORD
from monitor.model.reasons import Kind
from monitor.model.table import objects
from monitor.model.view import View

TOPICS = [Topic("t", [(0, 100)] * 4), Topic("u", [(0, 100)] * 2)]
GROUPS = [
    Group("g", {("t", 0): 10, ("t", 1): 20, ("t", 2): 30, ("t", 3): 100, ("u", 1): 5}),
    Group("h", {("t", 0): 10, ("t", 1): 21}),
]
Time = tuple[str, int, float, float, float, bool]
"""Topic, partition and offset of a record, seconds ago that it was written at the earliest and latest, unordered."""


def view_of(times: list[Time], *kinds: str | None) -> View:
    """`kinds` are the timestamp types of the topics; without them the configs are unknown."""
    snapshot = snapshot_of(TOPICS, GROUPS)
    if kinds:
        configs = replace(topic_configs(len(kinds), 3600.0), timestamp_type=objects(kinds))
        snapshot = replace(snapshot, topic_configs=configs)
    names = snapshot.topics.topic.tolist()
    table = RecordTimes(
        topic=np.array([names.index(each[0]) for each in times]),
        partition=np.array([each[1] for each in times]),
        offset=np.array([each[2] for each in times], float),
        earliest=np.array([NOW - each[3] for each in times], float),
        latest=np.array([NOW - each[4] for each in times], float),
        unordered=np.array([each[5] for each in times], bool),
    )
    return make_view(replace(snapshot, time=NOW), record_times=table)


def ages(view: View) -> dict[tuple[str, str, int], tuple[float | None, float | None, str]]:
    """Age, error and reason of each row."""
    lag, times, snapshot = view.lag, view.lag_times, view.snapshot
    return {
        (snapshot.groups.group[lag.group[row]], snapshot.topics.topic[lag.topic[row]], int(lag.partition[row])): (
            None if np.isnan(times.lag_seconds[row]) else float(times.lag_seconds[row]),
            None if np.isnan(times.lag_seconds_error[row]) else float(times.lag_seconds_error[row]),
            view.reasons[times.reason[row]],
        )
        for row in range(len(lag))
    }


def test_a_dated_record_gives_its_age_to_every_group_that_reads_it_next() -> None:
    said = ages(view_of([("u", 1, 5, 8.0, 8.0, False), ("t", 0, 10, 60.0, 40.0, False), ("t", 1, 20, 7.0, 7.0, False)]))
    assert said["g", "t", 0] == said["h", "t", 0] == (50.0, 10.0, "")
    assert said["g", "t", 1] == (7.0, 0.0, "")
    assert said["g", "u", 1] == (8.0, 0.0, "")
    assert said["g", "t", 3] == (0.0, 0.0, ""), "nothing to read"
    for row in (("h", "t", 1), ("g", "t", 2)):
        assert said[row] == (None, None, NOT_DATED), "another record, or none, was dated"


def test_what_is_not_believed_is_unknown_and_says_so() -> None:
    nan = float("nan")
    times: list[Time] = [
        ("t", 0, 10, 50.0, 40.0, True),
        ("t", 1, 20, -6.0, -6.0, False),
        ("t", 2, 30, nan, nan, False),
        ("u", 1, 5, -4.0, -4.0, False),
    ]
    said = ages(view_of(times))
    assert said["g", "t", 0] == (None, None, Kind.UNORDERED.value)
    assert said["g", "t", 1] == (None, None, Kind.AHEAD.value)
    assert said["g", "t", 2] == (None, None, NOT_DATED)
    assert said["g", "u", 1] == (0.0, 0.0, ""), "a clock may be off by a little, and no age is negative"


def test_the_method_says_whose_timestamp_it_is() -> None:
    record: list[Time] = [("t", 0, 10, 50.0, 50.0, False)]
    assert METHODS[view_of(record).lag_times.method[0]] == "record time", "without configs nobody knows"
    for kind, method in (("LogAppendTime", APPEND), ("CreateTime", CREATE), (None, RECORD)):
        view = view_of(record, kind, "LogAppendTime")
        assert view.lag_times.method[0] == method


def test_what_one_poll_cannot_tell_is_unknown_and_never_0() -> None:
    unknown = Group("i", {("t", 0): "timed out"})
    snapshot = snapshot_of(TOPICS, [*GROUPS, unknown])
    view = make_view(replace(snapshot, time=NOW))
    times, lag = view.lag_times, view.lag.lag
    for numbers in (times.eta_seconds, times.headroom_seconds, times.lag_seconds):
        assert np.isnan(numbers[~(lag == 0)]).all()
    assert times.eta_seconds[lag == 0].tolist() == [0.0]
    assert times.headroom_seconds[lag == 0].tolist() == [np.inf]
    assert np.isnan([times.produce_rate, times.consume_rate]).all()
    assert np.isnan(view.group_lags.eta_seconds).all()
    assert np.isnan(lag).sum() == 1

"""Which groups, and groups on topics, fall behind by their totals, whatever each of their partitions does.

A consumer that drains one partition at a time lets each of them fall for a while, and the whole grow.
"""

from collections.abc import Callable, Hashable
from typing import NamedTuple

import numpy as np

from monitor.analysis.derive.runs import Runs, changes
from monitor.analysis.earlier_polls.growing import WINDOW_SECONDS, Growing, Sample, Total, follow
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, PartitionRates
from monitor.model.limits import HOLDS, polls_seconds
from monitor.model.snapshot import Snapshot
from monitor.model.status import GROWING, LEFT, WELL
from monitor.model.table import Floats, Ints, values_at

TOTAL_SHORTFALL = 0.1
"""By at least this share of what is produced less must be read, and the lag must rise."""


_NOT_TOLD = Total(np.nan, np.nan)


class Growth(NamedTuple):
    """Unix times since when totals grow, NaN for those that do not: by group, and by group and topic."""

    groups: Floats
    group_topics: Floats


def derive_growth(
    before: tuple[Growing, Growing],
    snapshot: Snapshot,
    lag: Lag,
    statuses: LagStatuses,
    rates: tuple[PartitionRates, ConsumeRates],
) -> tuple[tuple[Growing, Growing], Growth]:
    """A total grows where some of it is behind, less is read than produced, and the lag rises from window to window.

    `before` is what is remembered of groups, and of groups on topics; what is to be remembered is returned first.
    """
    pairs = changes(lag.group) | changes(lag.topic)
    pair = np.cumsum(pairs, dtype=np.int32) - 1
    by_group, by_pair = Runs(lag.group, len(snapshot.groups)), Runs(pair, int(pairs.sum()))
    groups, topics = snapshot.groups.group, snapshot.topics.topic
    of_group, of_topic = lag.group[pairs], lag.topic[pairs]
    enter, enter_polls, leave, leave_polls = HOLDS[GROWING]
    interval = snapshot.interval_seconds or 0.0

    def since(runs: Runs, totals: Growing, name: Callable[[int], Hashable]) -> tuple[Growing, Floats]:
        rows, samples = _samples(lag, statuses, rates, runs)
        names = [name(row) for row in rows.tolist()]
        found = follow(
            totals,
            snapshot.started,
            dict(zip(names, samples, strict=True)),
            enter=max(enter, polls_seconds(enter_polls, interval)),
            leave=max(leave, polls_seconds(leave_polls, interval)),
        )
        times = np.full(runs.count, np.nan)
        times[rows] = [found[each].since for each in names]
        if found.keys() - set(names):  # those that are read fast enough again, and are told for a while yet
            times[:] = [found.get(name(row), _NOT_TOLD).since for row in range(runs.count)]
        return found, times + (snapshot.time - snapshot.started)

    growing, of_groups = since(by_group, before[0], lambda row: groups[row])
    growing_topics, of_topics = since(by_pair, before[1], lambda row: (groups[of_group[row]], topics[of_topic[row]]))
    return (growing, growing_topics), Growth(of_groups, of_topics)


def _samples(
    lag: Lag, statuses: LagStatuses, rates: tuple[PartitionRates, ConsumeRates], runs: Runs
) -> tuple[Ints, list[Sample]]:
    """The totals of which a part is behind, and that are read too slowly over 5 minutes.

    Partitions whose lag or rates are unknown, or that the group has left, do not count.
    """
    produced, consumed = _rates(lag, rates, "5m")
    lately, read_lately = _rates(lag, rates, "1m")
    known = ~np.isnan(produced + consumed + lately + read_lately + lag.lag) & (statuses.status != LEFT)
    came, read, came_lately, read_lately, left = (
        runs.sum(np.where(known, each, 0.0)) for each in (produced, consumed, lately, read_lately, lag.lag)
    )
    late = runs.over(np.maximum, ~np.isin(statuses.status, WELL), 0.0) > 0
    rows = np.flatnonzero(late & (read > 0) & (read < (1 - TOTAL_SHORTFALL) * came))
    short = read_lately < (1 - TOTAL_SHORTFALL) * came_lately
    least = TOTAL_SHORTFALL * came * WINDOW_SECONDS
    columns = left[rows].tolist(), short[rows].tolist(), least[rows].tolist()
    return rows, [Sample(*each) for each in zip(*columns, strict=True)]


def _rates(lag: Lag, rates: tuple[PartitionRates, ConsumeRates], window: str) -> tuple[Floats, Floats]:
    """Records a second produced for, and read by, each row of lag."""
    produced = values_at(getattr(rates[0], f"produce_rate_{window}"), lag.partition_row)
    return produced.astype(np.float64), getattr(rates[1], f"consume_rate_{window}").astype(np.float64)

"""Records produced and read a second over each window: by partition, row of lag, group and topic."""

import numpy as np

from monitor.derive.runs import Runs
from monitor.model.rates import ConsumeRates, GroupRates, PartitionRates, TopicRates
from monitor.model.table import Floats, values_at
from monitor.model.view import View
from monitor.past.past import Past
from monitor.past.rates import WINDOWS, rate
from monitor.past.ring import Ring


def derive_rates(past: Past | None, partitions: int, rows: int) -> tuple[PartitionRates, ConsumeRates]:
    """Rates over every window; unknown where no earlier poll tells."""

    def over_windows(ring: Ring | None, count: int) -> list[Floats]:
        return [np.full(count, np.nan) if ring is None else rate(ring, window) for window in WINDOWS]

    ends, commits = (past.ends, past.commits) if past else (None, None)
    return PartitionRates(*over_windows(ends, partitions)), ConsumeRates(*over_windows(commits, rows))


def total_group_rates(view: View) -> GroupRates:
    """What each group reads, and what is produced where it reads, over every window."""
    lag, groups = view.lag, view.snapshot.groups
    runs = Runs(lag.group, len(groups))
    whole = ~np.isnan(view.group_lags.lag)
    columns: dict[str, Floats] = {}
    for each in PartitionRates.schema():
        columns[each.name] = runs.sum(values_at(getattr(view.partition_rates, each.name), lag.partition_row))
    for each in ConsumeRates.schema():
        columns[each.name] = runs.sum(getattr(view.consume_rates, each.name))
    return GroupRates(**{name: np.where(whole, sums, np.nan) for name, sums in columns.items()})


def total_topic_rates(view: View) -> TopicRates:
    """What is produced on each topic, over every window."""
    partitions, topics = view.snapshot.partitions, view.snapshot.topics
    described = topics.partitions > 0
    runs = Runs(partitions.topic, len(topics))
    sums = (runs.sum(getattr(view.partition_rates, each.name)) for each in PartitionRates.schema())
    return TopicRates(*(np.where(described, each, np.nan) for each in sums))

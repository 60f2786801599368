"""Records produced and read a second over each window: by partition, row of lag, group and topic."""

import numpy as np

from monitor.analysis.derive.runs import Runs
from monitor.analysis.earlier_polls.past import Past
from monitor.analysis.earlier_polls.ring import WINDOWS, Ring, rate
from monitor.model.lag import ConsumeRates, PartitionRates
from monitor.model.table import Floats, Table, values_at
from monitor.model.view import View


def derive_rates(past: Past) -> tuple[PartitionRates, ConsumeRates]:
    """Rates over every window; unknown where no earlier poll tells."""

    def over_windows(table: type[Table], ring: Ring) -> dict[str, Floats]:
        return {each.name: rate(ring, window) for each, window in zip(table.schema(), WINDOWS, strict=True)}

    return (
        PartitionRates(**over_windows(PartitionRates, past.ends)),
        ConsumeRates(**over_windows(ConsumeRates, past.commits)),
    )


def group_rate(view: View, name: str) -> Floats:
    """A column of PartitionRates or ConsumeRates summed over all that each group reads; unknown while a part is."""
    lag = view.lag
    if hasattr(view.partition_rates, name):
        rates = values_at(getattr(view.partition_rates, name), lag.partition_row)
    else:
        rates = getattr(view.consume_rates, name)
    sums = Runs(lag.group, len(view.snapshot.groups)).sum(rates)
    return np.where(np.isnan(view.group_lags.lag), np.nan, sums)


def topic_rate(view: View, name: str) -> Floats:
    """A column of PartitionRates summed over the partitions of each topic; unknown while a part is."""
    partitions, topics = view.snapshot.partitions, view.snapshot.topics
    sums = Runs(partitions.topic, len(topics)).sum(getattr(view.partition_rates, name))
    return np.where(topics.partitions > 0, sums, np.nan)

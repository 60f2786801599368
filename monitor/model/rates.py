"""Rates over windows of a minute to an hour."""

from dataclasses import dataclass

from monitor.model.table import Floats, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class PartitionRates(Table):
    """One row per partition, in the order of `partitions`: records produced per second, over each of WINDOWS."""

    produce_rate_1m: Floats = column("f8", "in rate over the last minute", "records/s")
    produce_rate_5m: Floats = column("f8", "in rate over the last 5 minutes", "records/s")
    produce_rate_15m: Floats = column("f8", "in rate over the last 15 minutes", "records/s")
    produce_rate_60m: Floats = column("f8", "in rate over the last hour", "records/s")


@dataclass(frozen=True, eq=False, kw_only=True)
class ConsumeRates(Table):
    """One row per row of `lag`, in its order: records consumed per second, over each of WINDOWS."""

    consume_rate_1m: Floats = column("f4", "out rate over the last minute", "records/s")
    consume_rate_5m: Floats = column("f4", "out rate over the last 5 minutes", "records/s")
    consume_rate_15m: Floats = column("f4", "out rate over the last 15 minutes", "records/s")
    consume_rate_60m: Floats = column("f4", "out rate over the last hour", "records/s")

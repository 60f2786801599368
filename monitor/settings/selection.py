"""Settings of what kmon requests of a cluster and how often, and of its limits."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from monitor.model.limits import DISK_CRITICAL, DISK_DEGRADED, TRANSACTION_LATE_SECONDS, Limits
from monitor.model.selection import Names
from monitor.settings.values import Duration, Frozen, Regexes


class NameSettings(Frozen):
    """Names to monitor: each expression matches a whole name."""

    include: Regexes = Field(default=(), description="expressions (RE2) of names to include (default: all names)")
    exclude: Regexes = Field(default=(), description="expressions (RE2) of names to exclude, even if included")

    @property
    def names(self) -> Names:
        return Names.of(self.include, self.exclude)


class LimitSettings(Frozen):
    """How much of a cluster is monitored at most. Every face reports what is cut."""

    partitions: int = Field(
        default=200_000, ge=1, description="most partitions to monitor; whole topics, in order of their names"
    )
    groups: int = Field(default=20_000, ge=1, description="most groups to monitor, in order of their ids")
    empty_groups_for_seconds: Duration = Field(
        default=604_800.0,
        ge=0,
        le=31_536_000,
        description="how long to monitor a group after kmon first saw it without members; 0s for ever",
    )


Share = Annotated[float, Field(ge=0, lt=1)]


class HealthSettings(Frozen):
    """Limits beyond which something is degraded or critical: see docs/health.md."""

    disk_degraded: Share = Field(default=DISK_DEGRADED, description="free share of a disk below which it is degraded")
    disk_critical: Share = Field(default=DISK_CRITICAL, description="free share of a disk below which it is critical")
    transaction_late_seconds: Duration = Field(
        default=TRANSACTION_LATE_SECONDS,
        ge=0,
        le=86_400,
        description="how long after its timeout an open transaction is hanging",
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.disk_degraded, self.disk_critical, self.transaction_late_seconds)


Every = Annotated[Duration, Field(ge=1, le=86_400)]


class CollectSettings(Frozen):
    """How often to request what changes slowly, and what to request in addition."""

    start_offsets_seconds: Every = Field(default=30.0, description="time between requests for log start offsets")
    log_dirs_seconds: Every = Field(
        default=60.0, description="time between requests for log dirs and sizes of replicas"
    )
    configs_seconds: Every = Field(default=300.0, description="time between requests for configs of topics and brokers")
    transactions_seconds: Every = Field(default=30.0, description="time between requests for ongoing transactions")
    permissions_seconds: Every = Field(default=60.0, description="time between checks of kmon's permissions")
    producers: bool = Field(
        default=False, description="request producers of partitions with an open transaction; needs Read on the topics"
    )

    @property
    def every(self) -> Mapping[str, float]:
        """Seconds by collector name."""
        suffix = "_seconds"
        return {name.removesuffix(suffix): value for name, value in self if name.endswith(suffix)}

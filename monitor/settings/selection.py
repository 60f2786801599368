"""Settings that choose what of a cluster is asked: names of topics and groups, limits, and how often."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from monitor.model.limits import DISK_CRITICAL, DISK_DEGRADED, TRANSACTION_LATE_SECONDS, Limits
from monitor.model.selection import Names
from monitor.settings.values import Duration, Frozen, Regex, split_list

Regexes = Annotated[tuple[Regex, ...], BeforeValidator(split_list)]


class NameSettings(Frozen):
    """Names to watch: each expression matches a whole name."""

    include: Regexes = Field(default=(), description="expressions (RE2); without any, all names")
    exclude: Regexes = Field(default=(), description="expressions (RE2) of names to leave out, also if included")

    @property
    def names(self) -> Names:
        return Names.of(self.include, self.exclude)


class LimitSettings(Frozen):
    """How much of a cluster is asked at most. What is cut is said by every face."""

    partitions: int = Field(default=200_000, ge=1, description="partitions to watch, whole topics by name")
    groups: int = Field(default=20_000, ge=1, description="groups to watch, by name")
    empty_groups_for_seconds: Duration = Field(
        default=604_800.0,
        validation_alias="empty_groups_for",
        ge=0,
        le=31_536_000,
        description="how long a group is watched after kmon first saw it without members; 0s for ever",
    )


class HealthSettings(Frozen):
    """Beyond what a cluster is degraded or critical: see docs/health.md."""

    disk_degraded: float = Field(
        default=DISK_DEGRADED, ge=0, lt=1, description="a disk is degraded while a smaller share of it is free"
    )
    disk_critical: float = Field(
        default=DISK_CRITICAL, ge=0, lt=1, description="a disk is critical while a smaller share of it is free"
    )
    transaction_late_seconds: Duration = Field(
        default=TRANSACTION_LATE_SECONDS,
        validation_alias="transaction_late",
        ge=0,
        le=86_400,
        description="a transaction hangs once it is open for longer than this beyond its timeout",
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.disk_degraded, self.disk_critical, self.transaction_late_seconds)


def _every(alias: str, default: float, what: str) -> Duration:
    duration: Duration = Field(
        default=default, validation_alias=alias, ge=1, le=86_400, description=f"how often {what} are asked"
    )
    return duration


class CollectSettings(Frozen):
    """How often to ask what changes slowly, and what to ask beyond the usual."""

    start_offsets_seconds: Duration = _every("start_offsets", 30.0, "log start offsets")
    log_dirs_seconds: Duration = _every("log_dirs", 60.0, "log dirs and the sizes of replicas")
    configs_seconds: Duration = _every("configs", 300.0, "configs of topics and brokers")
    transactions_seconds: Duration = _every("transactions", 30.0, "transactions under way")
    permissions_seconds: Duration = _every("permissions", 60.0, "what kmon may see")
    producers: bool = Field(
        default=False,
        description="whether producers are asked of partitions with an open transaction; needs Read on the topics",
    )

    @property
    def every(self) -> Mapping[str, float]:
        """Seconds by collector name."""
        suffix = "_seconds"
        return {name.removesuffix(suffix): value for name, value in self if name.endswith(suffix)}

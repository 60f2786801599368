"""The settings of the metrics page: which series it has, and how many at most."""

from pydantic import Field

from monitor.settings.values import Frozen


class MetricsSettings(Frozen):
    """Which series the metrics page has: see docs/metrics.md."""

    partitions: str = Field(
        default="all",
        min_length=1,
        description="partitions of groups with series of their own: all, none, or a filter on the columns of lag, e.g."
        ' lag > 0 or status != "ok"; none also removes the offsets and sizes of partitions of topics',
    )
    owners: bool = Field(
        default=False, description="name the member that each partition is assigned to, in a series per partition"
    )
    max_series: int = Field(
        default=1_000_000,
        ge=1_000,
        description="most series of a cluster; the worst groups and partitions keep theirs (lag in seconds, then"
        " records), and what is withheld is counted in kmon_series_withheld",
    )

    @property
    def partitions_filter(self) -> str:
        """The filter on the columns of lag; empty for all and for none."""
        return "" if self.partitions in {"all", "none"} else self.partitions

"""The settings of the metrics page: whose names it has, which series, and how many at most."""

import difflib
from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.settings.raw_values import named
from monitor.settings.values import Frozen, split_list

KMON = "kmon"
NAMES = (KMON, "kafka_exporter", "kminion", "kafka_lag_exporter")
"""Whose metric names there are: kmon's own, and those of other exporters."""


def check_name(name: str) -> str:
    if name not in NAMES:
        near = difflib.get_close_matches(name[:64], NAMES, n=1, cutoff=0.6)
        hint = f": did you mean {near[0]}?" if near else ""
        raise ValueError(f"{named(name)!r} is not one of {', '.join(NAMES)}{hint}")
    return name


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError(f"is empty: list at least one of {', '.join(NAMES)}")
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{name!r} is listed {count} times: list it once")
    return names


NameList = Annotated[
    tuple[Annotated[str, AfterValidator(check_name)], ...], BeforeValidator(split_list), AfterValidator(check_names)
]


class MetricsSettings(Frozen):
    """Which series the metrics page has: see docs/metrics.md."""

    names: NameList = Field(
        default=(KMON,), description=f"metric names to serve: {', '.join(NAMES)}; see docs/coming-from.md"
    )
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

"""The settings of objectives: which groups are to have at most which time lag, for which share of time."""

from collections.abc import Sequence

from pydantic import Field

from monitor.model.patterns import Pattern
from monitor.model.slos import Slo
from monitor.settings.values import Duration, Frozen, Regexes


class SloSettings(Frozen):
    """An objective for some groups: the first entry that names a group counts."""

    groups: Regexes = Field(min_length=1, description="expressions (RE2) of whole group ids")
    time_lag_seconds: Duration = Field(
        gt=0, le=30 * 86400, description="largest time lag at which a group is fresh, e.g. 5m"
    )
    objective: float = Field(
        default=99.9, gt=0, le=99.999, description="percent of the observed time in which a group is to be fresh"
    )


def slos_of(settings: Sequence[SloSettings]) -> tuple[Slo, ...]:
    """The settings as the core has them."""
    return tuple(
        Slo(tuple(map(Pattern, each.groups)), each.time_lag_seconds, round(each.objective / 100, 9))
        for each in settings
    )

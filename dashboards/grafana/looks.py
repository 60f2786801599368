"""How panels look: colors of levels, thresholds from kmon's limits, and what stands where there is no number."""

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DashboardRangeMapOptions,
    RangeMap,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from monitor.model.judgements import JudgedBrokers, JudgedLogDirs, JudgedTopics
from monitor.model.levels import ABOVE_ZERO, OF_STATUS
from monitor.model.limits import DATA_LATE_POLLS, DATA_OLD_POLLS, DISK_CRITICAL, DISK_DEGRADED, QUORUM_BEHIND_SECONDS

COLORS = {
    "ok": "green",
    "note": "blue",
    "unknown": "purple",
    "attention": "yellow",
    "degraded": "orange",
    "critical": "red",
}
"""Grafana's color of each level."""

NEVER = 1e12
"""Seconds from which on a time is shown as never: kmon has it as infinite."""

UNKNOWN = "unknown: kmon cannot determine it"
"""What stands where kmon has no series because it does not know the number."""
NONE = "none, if the cluster is reachable"
"""What stands where series exist only for faults."""

Steps = tuple[tuple[float, str], ...]
"""From which number on a panel has the color of which level; below the first it is ok."""

DISK_USED: Steps = ((1 - DISK_DEGRADED, "degraded"), (1 - DISK_CRITICAL, "critical"))
DATA_POLLS: Steps = ((DATA_LATE_POLLS, "degraded"), (DATA_OLD_POLLS, "critical"))
QUORUM_SECONDS: Steps = ((QUORUM_BEHIND_SECONDS, "degraded"),)


def above_zero(column: str) -> Steps:
    """The limit of a number that ought to be 0, by the name of its column."""
    return ((1, ABOVE_ZERO[column]),)


def thresholds(steps: Steps) -> ThresholdsConfig:
    """The thresholds of a panel, which begins in the color of ok where it has any."""
    colored = [(None, COLORS["ok"] if steps else "text"), *((limit, COLORS[level]) for limit, level in steps)]
    shown = [Threshold(value=limit, color=color) for limit, color in colored]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(shown)


def words(texts: Mapping[str, tuple[str, str]]) -> list[ValueMapping]:
    """Shows values as texts in the color of a level: `{"1": ("reachable", "ok")}`."""
    options = {
        value: ValueMappingResult(text=text, color=COLORS[level], index=place)
        for place, (value, (text, level)) in enumerate(texts.items())
    }
    return [ValueMap(options=options)]


def statuses(levels: Mapping[str, str]) -> list[ValueMapping]:
    """Colors the words of a status by their levels."""
    return words({word: (word, level) for word, level in levels.items()})


def never() -> list[ValueMapping]:
    """Shows an infinite time as never."""
    return [RangeMap(options=DashboardRangeMapOptions(from_val=NEVER, result=ValueMappingResult(text="never")))]


def _levels(levels: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """The level of each word; fails on words that the core does not have."""
    assert set(levels) == set(known)
    return dict(levels)


GROUP_LEVELS = dict(OF_STATUS)
TOPIC_LEVELS = _levels(
    {
        "ok": "ok",
        "unknown": "unknown",
        "reassigning": "note",
        "under-replicated": ABOVE_ZERO["under_replicated"],
        "at min ISR": ABOVE_ZERO["at_min_isr"],
        "under min ISR": ABOVE_ZERO["under_min_isr"],
        "offline": ABOVE_ZERO["offline"],
    },
    JudgedTopics.WORDS,
)
BROKER_LEVELS = _levels(
    {
        "ok": "ok",
        "slow": "attention",
        "out of sync": ABOVE_ZERO["out_of_sync"],
        "silent": "degraded",
        "fenced": "critical",
        "dir offline": "critical",
        "gone": "critical",
    },
    JudgedBrokers.WORDS,
)
LOG_DIR_LEVELS = _levels({"ok": "ok", "nearly full": "degraded", "offline": "critical"}, JudgedLogDirs.WORDS)

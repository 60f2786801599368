"""For how long groups were fresh and observed, as counters that polls add to, and their values at earlier polls."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.rows import places_of
from monitor.model.slos import WINDOWS
from monitor.model.table import Floats, Texts, objects, values_at

MISSED_POLLS = 3
"""Time between two polls that are further apart than so many intervals is not observed."""
SPACING = 0.05
"""A point is let go when its neighbours are closer together than this share of its age."""
KEPT_SECONDS = 3_600.0
"""How long the counters of a group that is not listed are kept."""


class Point(NamedTuple):
    """The counters of all groups at the monotonic time of a poll; those of groups that came later are not in it."""

    time: float
    fresh: Floats
    observed: Floats


@dataclass(frozen=True, eq=False)
class Counters:
    """What is remembered of the groups that have an objective, by `names`.

    `limits` are the time lags in seconds up to which each is fresh. `standing` is 1 for a group that was fresh at the
    newest poll, 0 for one that was late, and NaN where that was not known. `seen` is when each was last listed.
    `points` are the oldest first, the newest is that of the newest poll.
    """

    names: Texts = field(default_factory=lambda: objects([]))
    limits: Floats = field(default_factory=lambda: np.empty(0))
    standing: Floats = field(default_factory=lambda: np.empty(0))
    seen: Floats = field(default_factory=lambda: np.empty(0))
    points: tuple[Point, ...] = ()

    @property
    def fresh(self) -> Floats:
        return self.points[-1].fresh if self.points else np.zeros(0)

    @property
    def observed(self) -> Floats:
        return self.points[-1].observed if self.points else np.zeros(0)

    def within(self, seconds: float) -> tuple[Floats, Floats]:
        """For how long each group was fresh, and was observed, in no more than the last so many seconds."""
        newest = self.points[-1]
        first = next(each for each in self.points if each.time >= newest.time - seconds)
        return newest.fresh - padded(first.fresh, len(self.names)), (
            newest.observed - padded(first.observed, len(self.names))
        )


def count_time(
    before: Counters, names: Texts, limits: Floats, standing: Floats, now: float, *, interval: float | None
) -> Counters:
    """The counters after the poll at monotonic time `now`, at which the groups with an objective stood like this.

    The time since the poll before is observed where it was known at both polls whether a group is fresh, and fresh
    where it was at both. A gap of several intervals is neither. A group whose limit has changed begins anew.
    """
    kept = _listed(before, names, limits, now)
    rows = places_of(names.tolist(), kept.names.tolist())
    after = np.full(len(kept.names), np.nan)
    after[rows] = standing
    seconds = now - kept.points[-1].time if kept.points else 0.0
    if interval is not None and seconds > MISSED_POLLS * interval:
        seconds = 0.0
    known = ~np.isnan(kept.standing + after)
    count = len(kept.names)
    fresh = padded(kept.fresh, count) + seconds * (known & (kept.standing + after == 2))
    observed = padded(kept.observed, count) + seconds * known
    return replace(kept, standing=after, points=_thinned((*kept.points, Point(now, fresh, observed))))


def _listed(before: Counters, names: Texts, limits: Floats, now: float) -> Counters:
    """The counters with these groups among them, and without those that were not listed for long."""
    places = places_of(before.names.tolist(), names.tolist())
    seen = np.where(places >= 0, now, before.seen)
    stays = (now - seen <= KEPT_SECONDS) & ((places < 0) | (values_at(limits, places) == before.limits))
    if not stays.all():
        points = tuple(
            Point(each.time, each.fresh[stays[: len(each.fresh)]], each.observed[stays[: len(each.observed)]])
            for each in before.points
        )
        before = Counters(before.names[stays], before.limits[stays], before.standing[stays], before.seen[stays], points)
        seen = seen[stays]
    new = np.flatnonzero(places_of(names.tolist(), before.names.tolist()) < 0)
    return replace(
        before,
        names=np.concatenate([before.names, names[new]]),
        limits=np.concatenate([before.limits, limits[new]]),
        standing=np.concatenate([before.standing, np.full(len(new), np.nan)]),
        seen=np.concatenate([seen, np.full(len(new), now)]),
    )


def padded(values: Floats, count: int) -> Floats:
    """With 0 for the groups that came later."""
    return np.concatenate([values, np.zeros(count - len(values))])


def _thinned(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """As few points as needed: all that are recent, and fewer of older ones."""
    now, longest = points[-1].time, max(WINDOWS.values())
    recent = [each for each in points if each.time >= now - longest]
    kept = recent[:1]
    for each, following in pairwise(recent[1:]):
        if following.time - kept[-1].time >= SPACING * (now - each.time):
            kept.append(each)
    return (*kept, recent[-1]) if len(recent) > 1 else tuple(recent)

"""Spans of observed time: what the counters of freshness become where they are kept over a restart, and back."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.freshness import KEPT_SECONDS, SPACING, Counters, Point, padded
from monitor.analysis.earlier_polls.rows import places_of
from monitor.model.slos import WINDOWS
from monitor.model.table import Floats, Texts, objects, values_at

LONGEST_SECONDS = max(WINDOWS.values())


class Span(NamedTuple):
    """For how many seconds groups were fresh, and were observed, between two unix times.

    `limits` are the time lags in seconds up to which each was fresh. Groups that were not observed are not in it.
    """

    began: float
    ended: float
    names: Texts
    limits: Floats
    fresh: Floats
    observed: Floats


def span_since(before: Counters, counters: Counters, offset: float) -> Span:
    """What the polls after those of `before` observed; `offset` makes a monotonic time a unix time.

    Counters that are lower than they were have begun anew in between.
    """
    places = places_of(counters.names.tolist(), before.names.tolist())
    same = values_at(before.limits, places) == counters.limits
    fresh, observed = (np.where(same, values_at(each, places), 0.0) for each in (before.fresh, before.observed))
    anew = (counters.fresh < fresh) | (counters.observed < observed)
    old = Point(before.points[-1].time, np.where(anew, 0.0, fresh), np.where(anew, 0.0, observed))
    return _between(counters, old, counters.points[-1], offset)


def spans_of(counters: Counters, offset: float) -> list[Span]:
    """All that the counters have of earlier polls, the oldest first; `offset` makes a monotonic time a unix time."""
    return [_between(counters, before, after, offset) for before, after in pairwise(counters.points)]


def merged(spans: Sequence[Span]) -> Span:
    """Consecutive spans as one. Of a group whose limit has changed, only what was observed by the newest counts."""
    seconds: dict[str, tuple[float, float, float]] = {}
    for span in reversed(spans):
        columns = (span.limits.tolist(), span.fresh.tolist(), span.observed.tolist())
        for name, limit, fresh, observed in zip(span.names.tolist(), *columns, strict=True):
            newest, more_fresh, more_observed = seconds.get(name, (limit, 0.0, 0.0))
            if newest == limit:
                seconds[name] = (limit, fresh + more_fresh, observed + more_observed)
    limits, fresh, observed = np.array(list(seconds.values()), np.float64).reshape(-1, 3).T
    return Span(spans[0].began, spans[-1].ended, objects(seconds), limits, fresh, observed)


def alike(times: Sequence[tuple[float, float]], now: float, shortest: float) -> list[list[int]]:
    """Which of consecutive spans, by when they began and ended, are better merged, for all of them.

    Those that together are no longer than `shortest` or than a small share of their age: a window is as much too short
    at most.
    """
    found: list[list[int]] = []
    for place, (_, ended) in enumerate(times):
        most = max(shortest, SPACING * (now - ended))
        if found and ended - times[found[-1][0]][0] <= most:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def resumed(spans: Sequence[Span], offset: float, now: float) -> Counters:
    """The counters with which a new process goes on at monotonic time `now`, by what others observed, oldest first.

    They begin at 0, with negative ones at earlier times: what matters to a burn rate is the difference. `offset` makes
    a monotonic time a unix time.
    """
    if not spans:
        return Counters()
    recent = merged([each for each in spans if spans[-1].ended - each.ended <= KEPT_SECONDS])
    count, rows = len(recent.names), recent.names.tolist()
    limits = recent.limits
    points = [Point(min(now, spans[-1].ended - offset), np.zeros(count), np.zeros(count))]
    for span in reversed(spans):
        newer, places = points[-1], places_of(rows, span.names.tolist())
        same = values_at(span.limits, places) == limits
        fresh, observed = (np.where(same, values_at(each, places), 0.0) for each in (span.fresh, span.observed))
        time = min(newer.time, span.began - offset)
        points.append(Point(time, newer.fresh - fresh, newer.observed - observed))
    return Counters(recent.names, limits, np.full(count, np.nan), np.full(count, now), tuple(reversed(points)))


def _between(counters: Counters, before: Point, after: Point, offset: float) -> Span:
    count = len(counters.names)
    fresh = padded(after.fresh, count) - padded(before.fresh, count)
    observed = padded(after.observed, count) - padded(before.observed, count)
    rows = np.flatnonzero(observed > 0)
    return Span(
        before.time + offset,
        after.time + offset,
        counters.names[rows],
        counters.limits[rows],
        fresh[rows],
        observed[rows],
    )

"""How well groups keep the objectives of the settings: fresh and observed time, and burn rates."""

import numpy as np

from monitor.analysis.derive.owners import first_rules
from monitor.analysis.earlier_polls.freshness import Counters, count_time
from monitor.analysis.earlier_polls.rows import places_of
from monitor.model.owners import NOBODY
from monitor.model.slos import COVERED, WINDOWS, Freshness, Slo
from monitor.model.table import Floats, Ints
from monitor.model.view import View


def derive_freshness(before: Counters, view: View, slos: tuple[Slo, ...]) -> tuple[Counters, Freshness]:
    """The counters after the poll of a View, and how its groups keep their objectives: the first that names each."""
    snapshot, groups = view.snapshot, len(view.snapshot.groups)
    if not slos:
        return before, Freshness.without(groups)
    code = first_rules(snapshot.groups.group, [each.groups for each in slos])
    rows = np.flatnonzero(code != NOBODY)
    most = np.array([each.lag_seconds for each in slos])[code[rows]]
    names = snapshot.groups.group[rows]
    standing = _standing(view, rows, most)
    counters = count_time(before, names, most, standing, snapshot.started, interval=snapshot.interval_seconds)
    at = places_of(names.tolist(), counters.names.tolist())
    objective = np.array([each.objective for each in slos])[code[rows]]
    allowed = 1 - objective
    found = {
        "slo_lag_seconds": most,
        "slo_objective": objective,
        "fresh_seconds": counters.fresh[at],
        "observed_seconds": counters.observed[at],
    }
    for name, seconds in WINDOWS.items():
        fresh, observed = (each[at] for each in counters.within(seconds))
        late = observed - fresh
        with np.errstate(invalid="ignore"):
            share = np.where(observed >= COVERED * seconds, late / np.maximum(observed, 1e-9), np.nan)
        found[f"burn_rate_{name}"] = share / allowed
        found[f"burn_rate_{name}_at_least"] = late / seconds / allowed
    return counters, Freshness(**{name: _in_rows(values, rows, groups) for name, values in found.items()})


def _standing(view: View, rows: Ints, most: Floats) -> Floats:
    """1 for groups whose time lag is within `most`, 0 for those that are later, NaN where that is not known."""
    lags = view.group_lags
    seconds, least = lags.lag_seconds[rows], lags.lag_seconds_at_least[rows]
    with np.errstate(invalid="ignore"):
        late = (seconds > most) | (least > most)
        return np.where(late, 0.0, np.where(seconds <= most, 1.0, np.nan))


def _in_rows(values: Floats, rows: Ints, count: int) -> Floats:
    all_rows = np.full(count, np.nan)
    all_rows[rows] = values
    return all_rows

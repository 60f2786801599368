"""What is said of a group that no other pattern explains: by its status, with the numbers that are known."""

from collections.abc import Callable

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.status import AHEAD, BEHIND, GROWING, LOSING, LOST, REWOUND, STATUSES, STOPPED, STUCK
from monitor.model.table import Ints
from monitor.model.text import count, duration, plural, rate, records_of


def by_status(signs: Signs, group: int) -> Diagnosis:
    """What is known of why a group is not ok. `group` is a row whose status is neither ok nor unknown."""
    view = signs.view
    rows = signs.rows[view.lag.group[signs.rows] == group]
    status = int(view.group_lags.status[group])
    worst = rows[view.lag_statuses.status[rows] == status]
    pattern, sentence, evidence = _TELL[status](signs, group, worst if len(worst) else rows)
    return Diagnosis(pattern, group, sentence, evidence)


_Said = tuple[str, str, tuple[tuple[str, float], ...]]


def _lag(signs: Signs, rows: Ints) -> float:
    return float(np.nansum(signs.view.lag.lag[rows]))


def _rates(signs: Signs, group: int) -> tuple[float, float]:
    lags = signs.view.group_lags
    return float(lags.produce_rate[group]), float(lags.consume_rate[group])


def _come(produced: float) -> str:
    return "" if np.isnan(produced) else f", in rate {rate(produced)}" if produced else ", no new records"


def _waits(signs: Signs, group: int, lag: float, rows: Ints) -> str:
    """The records that nobody reads: how many on how many partitions, and whether more come."""
    behind = records_of(lag, count, " behind")
    return f"{behind} on {plural(len(rows), 'partition')}{_come(_rates(signs, group)[0])}"


def _stopped(signs: Signs, group: int, rows: Ints) -> _Said:
    members, lag = float(signs.view.snapshot.groups.members[group]), _lag(signs, rows)
    evidence = (("members", members), ("partitions", float(len(rows))), ("lag", lag))
    waits = _waits(signs, group, lag, rows)
    if members > 0:
        none = f"no member is assigned {plural(len(rows), 'partition')} with unread records"
        left = "if the group no longer reads the topic, delete its offsets there"
        return "unassigned_partitions", f"{none}{signs.span(group)}: {waits}; {left}", evidence
    return "no_consumers", f"no consumers{signs.span(group)}: {waits}", evidence


def _stuck(signs: Signs, group: int, rows: Ints) -> _Said:
    view, lag = signs.view, _lag(signs, rows)
    members = float(view.snapshot.groups.members[group])
    who = (
        "its consumers (manual assignment) commit no offsets"
        if view.snapshot.groups.simple[group]
        else f"its {plural(int(members), 'member')} commit{'s' if members == 1 else ''} no offsets"
        if members > 0
        else "its members join and leave without committing offsets"
    )
    waits = _waits(signs, group, lag, rows)
    return "no_commits", f"{who}{signs.span(group)}: {waits}", (("partitions", float(len(rows))), ("lag", lag))


def _slow(signs: Signs, group: int, _rows: Ints) -> _Said:
    lags, (produced, consumed) = signs.view.group_lags, _rates(signs, group)
    lag, eta = float(lags.lag_at_least[group]), float(lags.eta_seconds[group])
    evidence = (("lag", lag), ("produce_rate", produced), ("consume_rate", consumed), ("eta_seconds", eta))
    if np.isnan(produced + consumed + eta):
        return "not_watched", f"{records_of(lag, count, ' behind')}, rates not known yet", evidence[:1]
    read = f"{records_of(lag, count, ' behind')}, out rate {rate(consumed)}, in rate {rate(produced)}"
    if np.isfinite(eta):
        return "catching_up", f"{read}: drains in {duration(eta)}", evidence
    return "reads_too_slowly", f"{read}: does not drain at these rates", evidence


def _ahead(signs: Signs, _group: int, rows: Ints) -> _Said:
    lag = signs.view.lag
    most = int(rows[np.nanargmax(lag.ahead[rows])])
    where = signs.partition_name(most) if len(rows) == 1 else f"{plural(len(rows), 'partition')}, most on "
    where += signs.partition_name(most) if len(rows) > 1 else ""
    offsets = f"{count(lag.committed_offset[most])}, log end {count(lag.end_offset[most])}"
    sentence = f"committed offsets are beyond the log end on {where} ({offsets}): consumers fail or skip records there"
    return "commit_beyond_end", sentence, (("ahead", float(lag.ahead[most])), ("partitions", float(len(rows))))


def _losing(signs: Signs, _group: int, rows: Ints) -> _Said:
    headroom = float(np.nanmin(signs.view.lag_times.headroom_seconds[rows]))
    left = f"retention deletes the next record in {duration(headroom)}, before the group reads it at this rate"
    return "deletion_near", left, (("headroom_seconds", headroom),)


def _told(signs: Signs, group: int, rows: Ints) -> _Said:
    lag, word = _lag(signs, rows), STATUSES[signs.view.group_lags.status[group]]
    where = plural(len(rows), "partition")
    behind = records_of(lag, count, " behind")
    return word, f"{word} on {where}: {behind}", (("lag", lag), ("partitions", float(len(rows))))


_TELL: dict[int, Callable[[Signs, int, Ints], _Said]] = {
    BEHIND: _slow,
    GROWING: _slow,
    REWOUND: _told,
    STOPPED: _stopped,
    STUCK: _stuck,
    AHEAD: _ahead,
    LOSING: _losing,
    LOST: _told,
}

"""From the Snapshot of a poll to its View, by functions of values: what is remembered is passed in and returned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from monitor.analysis.derive.freshness import derive_freshness
from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.derive.owners import derive_owners
from monitor.analysis.earlier_polls.freshness import Counters
from monitor.analysis.earlier_polls.past import Past, remember
from monitor.analysis.earlier_polls.takeover import Believed, believe_commits
from monitor.analysis.events.log import EventLog, log_events, log_statuses
from monitor.analysis.view import derive_view, make_view
from monitor.model.limits import Limits
from monitor.model.owners import OwnerRule
from monitor.model.slos import Slo
from monitor.model.snapshot import Snapshot
from monitor.model.view import View
from monitor.poll.next_records import record_times, undated
from monitor.poll.record_times import RECORDS_A_POLL, Bracket, Dates, Wanted


@dataclass(frozen=True)
class Remembered:
    """All that is known of the polls before: nothing in it is ever changed."""

    believed: Believed | None = None
    past: Past = field(default_factory=Past)
    log: EventLog = EventLog()
    dates: Dates = field(default_factory=Dates)
    view: View | None = None
    """The View of the last poll."""
    counters: Counters = field(default_factory=Counters)
    """Of the groups with an objective."""


Dating = Callable[[Dates, Sequence[Wanted], float], tuple[Dates, list[Bracket]]]
"""Asks Kafka when records were written: see monitor.poll.record_times.date_records."""


def step(
    before: Remembered,
    snapshot: Snapshot,
    *,
    took: float,
    date: Dating,
    limits: Limits,
    owners: tuple[OwnerRule, ...] = (),
    slos: tuple[Slo, ...] = (),
    asked: tuple[float, float] = (0.0, 0.0),
    state_trouble: str | None = None,
) -> tuple[Remembered, View]:
    """What is remembered after a poll, and its View; the same input gives the same.

    `took` is how many seconds the snapshot took, `asked` after how many it requested commits, and end offsets. `date`
    asks for the times of records that no earlier poll saw come, and `limits`, `owners` and `slos` are those of the
    settings. `state_trouble` is why the state of alerts is not kept: see View.
    """
    if snapshot.errors:
        changes = before.log.changes
        view = make_view(snapshot, last_good=before.view, changes=changes, limits=limits, state_trouble=state_trouble)
        return replace(before, view=view), view
    believed, snapshot = believe_commits(before.believed, snapshot)
    lag, reasons = derive_lag(snapshot)
    past = remember(before.past, snapshot, lag, took, asked)
    log = log_events(before.log, snapshot, lag)
    wanted, rows = undated(snapshot, lag, past, RECORDS_A_POLL)
    dates, found = date(before.dates, wanted, snapshot.time)
    times = record_times(snapshot, wanted, rows, found)
    past, view = derive_view(
        past,
        snapshot,
        lag,
        reasons,
        times,
        last_good=before.view,
        changes=log.changes,
        limits=limits,
        state_trouble=state_trouble,
    )
    log = log_statuses(log, view)
    counters, freshness = derive_freshness(before.counters, view, slos)
    view = replace(
        view,
        events=log.changes.events,
        event_counts=log.changes.counts,
        owners=derive_owners(snapshot, owners),
        freshness=freshness,
    )
    return Remembered(believed, past, log, dates, view, counters), view

"""Records that are deleted before a group reads them, and offsets that were set back."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.status import BEHIND
from monitor.model.text import count, duration, plural, rate, records_of
from monitor.model.time_scale import lasting

RESET_SECONDS = lasting(3600.0)
"""Offsets that were set back earlier explain no lag of now."""
SOON_SECONDS = lasting(86_400.0)
"""Deletion that overtakes a group later leaves time to see what comes."""


def retention_passed(signs: Signs) -> Iterable[Diagnosis]:
    """Records were deleted before the group read them."""
    lag, rows = signs.view.lag, signs.rows
    rows = rows[lag.lost[rows] > 0]
    for group in np.unique(lag.group[rows]).tolist():
        mine = rows[lag.group[rows] == group]
        most = int(mine[np.argmax(lag.lost[mine])])
        lost = float(lag.lost[mine].sum())
        others = f", most on {signs.partition_name(most)}: {count(lag.lost[most])}" if len(mine) > 1 else ""
        where = plural(len(mine), "partition") if len(mine) > 1 else signs.partition_name(most)
        sentence = f"{records_of(lost, count, ' lost')} on {where}{others}: deleted before the group read them"
        evidence = (("lost", lost), ("partitions", float(len(mine))))
        yield Diagnosis("retention_passed", group, sentence, evidence, signs.topic(most), int(lag.partition[most]))


def deletion_overtakes(signs: Signs) -> Iterable[Diagnosis]:
    """The next records are deleted sooner than they are read at these rates."""
    lag, times = signs.view.lag, signs.view.lag_times
    status = signs.view.lag_statuses.status
    rows = signs.rows[(lag.lag[signs.rows] > 0) & np.isfinite(times.headroom_seconds[signs.rows])]
    headroom, eta = times.headroom_seconds[rows], times.eta_seconds[rows].astype(np.float64)
    produced, consumed = (each[rows].astype(np.float64) for each in (times.produce_rate, times.consume_rate))
    # Records were written at about the rate at which they are, and are deleted at that: who reads more slowly is
    # caught up with, and who reads nothing is when the next record is deleted.
    with np.errstate(divide="ignore", invalid="ignore"):
        caught = np.where(consumed == 0, headroom, headroom * produced / (produced - consumed))
    caught = np.where(np.isfinite(eta), headroom, np.where((consumed < produced) | (consumed == 0), caught, np.inf))
    # Who is only behind may read more in a moment.
    held = signs.late[rows] & (np.isfinite(eta) | (status[rows] != BEHIND))
    found = np.flatnonzero(held & (caught < eta) & (caught <= SOON_SECONDS))
    found = found[np.argsort(caught[found], kind="stable")]
    for at in found[np.unique(lag.group[rows[found]], return_index=True)[1]].tolist():
        row = int(rows[at])
        slow = (
            f"draining takes {duration(eta[at])}"
            if np.isfinite(eta[at])
            else f"out rate {rate(consumed[at])}, in rate {rate(produced[at])}"
        )
        sentence = (
            f"data loss on {signs.partition_name(row)} in {duration(caught[at])} at this rate: "
            f"retention deletes the next record in {duration(headroom[at])}; {slow}"
        )
        evidence = (
            ("seconds", float(caught[at])),
            ("headroom_seconds", float(headroom[at])),
            ("eta_seconds", float(eta[at])),
            ("produce_rate", float(produced[at])),
            ("consume_rate", float(consumed[at])),
        )
        topic, partition = signs.topic(row), int(lag.partition[row])
        yield Diagnosis("deletion_overtakes", int(lag.group[row]), sentence, evidence, topic, partition)


def offsets_reset(signs: Signs) -> Iterable[Diagnosis]:
    """Its offsets were set back not long ago, so it reads again what it had read."""
    view = signs.view
    events = view.events
    recent = np.flatnonzero((events.kind == "offsets_reset") & (view.time - events.time <= RESET_SECONDS))
    by_group: dict[str, list[int]] = {}
    for event in recent.tolist():
        if events.group[event] is not None:
            by_group.setdefault(str(events.group[event]), []).append(event)
    for name, mine in by_group.items():
        group = view.group_rows.get(name, -1)
        if group < 0 or not signs.chosen[group]:
            continue
        first = mine[0]  # the newest
        # One reset is seen by one poll; those of other polls are resets of their own.
        newest = [event for event in mine if events.time[event] == events.time[first]]
        resets = len({float(events.time[event]) for event in mine})
        records, partitions = float(events.records[newest].sum()), int(events.count[newest].sum())
        ago = view.time - float(events.time[first])
        far = records_of(records, count, f" on {plural(partitions, 'partition')}")
        sentence = f"offsets were rewound {duration(ago)} ago by {far}"
        sentence += f"; {resets:,} resets in the last hour" if resets > 1 else ""
        evidence = (("records", records), ("partitions", float(partitions)), ("seconds_ago", ago))
        topic = events.topic[first] if partitions == 1 else None
        partition = int(events.partition[first]) if partitions == 1 else -1
        yield Diagnosis("offsets_reset", group, sentence, evidence, topic, partition)

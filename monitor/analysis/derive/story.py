"""Sentences about a row of lag: the status of a group on a partition, with the numbers behind it."""

import math

import numpy as np

from monitor.model.left import IDLE, REPLACED
from monitor.model.limits import IDLE_SECONDS, SHORTFALL
from monitor.model.snapshot import KNOWN
from monitor.model.status import AHEAD, LEFT, LOSING, OK, REWOUND, STATUSES, STOPPED, STUCK, UNKNOWN
from monitor.model.table import values_at
from monitor.model.text import NAME, Write, age, count, duration, name_of, plural, rate, records_of, visible
from monitor.model.view import View


def partition_story(view: View, row: int, write: Write = count) -> str:
    """All that is to be said of a row of `view.lag`, as a line of visible text; empty where it is read in time.

    How it stands and since when; what was set back, lost or is held; that nobody is there to read it; at which rates it
    goes and to what end; who reads it; what is left; why a number is unknown. What is not known is left out.
    """
    lag, status, reason = view.lag, int(view.lag_statuses.status[row]), int(view.lag_times.reason[row])
    if status == LEFT:
        return left_story(view, range(row, row + 1), write)
    if status == OK and reason == KNOWN:
        return ""
    parts = []
    if status == UNKNOWN:
        parts = [visible(view.reasons[lag.reason[row]])]
    elif status != OK:
        parts = [
            _set_back(view, row) if status == REWOUND else "",
            lost_of(view, row, write),
            ahead_of(view, row, write),
            held_of(view, row),
            _unread(view, row),
            _pace(view, row),
            reader_of(view, row) + _reader_pace(view, row),
            "" if status == AHEAD else left_of(view, row, write, " behind"),
        ]
    if status != UNKNOWN and reason != KNOWN:
        parts.append(f"time lag unknown ({visible(view.reasons[reason])})")
    return f"{STATUSES[status]}{span_of(view, row)}: {'; '.join(filter(None, parts))}"


def left_story(view: View, rows: range, write: Write = count) -> str:
    """That these rows of lag are on topics that their group has left, what shows it, and how much is unread there."""
    row = rows.start
    unread = float(np.nansum(view.lag.lag[rows.start : rows.stop]))
    said = f"{STATUSES[LEFT]}{span_of(view, row)}: {why_left(view, int(view.lag.group[row]), int(view.lag.topic[row]))}"
    return f"{said}; {records_of(unread, write, ' unread')}" if unread else said


def why_left(view: View, group: int, topic: int) -> str:
    """What shows that a group has left a topic."""
    left, groups = view.left, view.snapshot.groups
    row = int(np.flatnonzero((left.group == group) & (left.topic == topic))[0])
    if left.because[row] == REPLACED:
        successor = int(left.successor[row])
        topics = int(np.count_nonzero((left.group == group) & (left.successor == successor)))
        who = name_of(groups.group[successor], NAME) if successor >= 0 else "a group that is gone"
        return f"replaced by {who}, which reads on from its offsets on {plural(topics, 'topic')}"
    if left.because[row] == IDLE:
        return f"no commit on the topic for over {duration(IDLE_SECONDS)}, while the group commits on others"
    members = float(groups.members[group])
    if not members > 0:
        return "its last members did not subscribe to the topic"
    who = "its member does not subscribe" if members == 1 else f"none of its {count(members)} members subscribes"
    return f"{who} to the topic"


def span_of(view: View, row: int) -> str:
    """For how long a row of lag has had its status, as " for 4 min"; empty where only this poll tells."""
    statuses = view.lag_statuses
    return span_since(view, float(statuses.since[row]), float(statuses.since_at_latest[row]))


def span_of_group(view: View, group: int) -> str:
    """The same of a group."""
    lags = view.group_lags
    return span_since(view, float(lags.since[group]), float(lags.since_at_latest[group]))


def span_since(view: View, since: float, at_latest: float) -> str:
    """The same of what began at unix time `since`, or before `at_latest` where that is unknown."""
    if not np.isnan(since):
        return f" for {duration(view.time - since)}"
    return f" for over {duration(view.time - at_latest)}" if at_latest < view.time else ""


def lost_of(view: View, row: int, write: Write = count) -> str:
    """How much of a row of lag is lost; empty for nothing."""
    lost = float(view.lag.lost[row])
    return records_of(lost, write, " lost") if lost > 0 else ""


def ahead_of(view: View, row: int, write: Write = count) -> str:
    """That the commit of a row of lag is beyond the log end, with both offsets; empty where it is not."""
    lag = view.lag
    if view.lag_statuses.status[row] != AHEAD or not lag.ahead[row] > 0:
        return ""
    committed, end = count(lag.committed_offset[row]), count(lag.end_offset[row])
    return f"committed offset {committed} is {write(float(lag.ahead[row]))} beyond the log end {end}"


def held_of(view: View, row: int) -> str:
    """What will happen to the records that a row of lag has left, or keeps them from being read; empty for nothing."""
    status, headroom = view.lag_statuses.status[row], float(view.lag_times.headroom_seconds[row])
    if status == LOSING and np.isfinite(headroom):
        return f"data loss in {duration(headroom)}"
    held = status == STUCK and view.lag.lag[row] > 0 and view.lag.stable_lag[row] == 0
    return "blocked by an open transaction" if held else ""


def reader_of(view: View, row: int) -> str:
    """The member that a row of lag is assigned to; empty for none."""
    members, member = view.snapshot.members, int(view.lag.member[row])
    if member < 0:
        return ""
    host = visible(str(members.host[member]).removeprefix("/"), NAME)
    return f"client {name_of(members.client_id[member], NAME)} at {host}"


def left_of(view: "View", row: int, write: Write = count, what: str = "") -> str:
    """The lag of a row, which are records that are `what`, and its time lag where that is known."""
    lag = float(view.lag.lag[row])
    seconds, error = float(view.lag_times.lag_seconds[row]), float(view.lag_times.lag_seconds_error[row])
    late = f", time lag {age(seconds, error)}" if lag > 0 and not math.isnan(seconds) else ""
    return records_of(lag, write, what) + late


def _unread(view: View, row: int) -> str:
    """That nobody is there to read what is left, and how many members have other partitions."""
    lag, groups = view.lag, view.snapshot.groups
    group = int(lag.group[row])
    members = float(groups.members[group])
    if lag.member[row] >= 0 or not lag.lag[row] > 0:
        return ""
    if math.isnan(members):
        return f"members unknown ({visible(view.reasons[groups.reason[group]])})"
    if groups.assignments_reason[group] != KNOWN:
        return visible(view.reasons[groups.assignments_reason[group]])
    if members:
        return f"unassigned, {plural(int(members), 'member')}"
    return nobody_of(view, group, int(view.lag_statuses.status[row]))


def nobody_of(view: View, group: int, status: int) -> str:
    """That a group has no members, in words that tell what is stuck from what is stopped; empty where it has some."""
    groups = view.snapshot.groups
    if groups.members[group] != 0:
        return ""
    if groups.simple[group]:
        return "no members (manual assignment)"
    return "currently no members" if status == STUCK else "no members"


def _pace(view: View, row: int) -> str:
    """At which rates a row of lag is read and produced, and what comes of it; empty where they are unknown."""
    times = view.lag_times
    produced, consumed, eta = (
        float(column[row]) for column in (times.produce_rate, times.consume_rate, times.eta_seconds)
    )
    more = "" if math.isnan(produced) else f"in rate {rate(produced)}" if produced else "no new records"
    committed = float(view.lag.committed_offset[row])
    if not math.isnan(committed) and _still(view, row):
        offset = f"offset {count(committed)} has not moved"
        return f"{offset}, {more}" if more else offset
    if math.isnan(consumed):
        return more
    said = f"out rate {rate(consumed)}" + (f", {more}" if more else "")
    if not view.lag.lag[row] > 0 or math.isnan(eta):
        return said
    if math.isfinite(eta):
        return f"{said}, drains in {duration(eta)}"
    falls_short = consumed < (1 - SHORTFALL) * produced
    return f"{said}, {'never drains at this rate' if falls_short else 'lag stays about the same'}"


def _reader_pace(view: View, row: int) -> str:
    """At which rates the member that has a row of lag reads all its partitions, which it may take in turns.

    Empty where that is unknown, it has no other, or several members have the same.
    """
    lag = view.lag
    group, member = int(lag.group[row]), int(lag.member[row])
    rows = lag.of_group(group)
    mine = rows.start + np.flatnonzero(lag.member[rows.start : rows.stop] == member)
    if member < 0 or len(mine) < 2 or view.snapshot.groups.group_type[group] == "share":
        return ""
    if _still(view, row):  # what was read before it stood is of no interest
        read = view.consume_rates.consume_rate_1m[mine]
        come = values_at(view.partition_rates.produce_rate_1m, lag.partition_row[mine])
    else:
        read, come = view.lag_times.consume_rate[mine], view.lag_times.produce_rate[mine]
    consumed, produced = float(read.sum()), float(come.sum())
    if math.isnan(produced + consumed):
        return ""
    return f" (out rate {rate(consumed)}, in rate {rate(produced)} on its {len(mine):,} partitions)"


def _still(view: View, row: int) -> bool:
    """Whether the offset of a row of lag is known not to have moved lately."""
    lately, longer = float(view.consume_rates.consume_rate_1m[row]), float(view.lag_times.consume_rate[row])
    stands = view.lag_statuses.status[row] in (STUCK, STOPPED)
    known = lately if stands and not math.isnan(lately) else longer
    # What is stuck was watched, whatever of it is too long ago for a rate.
    return known == 0 or (math.isnan(known) and bool(view.lag_statuses.status[row] == STUCK))


def _set_back(view: View, row: int) -> str:
    """By how much the offset of a row of lag was set back, where the events still tell."""
    snapshot, lag, events = view.snapshot, view.lag, view.events
    group, topic = snapshot.groups.group[lag.group[row]], snapshot.topics.topic[lag.topic[row]]
    mine = (events.kind == "offsets_reset") & (events.group == group)
    here = np.flatnonzero(mine & (events.topic == topic) & (events.partition == lag.partition[row]))
    if len(here):
        newest = here[0]
        return f"by {records_of(events.records[newest], count, ', ')}{events.before[newest]} → {events.after[newest]}"
    several = np.flatnonzero(mine & (events.partition < 0))
    if not len(several):
        return ""
    newest = several[0]
    return f"by {records_of(events.records[newest], count, ' on ')}{plural(int(events.count[newest]), 'partition')}"

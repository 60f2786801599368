"""Why a group stands where it stands, in words."""

import math

from monitor.derive.lag import LOST, OK
from monitor.snapshot import KNOWN
from monitor.view import View
from tui.format import count, plain, some


def group_why(view: View, row: int, *, human: bool = False) -> str:
    """The reason for a group's status, with the partition that is worst; empty for a group that keeps up."""
    lags, groups = view.group_lags, view.snapshot.groups
    if lags.status[row] == OK:
        return ""
    parts = []
    if lags.status[row] == LOST:
        parts.append(f"{count(lags.lost[row], human=human)} deleted before they were read")
    if groups.members[row] == 0:
        parts.append("no members")
    worst = int(lags.worst[row])
    if worst >= 0 and lags.max_lag[row] > 0:
        most = "" if lags.max_lag[row] == lags.lag[row] else f": {count(lags.max_lag[row], human=human)}"
        parts.append(f"{'most' if most else 'all'} on {place(view, worst)}{most}")
    reason = plain(view.reasons[lags.reason[row]])
    unknown, total = int(lags.unknown_partitions[row]), int(lags.partitions[row])
    if unknown and unknown < total:
        parts.append(f"{unknown:,} of {some(total, 'partition')} unknown: {reason}")
    elif lags.reason[row] != KNOWN:
        parts.append(reason)
    return "; ".join(parts)


def partition_why(view: View, row: int, *, human: bool = False) -> str:
    """The reason for the status of a row of `view.lag`; empty for a partition that is read to its end."""
    lag = view.lag
    parts = []
    if lag.lost[row] > 0:
        parts.append(f"{count(lag.lost[row], human=human)} deleted before they were read")
    if lag.lag[row] > 0 and lag.member[row] < 0:
        parts.append("assigned to no member")
    if math.isnan(lag.lag[row]):
        parts.append(plain(view.reasons[lag.reason[row]]))
    return "; ".join(parts)


def place(view: View, row: int) -> str:
    """The topic and partition of a row of `view.lag`, as topic-partition."""
    return f"{plain(view.snapshot.topics.topic[view.lag.topic[row]])}-{view.lag.partition[row]}"

"""The levels of groups, of groups on a topic, and of rows of lag; derive/status.py has their statuses."""

import numpy as np

from monitor.analysis.derive.judged.table import CODE
from monitor.model.judgements import JudgedLags, JudgedMembers
from monitor.model.levels import ABOVE_ZERO, ATTENTION, OF_STATUS
from monitor.model.limits import ABANDONED_SECONDS, STUCK_MOST_SECONDS
from monitor.model.snapshot import KNOWN
from monitor.model.status import OK, STATUSES, STOPPED, STUCK
from monitor.model.table import Flags, Floats, Ints, values_at
from monitor.model.view import View

_LEVELS = np.array([CODE[OF_STATUS[each]] for each in STATUSES], np.int8)


def paced_groups(view: View) -> Flags:
    """Whether kmon has seen how long each group takes from one commit to the next."""
    paced = np.zeros(len(view.group_lags), bool)
    paced[view.lag.group[view.lag_statuses.paced]] = True
    return paced


def judge_lags(time: float, status: Ints, since: Floats, age_at_least: Floats, paced: Flags) -> JudgedLags:
    """Some statuses with their levels; what has been stopped for ABANDONED_SECONDS needs attention only.

    Where it had stopped before kmon began to poll, the next record tells how long somebody has been missing. What is
    stuck and is not `paced` needs attention only, too, for as long as it may be a consumer that commits once an hour.
    """
    level = _LEVELS[status]
    waits = np.fmin(time - since, age_at_least)
    level[(status == STOPPED) & ~(waits < ABANDONED_SECONDS)] = CODE["attention"]
    stands = np.fmax(time - since, age_at_least)
    level[(status == STUCK) & ~paced & ~(stands > STUCK_MOST_SECONDS)] = CODE["attention"]
    return JudgedLags(status=status, level=level, since=since, known_status=status, known_since=since)


def known_partitions(view: View, name: str) -> Floats:
    """A number of partitions of each group, `partitions` or `unknown_partitions`: unknown where some may be missing.

    Of a group whose commits or members could not be read, "0 partitions" would be a claim.
    """
    lags = view.group_lags
    missing = (view.snapshot.groups.unread != KNOWN) | ((lags.partitions == 0) & (lags.reason != KNOWN))
    return np.where(missing, np.nan, getattr(lags, name))


def judge_members(view: View, lags: JudgedLags) -> JudgedMembers:
    """Each member, from the judgements `lags` of the rows of `view.lag`; of equal ones the first counts."""
    member, members = view.lag.member, len(view.snapshot.members)
    owned = np.flatnonzero(member >= 0)[::-1]
    worst_last = owned[np.argsort(lags.severity[owned], kind="stable")]
    worst = np.full(members, -1, np.int32)
    worst[member[worst_last]] = worst_last
    status, level = values_at(lags.status, worst, OK), values_at(lags.level, worst, CODE["ok"])
    moving = np.isin(np.arange(members), view.snapshot.target_assignments.member) & (status == OK)
    status[moving], level[moving] = ATTENTION, CODE[ABOVE_ZERO["reconciling"]]
    since = values_at(lags.since, worst)
    return JudgedMembers(status=status, level=level, since=since, known_status=status, known_since=since, lag_row=worst)

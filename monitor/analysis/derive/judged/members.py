"""The statuses of members of groups: that of the worst partition that is assigned to them."""

import numpy as np

from monitor.analysis.derive.judged.table import CODE
from monitor.model.judgements import JudgedLags, JudgedMembers
from monitor.model.levels import ABOVE_ZERO, ATTENTION
from monitor.model.status import OK
from monitor.model.table import values_at
from monitor.model.view import View


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
    return JudgedMembers(status=status, level=level, since=values_at(lags.since, worst), lag_row=worst)

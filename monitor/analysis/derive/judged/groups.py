"""The levels of groups, of groups on a topic, and of rows of lag; derive/status.py has their statuses."""

import numpy as np

from monitor.analysis.derive.judged.table import CODE
from monitor.model.judgements import JudgedLags
from monitor.model.levels import OF_STATUS
from monitor.model.limits import ABANDONED_SECONDS
from monitor.model.snapshot import KNOWN
from monitor.model.status import STATUSES, STOPPED
from monitor.model.table import Floats, Ints
from monitor.model.view import View

_LEVELS = np.array([CODE[OF_STATUS[each]] for each in STATUSES], np.int8)


def judge_lags(time: float, status: Ints, since: Floats, age_at_least: Floats) -> JudgedLags:
    """Some statuses with their levels; what has been stopped for ABANDONED_SECONDS needs attention only.

    Where it had stopped before kmon began to poll, the next record tells how long somebody has been missing.
    """
    level = _LEVELS[status]
    waits = np.fmin(time - since, age_at_least)
    level[(status == STOPPED) & ~(waits < ABANDONED_SECONDS)] = CODE["attention"]
    return JudgedLags(status=status, level=level, since=since)


def known_partitions(view: View, name: str) -> Floats:
    """A number of partitions of each group, `partitions` or `unknown_partitions`: unknown where some may be missing.

    Of a group whose commits or members could not be read, "0 partitions" would be a claim.
    """
    lags = view.group_lags
    missing = (view.snapshot.groups.unread != KNOWN) | ((lags.partitions == 0) & (lags.reason != KNOWN))
    return np.where(missing, np.nan, getattr(lags, name))

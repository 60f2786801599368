"""Which groups have members, and since when: of those whose members kmon saw come or go."""

from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.rows import places_of
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Flags, Floats, Texts, values_at


class Lives(NamedTuple):
    """One value per group, in the order of `names`.

    `alive` is 1 for a group that had members when it was last described, 0 for none, NaN before it was. `turned` is
    when that began, seconds of the monotonic clock; NaN where that was before kmon's first poll.
    """

    names: Texts
    alive: Floats
    turned: Floats


def see_lives(before: Lives | None, now: Snapshot) -> Lives:
    """What is remembered with the groups of one poll more."""
    groups = now.groups
    known: Flags = (groups.reason == KNOWN) & ~np.isnan(groups.members)
    alive = np.where(known, groups.members > 0, np.nan)
    if before is None:
        return Lives(groups.group, alive, np.full(len(groups), np.nan))
    if before.names is groups.group:
        was, turned = before.alive, before.turned
    else:
        places = places_of(groups.group.tolist(), before.names.tolist())
        was, turned = values_at(before.alive, places), values_at(before.turned, places, now.started)
    alive = np.where(known, alive, was)
    return Lives(groups.group, alive, np.where(np.isnan(was) | (alive == was), turned, now.started))

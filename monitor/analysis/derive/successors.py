"""Groups that newer ones have replaced: by their names, their topics, their offsets, and when they had members."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.group_lives import Lives
from monitor.model.lag import Lag
from monitor.model.limits import OVERLAP_SECONDS
from monitor.model.snapshot import Snapshot
from monitor.model.table import Ints, pair_key

VERSION = re.compile(r"(?:v\d+(?:[._-]\d+)*|\d+(?:\.\d+)+|\d{4,}(?:[._-]\d+)*)$", re.IGNORECASE)
"""A version at the end of a name: v2, 1.4.0, 2026, 2026-04-01. A short number may as well be that of an instance."""
LONGEST_VERSION = 24
"""Characters. What is longer, and so cannot be taken apart in time that is bounded, is no version."""


class Name(NamedTuple):
    """A group id without its version, and the numbers of that; `marked` is a version that says so, such as v2."""

    stem: str
    version: tuple[int, ...] = ()
    marked: bool = False

    def replaces(self, older: "Name") -> bool:
        """Whether it is a later version of the same; of a name without a version only a marked one is."""
        return self.stem == older.stem and self.version > older.version and (bool(older.version) or self.marked)


def name_of_version(group: str) -> Name:
    """A group id taken apart; it has no version where all of it is one."""
    found = VERSION.search(group[-LONGEST_VERSION:])
    stem = group[: -len(found[0])].rstrip("._-") if found else ""
    if not found or not stem or len(found[0]) == LONGEST_VERSION:
        return Name(group)
    numbers = tuple(int(each) for each in re.findall(r"\d+", found[0]))
    return Name(stem, numbers, found[0][:1] in "vV")


class Successors:
    """Finds what replaced a group in one poll."""

    def __init__(self, snapshot: Snapshot, lag: Lag, lives: Lives) -> None:
        self.snapshot, self.lag, self.lives = snapshot, lag, lives
        self._alive = np.flatnonzero(lives.alive == 1).tolist()
        names, came = snapshot.groups.group, (lives.alive == 1) & ~np.isnan(lives.turned)
        self._came = {row: name_of_version(names[row]) for row in np.flatnonzero(came).tolist()}
        self._stems = {each.stem for each in self._came.values()}

    def of(self, group: int, rows: Ints) -> int:
        """The row of the group that replaced one without members, -1 for none: in doubt nothing did.

        `rows` are its rows of lag. kmon saw its members go and those of the newer group come, at about that time or
        later. No other group of the stem has members: several of them are instances side by side. And the newer one
        reads on: its members have all these partitions, and its offsets are nowhere behind.
        """
        left = float(self.lives.turned[group])
        if np.isnan(left) or not self._came:
            return -1
        older = name_of_version(self.snapshot.groups.group[group])
        if older.stem not in self._stems:
            return -1
        kin = [row for row in self._kin(older.stem) if row != group]
        if len(kin) != 1 or kin[0] not in self._came or self.lives.turned[kin[0]] < left - OVERLAP_SECONDS:
            return -1
        reads_on = self._came[kin[0]].replaces(older) and self.snapshot.groups.state[kin[0]] == "Stable"
        return kin[0] if reads_on and self._passed(rows, kin[0]) else -1

    def _kin(self, stem: str) -> Iterable[int]:
        """The groups of a stem that have members."""
        names = self.snapshot.groups.group
        return (row for row in self._alive if names[row].startswith(stem) and name_of_version(names[row]).stem == stem)

    def _passed(self, mine: Ints, newer: int) -> bool:
        """Whether members of the newer group have the partitions of all these rows, and offsets that are no older."""
        theirs = np.array(self.lag.of_group(newer), np.int64)
        if not len(theirs):
            return False
        place = theirs[np.searchsorted(self._key(theirs), self._key(mine)).clip(max=len(theirs) - 1)]
        same = self._key(place) == self._key(mine)
        # An offset that is unknown on either side compares as false.
        passed = self.lag.committed_offset[place] >= self.lag.committed_offset[mine]
        return bool((same & passed & (self.lag.member[place] >= 0)).all())

    def _key(self, rows: Ints) -> Ints:
        return pair_key(self.lag.topic[rows], self.lag.partition[rows])

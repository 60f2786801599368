"""Who is responsible for groups and topics, as the settings say by patterns of names."""

from dataclasses import dataclass, field

import numpy as np

from monitor.model.patterns import Pattern
from monitor.model.table import Ints

NOBODY = -1


@dataclass(frozen=True)
class OwnerRule:
    """An owner and a team, and the patterns of the whole names of groups and topics that are theirs."""

    groups: tuple[Pattern, ...] = ()
    topics: tuple[Pattern, ...] = ()
    owner: str | None = None
    team: str | None = None


@dataclass(frozen=True, eq=False)
class Owners:
    """For each group and topic the row in `rules` of the first rule that names it, NOBODY where none does."""

    rules: tuple[OwnerRule, ...] = ()
    groups: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    topics: Ints = field(default_factory=lambda: np.zeros(0, np.int32))

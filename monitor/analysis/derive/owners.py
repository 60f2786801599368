"""Finds who is responsible for each group and topic."""

from collections.abc import Sequence

import numpy as np

from monitor.model.owners import NOBODY, OwnerRule, Owners
from monitor.model.patterns import Pattern
from monitor.model.snapshot import Snapshot
from monitor.model.table import Ints, Texts


def derive_owners(snapshot: Snapshot, rules: tuple[OwnerRule, ...]) -> Owners:
    """The first rule that names each group and each topic."""
    groups, topics = snapshot.groups.group, snapshot.topics.topic
    return Owners(
        rules,
        first_rules(groups, [each.groups for each in rules]),
        first_rules(topics, [each.topics for each in rules]),
    )


def first_rules(names: Texts, rules: Sequence[tuple[Pattern, ...]]) -> Ints:
    """For each name the index of the first rule with a matching pattern, NOBODY if there is none."""
    codes = np.full(len(names), NOBODY, np.int32)
    for row, name in enumerate(names.tolist() if any(rules) else ()):
        for code, patterns in enumerate(rules):
            if any(each.matches(name) for each in patterns):
                codes[row] = code
                break
    return codes

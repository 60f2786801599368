"""State sets: of each subject a line for every state that it can be in, 1 for the state it is in and 0 for the others.

A rule on one state then goes from 1 to 0 when the state changes, and does not lose its series.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from exporters.family import Family, Label
from exporters.sources import ApiSource
from monitor.model.table import Flags, Floats, Ints, Texts
from monitor.model.view import View


@dataclass(frozen=True)
class States:
    """The state of every subject: `names[current[row]]`. `possible[row, state]` is whether it can be in a state.

    A subject whose state is unknown has a row of `possible` without any.
    """

    names: Texts
    current: Ints
    possible: Flags

    def lines(self) -> tuple[Ints, Ints]:
        """The row of the subject and the state of each line."""
        rows, states = np.nonzero(self.possible)
        return rows, states

    def values(self) -> Floats:
        rows, states = self.lines()
        values: Floats = (self.current[rows] == states).astype(np.float64)
        return values


def state_set(
    name: str,
    meaning: str,
    subject: Label,
    state: str,
    states: Callable[[View], States],
    *,
    sources: tuple[ApiSource, ...],
) -> Family:
    """A family with a line for each subject and state; `state` names the state's label, `states` reads a View."""
    return Family(
        name,
        meaning,
        lambda view: states(view).values(),
        (
            Label(subject.name, subject.values, lambda view: states(view).lines()[0]),
            Label(state, lambda view: states(view).names, lambda view: states(view).lines()[1]),
        ),
        sources=sources,
    )

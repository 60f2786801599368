"""The filter on names: a regular expression as it is typed, bounded so that no pattern can hang the screen."""

import math
import re
import time
from collections.abc import Callable, Iterable, Sequence

# The only parser of Python's own regexes; some releases of mypy know it.
from re import _constants, _parser  # type: ignore[attr-defined, unused-ignore]
from typing import Any

import numpy as np

from monitor.table import Flags
from monitor.text import visible

PATTERN_CHARACTERS = 100
NAME_CHARACTERS = 200
MOST_STEPS = (NAME_CHARACTERS + 1) ** 3
"""A pattern that may take more steps on one name, such as one with four `.*`, is not tried."""

BUDGET_SECONDS = 0.25
"""Most time for all names together."""

_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def matching(pattern: str, names: Sequence[str]) -> tuple[Flags, str]:
    """Which names match, ignoring case unless the pattern has an upper-case letter.

    A pattern that is not a regular expression, or too costly a one, is looked for as plain text; the second answer
    then says why and is empty otherwise.
    """
    pattern = pattern[:PATTERN_CHARACTERS]
    fold = pattern == pattern.lower()
    problem = _problem(pattern)
    if not problem:
        search = re.compile(pattern, re.IGNORECASE if fold else 0).search
        found = _test(names, lambda name: search(name) is not None, time.monotonic() + BUDGET_SECONDS)
        if found is not None:
            return found, ""
        problem = "takes too long"
    wanted = pattern.lower() if fold else pattern
    found = _test(names, lambda name: wanted in (name.lower() if fold else name))
    assert found is not None
    return found, problem


def _test(names: Sequence[str], test: Callable[[str], bool], deadline: float = math.inf) -> Flags | None:
    found = np.zeros(len(names), bool)
    for row, name in enumerate(names):
        found[row] = test(visible(name[:NAME_CHARACTERS]))
        if row % 64 == 0 and time.monotonic() > deadline:
            return None
    return found


def _problem(pattern: str) -> str:
    try:
        tree = _parser.parse(pattern)
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {getattr(error, 'msg', error)}"
    return "too costly as a regular expression" if _cost(tree) > MOST_STEPS else ""


def _cost(tree: Iterable[Any], *, repeated: bool = False) -> float:
    """Upper bound of the ways to try a parsed pattern at one place of a name; choices within a repeat have none."""
    cost = 1.0
    for operation, argument in tree:
        if operation in _REPEATS:
            most, body = argument[1], argument[2]
            cost *= math.inf if repeated else min(most, NAME_CHARACTERS) + 1
            cost *= _cost(body, repeated=repeated or most > 1)
        elif operation is _constants.BRANCH:
            cost *= math.inf if repeated else sum(_cost(each) for each in argument[1])
        else:
            for part in _parts(argument):
                cost *= _cost(part, repeated=repeated)
    return cost


def _parts(argument: Any) -> Iterable[Any]:
    """The patterns within an operation's argument."""
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, (tuple, list)):
        for each in argument:
            yield from _parts(each)

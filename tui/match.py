"""The filter on names: a regular expression as it is typed."""

from collections.abc import Callable, Sequence

import numpy as np

from monitor.model.patterns import Pattern
from monitor.model.table import Flags
from monitor.model.text import visible


def matching(pattern: str, names: Sequence[str]) -> tuple[Flags, str]:
    """Which names match, ignoring case unless the pattern has an upper-case letter.

    A pattern that is not a regular expression is matched as plain text; the second value is then the reason, else
    empty.
    """
    fold = pattern == pattern.lower()
    try:
        return _test(names, Pattern(pattern, ignore_case=fold).finds), ""
    except ValueError as error:
        return _test(names, lambda name: pattern in (name.lower() if fold else name)), str(error)


def _test(names: Sequence[str], test: Callable[[str], bool]) -> Flags:
    return np.fromiter((test(visible(name)) for name in names), bool, len(names))

"""The filter of a table as it is typed: a condition of the filter language, or else a text to find in names."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from monitor.model.patterns import Pattern
from monitor.model.table import Flags
from monitor.model.text import visible
from monitor.subjects.column import Names
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.literals import print_text
from tui.widgets.rows import Rows

BARE = re.compile(r"(==?|!=|!?~)\s*(?!(?:true|false)\b)([^\W\d][^\s\"'(),]*)")
"""A word without quotes behind a sign, as in status = stuck."""
CONDITION = re.compile(r"\s*[(\s]*(?:not\s+)?(\w+)\s*(?:[=!<>~]|in\b|is\b|not\b)")
"""The beginning of a condition on a column."""


class Found(NamedTuple):
    """Which rows a filter picks, how it was read, and what is wrong with it where it was read as it cannot be meant."""

    rows: Flags
    how: str
    problem: str = ""


def find(text: str, rows: Rows) -> Found:
    """The rows that a filter picks.

    It is a condition on columns of the subject, in which words need no quotes. What is none is a regular expression on
    names, or the word of a status.
    """
    schema = rows.subject.schema
    try:
        quoted = BARE.sub(lambda found: f"{found[1]} {print_text(found[2])}", text)
        return Found(Filter.of(quoted, schema).rows(rows.reading), "condition")
    except FilterError as error:
        refused = error.problem
    named, problem = matching(text, rows.names)
    status = rows.reading["status"] if "status" in schema else None
    if isinstance(status, Names):
        named |= np.array([*((each or "").lower() == text.lower() for each in status.values), False])[status.codes]
    begun = CONDITION.match(text)
    if begun and begun[1] in schema and not named.any():
        problem = refused
    return Found(named, "plain text" if problem else "any case" if text == text.lower() else "exact case", problem)


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

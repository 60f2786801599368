"""Rows that limits and rules leave out unless they ask for them: those of a status in SET_ASIDE."""

import numpy as np

from monitor.model.status import SET_ASIDE
from monitor.model.table import Flags
from monitor.subjects.column import Columns, Names, Schema
from monitor.subjects.filter.evaluate import Truth
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.tree import Among, Compare, conditions

STATUS = "status"


def counted_truth(where: Filter, schema: Schema, columns: Columns) -> Truth:
    """Where a filter is true and where false of the rows that count; of rows that are set aside it is false."""
    truth = where.truth(columns)
    if not (words := set_aside(where, schema)):
        return truth
    aside = _has(words, columns)
    return Truth(truth.true & ~aside, truth.false | aside)


def counted_rows(where: Filter, schema: Schema, columns: Columns) -> Flags:
    """Which rows a filter is asked about at all."""
    return ~_has(set_aside(where, schema), columns)


def set_aside(where: Filter, schema: Schema) -> tuple[str, ...]:
    """The statuses that are set aside for this filter. One that compares the status with the word asks for it."""
    if STATUS not in schema:
        return ()
    asked = set()
    for each in conditions(where.expression):
        if each.column == STATUS and isinstance(each, Compare | Among):
            literals = each.literals if isinstance(each, Among) else (each.literal,)
            asked |= {literal.value for literal in literals}
    return tuple(word for word in SET_ASIDE if word in schema[STATUS].words and word not in asked)


def _has(words: tuple[str, ...], columns: Columns) -> Flags:
    """Which rows have one of these statuses."""
    status = columns[STATUS]
    assert isinstance(status, Names)
    codes = [code for code, text in enumerate(status.values.tolist()) if text in words]
    return np.isin(status.codes, codes)

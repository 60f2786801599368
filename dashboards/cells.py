"""Columns of a View as cells of a grid: plain numbers, None where unknown, with the reason of each unknown beside."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np

from dashboards.feed import Whys
from monitor.model.judgements import Judged
from monitor.model.snapshot import KNOWN, NO_LEADER, reason_code
from monitor.model.table import Flags, Floats, Ints, Ragged

MOST_ROWS = 20_000
"""A grid gets no more rows than this; what is left out is said above it."""

ENDLESS = "Infinity"
"""How an infinite limit travels: JSON has no number for it, and JavaScript makes one of this text."""


def whole(values: Floats | Ints) -> list[Any]:
    """Whole numbers, None where they are unknown, ENDLESS where they have no limit."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    cells = np.full(len(values), None, object)
    finite = np.isfinite(values)
    cells[finite] = values[finite].astype(np.int64)
    cells[np.isposinf(values)] = ENDLESS
    return list(cells.tolist())


def decimals(values: Floats, digits: int = 4) -> list[Any]:
    """Numbers with so many decimals, None where they are unknown, ENDLESS where they have no limit."""
    cells = np.full(len(values), None, object)
    finite = np.isfinite(values)
    cells[finite] = np.round(values[finite].astype(np.float64), digits)
    cells[np.isposinf(values)] = ENDLESS
    return list(cells.tolist())


def unknowns(reasons: Sequence[str], **codes: Ints) -> tuple[list[str | None], Whys]:
    """For each row a key of the second answer, which says the fields that are unknown and why; None where none is.

    `codes` has for each field a reason code a row in `reasons`, KNOWN where the field is known. Equal keys say the
    same in every View, so a row that stays as it is need not travel again.
    """
    kind = np.zeros(len(next(iter(codes.values()))), np.int64)
    for each in codes.values():
        _, kind = np.unique(kind * len(reasons) + each, return_inverse=True)
    _, firsts, place = np.unique(kind, return_index=True, return_inverse=True)
    keys: list[str | None] = []
    whys: Whys = {}
    for row in firsts.tolist():
        why = {field: reasons[code[row]] for field, code in codes.items() if code[row] != KNOWN}
        key = sha256(repr(why).encode("utf-8", "surrogatepass")).hexdigest()[:12] if why else None
        keys.append(key)
        if key is not None:
            whys[key] = why
    return [keys[each] for each in place.tolist()], whys


def blamed(values: Floats, reasons: list[str], why: str, codes: Ints | None = None) -> Ints:
    """A reason code a row: where the value is unknown its own of `codes`, or that of `why` where it has none."""
    own = np.zeros(len(values), np.int32) if codes is None else codes
    general = reason_code(reasons, why or "not reported by the broker")
    return np.where(np.isnan(values), np.where(own == KNOWN, general, own), KNOWN).astype(np.int32)


def first_codes(count: int, key: Ints, codes: Ints) -> Ints:
    """For each of `count` keys the first code that is not KNOWN among the rows of that key, KNOWN for none."""
    first = np.zeros(count, np.int32)
    at = np.flatnonzero(codes != KNOWN)[::-1]
    first[key[at]] = codes[at]
    return first


def judged_cells(judged: Judged, at: Ints | slice = slice(None)) -> dict[str, list[Any]]:
    """The cells of status, level and severity of these rows of a subject: a grid sorts the status by its severity."""
    return {
        "status": judged.words[at].tolist(),
        "level": judged.levels[at].tolist(),
        "severity": judged.severity[at].tolist(),
    }


def worst_rows(wanted: Flags, *keys: Floats | Ints, most: int = MOST_ROWS) -> Ints:
    """The rows that are wanted, in order; where they are more than `most`, those with the largest keys, first first."""
    rows = np.flatnonzero(wanted)
    if len(rows) <= most:
        return rows
    # A stable order, so that the same rows are chosen poll after poll among equals.
    order = np.lexsort([-np.nan_to_num(key[rows].astype(np.float64)) for key in reversed(keys)])
    return np.sort(rows[order[:most]])


def lists(lists_of: Ragged, at: Ints) -> list[str]:
    """Lists of node ids of these rows as text."""
    values, starts = lists_of.values.tolist(), lists_of.starts
    text = cache(lambda ids: ", ".join(map(str, ids)))  # most partitions have one of a few lists
    ends = zip(starts[at].tolist(), starts[at + 1].tolist(), strict=True)
    return [text(tuple(values[start:end])) for start, end in ends]


def leaders(values: Ints) -> list[int | None]:
    """Node ids, None where there is no leader."""
    return [None if each == NO_LEADER else each for each in values.tolist()]

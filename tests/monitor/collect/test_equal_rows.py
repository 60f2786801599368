"""Rows that are compared field by field: equal rows must be equal on every Python, so an unknown in them is None.

Until 3.12 dataclasses were compared as tuples, in which one NaN object equals itself; from 3.13 on it does not.
"""

import dataclasses
import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

import alerts
import dashboards
import exporters
import kmon
import monitor
import tui

ROOMS = (alerts, dashboards, exporters, kmon, monitor, tui)


def _rows() -> Iterator[type[Any]]:
    """Every dataclass and named tuple of the rooms."""
    for room in ROOMS:
        for each in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if each.name.rpartition(".")[2] == "__main__":
                continue
            module = importlib.import_module(each.name)
            for value in vars(module).values():
                own = isinstance(value, type) and value.__module__ == each.name
                if own and (dataclasses.is_dataclass(value) or hasattr(value, "_field_defaults")):
                    yield value


def _is_compared(row: type[Any]) -> bool:
    return not dataclasses.is_dataclass(row) or row.__eq__ is not object.__eq__


def _defaults(row: type[Any]) -> dict[str, object]:
    if dataclasses.is_dataclass(row):
        return {each.name: each.default for each in dataclasses.fields(row) if each.compare}
    return dict(row._field_defaults)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


ROWS = sorted({each for each in _rows() if _is_compared(each)}, key=lambda each: (each.__module__, each.__qualname__))


def test_the_rows_are_found() -> None:
    assert {"GroupDescription", "Event", "Problem", "Alert"} <= {each.__name__ for each in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.__module__}.{row.__qualname__}")
def test_no_row_that_is_compared_has_nan_for_a_default(row: type[Any]) -> None:
    assert [name for name, value in _defaults(row).items() if _is_nan(value)] == []

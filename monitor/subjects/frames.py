"""Subjects as pandas DataFrames, for notebooks."""

from typing import TYPE_CHECKING, Any

from monitor.model.table import objects
from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.column import ALL, Column, Numbers, Values

if TYPE_CHECKING:
    import pandas as pd


def frame(view: View, name: str) -> "pd.DataFrame":
    """The rows of a subject, with its columns and their units in `frame.attrs["units"]`. docs/tables.md lists them.

    Unknown numbers are NaN, unknown texts None. Raises KeyError for a name that is not in SUBJECTS.
    """
    import pandas  # noqa: ICN001, PLC0415 - slow to import, and only for who asks for it

    if name not in SUBJECTS:
        raise KeyError(f"unknown table {name!r}: tables are {', '.join(SUBJECTS)}")
    subject = SUBJECTS[name]
    result = pandas.DataFrame({each.name: _array(each, each.read(view, ALL)) for each in subject.columns})
    result.attrs["units"] = {each.name: each.unit for each in subject.columns if each.unit}
    return result


def _array(column: Column, read: Values) -> Any:
    """The numbers of a column as they are, since INFINITY is a number here; texts and lists as JSON has them."""
    return read.values if isinstance(read, Numbers) else objects(column.plain(read))  # noqa: PD011 - no pandas yet

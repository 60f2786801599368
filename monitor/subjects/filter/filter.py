"""A filter as its users have it: a text, checked against the columns of a row set, that picks rows."""

from dataclasses import dataclass

from monitor.model.table import Flags
from monitor.subjects.column import Columns, Schema
from monitor.subjects.filter.check import check
from monitor.subjects.filter.evaluate import Truth, evaluate
from monitor.subjects.filter.parse import parse
from monitor.subjects.filter.tree import Expression, conditions


@dataclass(frozen=True)
class Filter:
    """An expression that fits a row set. Equal when the expressions are."""

    expression: Expression

    @classmethod
    def of(cls, text: str, schema: Schema) -> "Filter":
        """Raises FilterError, which points at what is wrong in the text."""
        expression = parse(text)
        check(text, expression, schema)
        return cls(expression)

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that it asks."""
        return frozenset(each.column for each in conditions(self.expression))

    def truth(self, columns: Columns) -> Truth:
        """For each row whether the filter is true, false, or unknown because a value is."""
        return evaluate(self.expression, columns)

    def rows(self, columns: Columns) -> Flags:
        """The rows for which it is true, shape (rows,)."""
        return self.truth(columns).true

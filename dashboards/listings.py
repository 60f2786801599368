"""Small tables: their rows as HTML, and some rows of a subject as its columns write them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dash import html

from dashboards.components.parts import known, reason, status_mark, text
from monitor.model.table import Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import Type
from monitor.subjects.shown import Shown, Write, shown

MOST_LISTED = 100
"""A listing shows no more rows than this, and says how many more there are."""


class Listed(NamedTuple):
    """A column of a listing: of its subject by name, or what the page makes of a row of the View.

    `write` writes its numbers where the kind does not, and `right` sets what the page makes to the right.
    """

    head: str
    of: str | Callable[[int], Any]
    write: Write | None = None
    right: bool = False


def listing(
    heads: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[str] = (), more: int = 0
) -> html.Div:
    """A small table of at most MOST_LISTED rows; the columns named in `numbers` are set as numbers.

    `more` is how many rows there are beyond these.
    """
    more += max(0, len(rows) - MOST_LISTED)
    kinds = ["number" if head in numbers else "" for head in heads]
    table = html.Table(
        [
            html.Thead(html.Tr([html.Th(h, className=k, scope="col") for h, k in zip(heads, kinds, strict=True)])),
            html.Tbody(
                [
                    html.Tr([html.Td(c, className=k) for c, k in zip(row, kinds, strict=True)])
                    for row in rows[:MOST_LISTED]
                ]
            ),
        ]
    )
    rest = html.P(f"and {plural(more, 'row')} more", className="muted small more") if more > 0 else None
    return html.Div([table, rest] if rest else table, className="listing", tabIndex="0")


def rows_of(view: View, subject: Subject, rows: Ints, columns: Sequence[Listed], most: int = MOST_LISTED) -> html.Div:
    """The first of these rows of a subject, in their order; all but the first column set numbers to the right."""
    at = rows[:most]
    reading = subject.read(view, at)
    cells: list[list[Any]] = []
    for each in columns:
        if callable(each.of):
            cells.append([each.of(row) for row in at.tolist()])
        elif each.of == "status":
            judged = getattr(view.judged, subject.judged)
            cells.append([status_mark(judged, row) for row in at.tolist()])
        else:
            values = shown(reading, each.of)
            cells.append([cell_of(values, place, each.write) for place in range(len(at))])
    right = [each.head for each in columns[1:] if each.right or _is_number(subject, each.of)]
    heads = [each.head for each in columns]
    return listing(heads, list(zip(*cells, strict=True)), numbers=right, more=len(rows) - len(at))


def _is_number(subject: Subject, of: str | Callable[[int], Any]) -> bool:
    return isinstance(of, str) and subject.schema[of].kind.right


def cell_of(values: Shown, place: int, write: Write | None = None) -> Any:
    """A value as its column writes it, or a dash with the reason that it is unknown."""
    value = values.values[place]
    if values.column.name == "why":
        return reason(value or "")
    if values.column.type is Type.TEXT:
        return text(value)
    return known(values.text(place, write), values.why(place))

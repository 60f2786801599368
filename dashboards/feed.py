"""What is sent to browsers once, and then only what changed in it since the View they already have."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

Row = Sequence[Any]
"""The cells of a row in the order of the fields; the first is what identifies it."""

Whys = dict[str, dict[str, str]]
"""Why fields are unknown: for each key that a row can have, the reason by field."""


T = TypeVar("T")
_Last: TypeAlias = OrderedDict[tuple[tuple[str, ...], float], T]


@dataclass(frozen=True)
class Cells:
    """A grid's rows as they travel.

    The cell `whys` of a row is its key in `whys`. `hidden` are columns that say nothing and are not shown; None leaves
    the columns as they are. `all_columns` makes the same rows with all columns of their subject, where a page has the
    choice.
    """

    fields: tuple[str, ...]
    rows: list[Row]
    whys: Whys = field(default_factory=dict)
    hidden: Sequence[str] | None = None
    all_columns: "Callable[[], Cells] | None" = field(default=None, compare=False)


class Feed:
    """Remembers the last `keep` tables and texts that were sent, by what they show and the time of their View.

    A browser's `base` is the key and time of what it has, None for nothing. A poll usually finds the browser one View
    behind, so the difference to that one is all that has to travel.
    """

    def __init__(self, keep: int = 4) -> None:
        self._tables: _Last[dict[Any, Row]] = OrderedDict()
        self._texts: _Last[list[str]] = OrderedDict()
        self._keep = keep

    def send(self, key: list[str], time: float, cells: Cells, base: list[Any] | None) -> dict[str, Any]:
        """What brings a browser to these cells from its base.

        `key` names what is shown, and `time` is that of its View in unix seconds. `whole` says that `rows` are all
        there are; else they are the new and changed ones and `gone` names the rest.
        """
        table = {row[0]: row for row in cells.rows}
        before = self._remember(self._tables, key, time, table, base)
        sent = {"fields": cells.fields, "whys": cells.whys, "hidden": cells.hidden}
        if before is None:
            return {**sent, "whole": True, "rows": cells.rows, "gone": []}
        return {**sent, "whole": False, **_difference(before, table)}

    def news(self, key: list[str], time: float, texts: list[str], base: list[Any] | None) -> list[bool]:
        """Which of these texts, always of the same number, are not as in the base."""
        before = self._remember(self._texts, key, time, texts, base)
        return [True] * len(texts) if before is None else [a != b for a, b in zip(texts, before, strict=True)]

    def _remember(self, last: "_Last[T]", key: list[str], time: float, sent: T, base: list[Any] | None) -> T | None:
        """Remember what is sent now; what the browser has, None where that is not known."""
        before = last.get((tuple(key), base[1])) if base and base[0] == key else None
        last[tuple(key), time] = sent
        last.move_to_end((tuple(key), time))
        while len(last) > self._keep:
            last.popitem(last=False)
        return before


def _difference(before: Mapping[Any, Row], after: Mapping[Any, Row]) -> dict[str, Any]:
    return {
        "rows": [row for name, row in after.items() if before.get(name) != row],
        "gone": [name for name in before if name not in after],
    }

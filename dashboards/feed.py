"""A table sent to browsers once, and then only what changed in it since the View they already have."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

Row = Sequence[Any]
"""The cells of a row in the order of the grid's columns; the first is what identifies it."""


class Feed:
    """Remembers the last `keep` tables that were sent, by what they show and the time of their View.

    A poll usually finds the browser one View behind, so the difference to that one is all that has to travel.
    """

    def __init__(self, keep: int = 4) -> None:
        self._sent: OrderedDict[tuple[Hashable, float], dict[Any, Row]] = OrderedDict()
        self._keep = keep

    def send(self, key: Hashable, time: float, rows: Sequence[Row], base: float | None) -> dict[str, Any]:
        """What brings a browser that has the table of time `base` (None for nothing) to these rows.

        `whole` says that `rows` are all there are; else they are the new and changed ones and `gone` names the rest.
        """
        table = {row[0]: row for row in rows}
        before = None if base is None else self._sent.get((key, base))
        self._sent[key, time] = table
        self._sent.move_to_end((key, time))
        while len(self._sent) > self._keep:
            self._sent.popitem(last=False)
        if before is None:
            return {"whole": True, "rows": list(rows), "gone": []}
        return {"whole": False, **_difference(before, table)}


def _difference(before: Mapping[Any, Row], after: Mapping[Any, Row]) -> dict[str, Any]:
    return {
        "rows": [row for name, row in after.items() if before.get(name) != row],
        "gone": [name for name in before if name not in after],
    }

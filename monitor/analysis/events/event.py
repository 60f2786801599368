"""What an event is, and the table of those that are remembered."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from monitor.model.events import Event, Events
from monitor.model.table import Ints
from monitor.model.text import NAME, duration, name_of

MOST_ALIKE = 20
"""More events of a kind in one poll are folded into one for each broker, topic or group."""
SUBJECT = 250
"""Most characters of a name as a subject: a topic has no longer one."""
SEVERAL = "several"
"""The subject of an event that is about more than one."""


def when(events: Events, row: int, now: float, interval_seconds: float | None) -> str:
    """How long ago an event was; between when and when, if no poll was made for more than half of that time."""
    before, ago = (now - float(time) for time in (events.after_time[row], events.time[row]))
    if interval_seconds is not None and before - ago > max(2 * interval_seconds, ago / 2):
        return f"between {duration(before)} and {duration(ago)} ago"
    return f"{duration(ago)} ago"


def subject_of(events: Events, row: int) -> str:
    """What an event is about, as a line of visible text: a group, a partition, a topic or a broker, or several."""
    group, topic, partition = events.group[row], events.topic[row], int(events.partition[row])
    parts = [] if group is None else [name_of(group, SUBJECT)]
    if topic is not None:
        parts.append(name_of(topic, SUBJECT) + (f"-{partition}" if partition >= 0 else ""))
    if not parts:
        parts = [f"broker {events.broker[row]}" if events.broker[row] >= 0 else SEVERAL]
    return " on ".join(parts)


def place(topic: str, partition: int) -> str:
    """A partition in a text."""
    return f"{name_of(topic, NAME)}-{partition}"


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few of some names and how many more there are."""
    listed = list(names)
    shown = ", ".join(name_of(each, NAME) for each in listed[:most])
    return f"{shown} and {len(listed) - most:,} more" if len(listed) > most else shown


def fold_rows(
    rows: Ints, keys: Ints, one: Callable[[int], Event], many: Callable[[int | None, Ints], Event]
) -> list[Event]:
    """An event for each row; where they are too many one for each key, and where keys are one for all (key None)."""
    if len(rows) <= MOST_ALIKE:
        return [one(row) for row in rows.tolist()]
    distinct, at = np.unique(keys, return_inverse=True)
    if len(distinct) > MOST_ALIKE:
        return [many(None, rows)]
    return [many(key, rows[at == number]) for number, key in enumerate(distinct.tolist())]


def fold(events: list[Event], key: Callable[[Event], Any], many: Callable[[list[Event]], Event]) -> list[Event]:
    """Events kind by kind; where a kind has too many one for each key, and where keys are too many one for all."""
    folded: list[Event] = []
    for alike in _grouped(events, lambda event: event.kind):
        if len(alike) <= MOST_ALIKE:
            folded += alike
        elif len(by_key := _grouped(alike, key)) > MOST_ALIKE:
            folded.append(many(alike))
        else:
            folded += [each[0] if len(each) == 1 else many(each) for each in by_key]
    return folded


def _grouped(events: list[Event], key: Callable[[Event], Any]) -> list[list[Event]]:
    groups: dict[Any, list[Event]] = {}
    for each in events:
        groups.setdefault(key(each), []).append(each)
    return list(groups.values())

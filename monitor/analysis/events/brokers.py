"""Brokers that come, go and restart, and the controller."""

from collections.abc import Iterable
from typing import NamedTuple

from monitor.model.events import Event
from monitor.model.snapshot import Snapshot
from monitor.model.text import NAME, visible


class Broker(NamedTuple):
    """A broker as it was when it was last there, at unix time `seen`; None is unknown."""

    seen: float
    address: str
    rack: str | None
    version: str | None


class Brokers(NamedTuple):
    """What is remembered: the brokers that were ever there, those that are, and the controller."""

    known: dict[int, Broker]
    there: frozenset[int]
    controller: int | None
    controller_seen: float


def see_brokers(before: Brokers | None, now: Snapshot) -> tuple[Brokers, list[Event]]:
    """What is to be remembered, and what changed."""
    table = now.brokers
    known = dict(before.known) if before else {}
    there = {int(node): row for row, node in enumerate(table.broker) if table.fenced[row] != 1}
    events: list[Event] = []
    for node, row in there.items():
        old = known.get(node)
        version = table.version[row] or (old.version if old else None)
        known[node] = Broker(now.time, f"{table.host[row]}:{table.port[row]}", table.rack[row], version)
        if before is not None:
            events += _came(node, old, known[node], still=node in before.there)
    gone = sorted(before.there - there.keys()) if before else ()
    for node in gone:
        events.append(Event("broker_gone", known[node].seen, now.time, f"broker {node} is gone", node, before="there"))
    memory = Brokers(known, frozenset(there), now.controller, now.time)
    if before is None:
        return memory, []
    return _with_controller(memory, before), [*events, *_controller(before, now)]


def _came(node: int, old: Broker | None, new: Broker, *, still: bool) -> Iterable[Event]:
    if old is None:
        yield Event("broker_joined", new.seen, new.seen, f"broker {node} joined", node, after="there")
    elif not still:
        yield Event("broker_back", old.seen, new.seen, f"broker {node} is back", node, before="gone", after="there")
    else:
        for what, was, is_ in (
            ("address", old.address, new.address),
            ("rack", old.rack, new.rack),
            ("version", old.version, new.version),
        ):
            if was != is_ and not (what == "version" and was is None):
                before, after = visible(was, NAME), visible(is_, NAME)
                text = f"broker {node} restarted: its {what} is {after}, was {before}"
                yield Event("broker_restarted", old.seen, new.seen, text, node, before=before, after=after)
                break


def _controller(before: Brokers, now: Snapshot) -> Iterable[Event]:
    old, new = before.controller, now.controller
    if old is not None and new is not None and old != new:
        text = f"controller: broker {old} → {new}"
        yield Event("controller_changed", before.controller_seen, now.time, text, new, before=str(old), after=str(new))


def _with_controller(memory: Brokers, before: Brokers) -> Brokers:
    """The controller that was last known, while nobody tells who it is."""
    if memory.controller is not None:
        return memory
    return memory._replace(controller=before.controller, controller_seen=before.controller_seen)

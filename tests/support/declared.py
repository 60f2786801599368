"""What collectors really do, to be held against what they declare: requests that they send, tables that they fill."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from typing import Any
from unittest.mock import patch

from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask
from monitor.model.snapshot import Snapshot

GROUP_TABLES = ("groups", "members", "assignments", "target_assignments", "tasks", "subtopologies")
NAMED_OTHERWISE = {
    "starts": ("offsets",),
    "ends": ("offsets",),
    "stables": ("offsets",),
    "fenced": ("brokers",),
    "versions": ("brokers",),
    "descriptions": GROUP_TABLES,
}
"""The tables that fields of a Draft become which have another name."""
TABLES = {each.name for each in fields(Snapshot) if hasattr(each.default_factory, "__self__")}


@dataclass
class Deeds:
    """By the name of a collector: the APIs of its requests, the tables that it put into drafts, its capabilities."""

    sent: dict[str, set[Api]] = field(default_factory=lambda: defaultdict(set))
    filled: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    capabilities: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def undeclared(self) -> dict[str, set[Api]]:
        """The requests that collectors sent and do not declare."""
        declared = {each.name: {request.api for request in each.sends} for each in COLLECTORS}
        found = {name: apis - declared[name] for name, apis in self.sent.items()}
        return {name: apis for name, apis in found.items() if apis}


@contextmanager
def watched() -> Iterator[Deeds]:
    """What all collectors do in here."""
    deeds = Deeds()
    turns: list[str] = []
    make, put = Ask.__init__, Draft.__setattr__

    def made(ask: Ask, *args: Any, **named: Any) -> None:
        make(ask, *args, **named)
        if turns:
            deeds.sent[turns[-1]].add(ask.api)

    def set_(draft: Draft, name: str, value: object) -> None:
        put(draft, name, value)
        if turns:
            deeds.filled[turns[-1]] |= set(NAMED_OTHERWISE.get(name, (name,))) & TABLES

    with ExitStack() as stack:
        stack.enter_context(patch.object(Ask, "__init__", made))
        stack.enter_context(patch.object(Draft, "__setattr__", set_))
        for each in COLLECTORS:
            for method in ("ask", "read"):
                own = _turn(each, method, turns, deeds)
                stack.enter_context(patch.object(each, method, own))
        yield deeds


def _turn(collector: type[Collector], method: str, turns: list[str], deeds: Deeds) -> Callable[..., Any]:
    whole = getattr(collector, method)

    def run(self: Collector, client: Any, draft: Draft, *rest: Sequence[Any]) -> Any:
        sizes, known = _sizes(draft), set(draft.capabilities)
        turns.append(collector.name)
        try:
            return whole(self, client, draft, *rest)
        finally:
            turns.pop()
            grown = [name for name, size in _sizes(draft).items() if size != sizes.get(name)]
            for name in grown:
                deeds.filled[collector.name] |= set(NAMED_OTHERWISE.get(name, (name,))) & TABLES
            deeds.capabilities[collector.name] |= set(draft.capabilities) - known

    return run


def _sizes(draft: Draft) -> dict[str, int]:
    """How many items each list and mapping of a draft has, which are filled where they are."""
    return {name: len(value) for name, value in vars(draft).items() if isinstance(value, list | dict)}

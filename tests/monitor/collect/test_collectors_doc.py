"""docs/collectors.md is what the collectors are: each has its row, with the APIs that it asks and how often."""

import inspect
import re
import sys
from pathlib import Path

import pytest

from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector, SlowCollector
from monitor.kafka.client import apis
from monitor.kafka.client.apis import Api

DOC = Path(__file__).parents[3] / "docs" / "collectors.md"
ROWS = {
    name: [cell.strip() for cell in cells.split("|")]
    for name, cells in re.findall(r"^\| `(\w+)` \|(.*)\|$", DOC.read_text(), re.MULTILINE)
}
QUESTIONS = {
    "permissions": "monitor.collect.collectors.probes",
    "groups": "monitor.collect.collectors.coordinator_questions",
}
"""Modules that have the questions of a collector."""
TELLS, ASKS, KAFKA, ACLS, HOW_OFTEN, WITHOUT = range(6)


def test_every_collector_has_its_row_and_no_other_has() -> None:
    assert set(ROWS) == {each.name for each in COLLECTORS}
    assert all(len(cells) == 6 and all(cells) for cells in ROWS.values())


def asked(collector: type[Collector]) -> set[str]:
    """Names of the APIs that the modules of a collector and its base classes, and what they import, mention."""
    modules = [sys.modules[base.__module__] for base in inspect.getmro(collector) if issubclass(base, Collector)]
    modules += [sys.modules[QUESTIONS[collector.name]]] if collector.name in QUESTIONS else []
    return {value.name for module in modules for value in vars(module).values() if isinstance(value, Api)}


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda each: each.name)
def test_it_asks_what_the_row_says(collector: type[Collector]) -> None:
    told = set(ROWS[collector.name][ASKS].split(", "))
    assert told <= {each.name for each in vars(apis).values() if isinstance(each, Api)}
    assert told == asked(collector)


@pytest.mark.parametrize("collector", COLLECTORS, ids=lambda each: each.name)
def test_it_asks_as_often_as_the_row_says(collector: type[Collector]) -> None:
    module = sys.modules[collector.__module__]
    seconds = getattr(module, "EVERY_SECONDS", None)
    if issubclass(collector, SlowCollector):
        seconds = collector.every_seconds
    told = ROWS[collector.name][HOW_OFTEN]
    if seconds is None:
        assert told.startswith("each poll")
    else:
        assert re.findall(r"([\d.]+) s\b", told) == [f"{seconds:g}"]

"""How tests are shared out to the workers of `make test`."""

import os
import re
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[2]
KAFKA = ("session cluster", "other clusters")
"""The groups of modules with tests of a real Kafka."""
SESSION_CLUSTER = re.compile(r"\bkafka: Cluster\b")
"""A test that takes the session's cluster as a fixture."""


def count() -> int:
    """One worker more than there are processors: tests of a real Kafka mostly wait for it."""
    return (os.cpu_count() or 1) + 1


@cache
def group_of(module: str) -> str:
    """The tests that go to one worker with those of this module.

    Those of the session's cluster do, so that it starts once, and those of other clusters, so that no more than two
    tests have Kafka work for them.
    """
    text = (ROOT / module).read_text()
    if "mark.kafka" not in text:
        return module
    return KAFKA[0] if SESSION_CLUSTER.search(text) else KAFKA[1]


def module_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def kafka_first(items: list[pytest.Item]) -> None:
    """Put the tests of a real Kafka first, since they take longest."""

    def place(item: pytest.Item) -> int:
        group = group_of(module_of(item.nodeid))
        return KAFKA.index(group) if group in KAFKA else len(KAFKA)

    items.sort(key=place)


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Sends the tests of a group to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(module_of(nodeid))

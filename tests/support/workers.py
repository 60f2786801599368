"""How tests are shared out to the workers of `make test`."""

import os
from collections.abc import Sequence

import pytest

SESSION_CLUSTERS = ("kafka", "secure_kafka")
"""Fixtures of clusters that live as long as the session."""


def count() -> int:
    """One worker more than there are processors: tests of a real Kafka mostly wait for it."""
    return (os.cpu_count() or 1) + 1


def share(items: list[pytest.Item]) -> None:
    """Send tests of one module to one worker, and all of the session's clusters to the same: each starts once.

    Those of Kafka take longest and come first.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=lambda item: (group_of(item) != "kafka", item.get_closest_marker("kafka") is None))


def group_of(item: pytest.Item) -> str:
    """The tests that share fixtures with this one."""
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return "kafka" if set(SESSION_CLUSTERS) & set(names) else item.nodeid.partition("::")[0]

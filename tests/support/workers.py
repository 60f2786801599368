"""How tests are shared out to the workers of `make test`."""

import os
from collections.abc import Sequence

import pytest

SESSION_CLUSTERS = ("kafka", "secure_kafka")
"""Fixtures of clusters that live as long as the session."""
KAFKA = ("session clusters", "own clusters")
"""The groups of tests of a real Kafka."""


def count() -> int:
    """One worker more than there are processors: tests of a real Kafka mostly wait for it."""
    return (os.cpu_count() or 1) + 1


def share(items: list[pytest.Item]) -> None:
    """Send tests of one module to one worker; those of Kafka to two, and first, since they take longest.

    One of the two has all tests of the session's clusters, so that these start once, and the other those of clusters
    of their own.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=lambda item: KAFKA.index(group) if (group := group_of(item)) in KAFKA else len(KAFKA))


def group_of(item: pytest.Item) -> str:
    """The tests that share fixtures with this one."""
    names: Sequence[str] = getattr(item, "fixturenames", ())
    if set(SESSION_CLUSTERS) & set(names):
        return KAFKA[0]
    return KAFKA[1] if item.get_closest_marker("kafka") else item.nodeid.partition("::")[0]

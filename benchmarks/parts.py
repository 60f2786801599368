"""What deriving takes by parts: the functions that a poll derives with are timed where it calls them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import monitor.derive.view
import monitor.poll
from monitor.events.log import EventLog
from monitor.past.past import Past

PARTS: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("lag", monitor.poll, ("derive_lag",)),
    ("past", Past, ("add",)),
    ("events", EventLog, ("add",)),
    ("what to date", monitor.poll, ("undated",)),
    ("rates", monitor.derive.view, ("derive_rates",)),
    ("ages, ETA, headroom", monitor.derive.view, ("derive_times",)),
    ("statuses", monitor.derive.view, ("derive_statuses",)),
    (
        "totals",
        monitor.derive.view,
        ("total_groups", "total_group_topics", "total_topics", "total_brokers", "total_cluster", "derive_activity"),
    ),
    (
        "partitions, quorum, transactions",
        monitor.derive.view,
        ("derive_partitions", "derive_quorum", "derive_transactions"),
    ),
    ("problems", monitor.derive.view, ("derive_problems",)),
    ("diagnoses", monitor.derive.view, ("diagnose",)),
)
"""Each part, and the functions of it: they stand side by side, so that no second is counted twice."""


@contextmanager
def timed_parts() -> Iterator[Mapping[str, float]]:
    """Seconds by part of all polls of this thread meanwhile."""
    seconds = dict.fromkeys((part for part, _, _ in PARTS), 0.0)
    with ExitStack() as stack:
        for part, owner, names in PARTS:
            for name in names:
                stack.enter_context(patch.object(owner, name, _timed(getattr(owner, name), part, seconds)))
        yield seconds


def _timed(function: Callable[..., Any], part: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def run(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            seconds[part] += time.perf_counter() - began

    return run

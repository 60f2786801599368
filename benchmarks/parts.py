"""What deriving takes by parts: the functions that a poll derives with are timed where it calls them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import monitor.analysis.view
import monitor.poll.pipeline

PARTS: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("lag", monitor.poll.pipeline, ("derive_lag",)),
    ("past", monitor.poll.pipeline, ("remember",)),
    ("events", monitor.poll.pipeline, ("log_events",)),
    ("what to date", monitor.poll.pipeline, ("undated",)),
    ("rates", monitor.analysis.view, ("derive_rates",)),
    ("ages, ETA, headroom", monitor.analysis.view, ("derive_times",)),
    ("statuses", monitor.analysis.view, ("derive_statuses",)),
    ("left topics", monitor.analysis.view, ("derive_left", "set_aside")),
    (
        "totals",
        monitor.analysis.view,
        ("total_groups", "total_group_topics", "total_topics", "total_brokers", "total_cluster", "derive_activity"),
    ),
    (
        "partitions, quorum",
        monitor.analysis.view,
        ("derive_partitions", "derive_quorum"),
    ),
    ("problems", monitor.analysis.view, ("derive_problems",)),
    ("diagnoses", monitor.analysis.view, ("diagnose",)),
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

"""Since when a status holds: from the poll that first saw it, and over polls in which it was unknown."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from monitor.analysis.derive.judged.table import Judge
from monitor.model.judgements import Judged, JudgedLogDirs, JudgedPartitions, JudgedQuorum, JudgedTopics


def told(of: type[Judged], statuses: list[str]) -> list[float]:
    """Since when the status of one row holds, in polls one second apart that see these statuses."""
    before: Any = None
    since = []
    for now, status in enumerate(statuses):
        judge = Judge(of, 1)
        judge.where(True, status, "ok" if status == "ok" else "degraded")
        here = SimpleNamespace(time=float(now))
        judged = judge.held(here, before, "rows", lambda *_: np.array([0]))  # type: ignore[arg-type]
        here.judged = SimpleNamespace(rows=judged)
        before = here
        since.append(float(judged.since[0]))
    return since


@pytest.mark.parametrize(
    ("of", "bad", "other"),
    [
        (JudgedQuorum, "behind", "ok"),
        (JudgedTopics, "under-replicated", "offline"),
        (JudgedPartitions, "under-replicated", "offline"),
    ],
)
def test_a_status_that_was_unknown_for_a_moment_keeps_its_beginning(of: type[Judged], bad: str, other: str) -> None:
    since = told(of, ["ok", bad, bad, "unknown", "unknown", bad, other, "unknown", bad])
    assert since[1:] == [1, 1, 3, 3, 1, 6, 7, 8]
    assert np.isnan(since[0]), "it was so in the first poll"


def test_without_unknown_a_status_begins_when_it_comes() -> None:
    assert told(JudgedLogDirs, ["ok", "offline", "ok", "ok"])[1:] == [1, 2, 2]


def test_a_row_that_is_new_begins_now() -> None:
    judge = Judge(JudgedTopics, 2)
    before = SimpleNamespace(judged=SimpleNamespace(rows=Judge(JudgedTopics, 1).judged(np.array([5.0]))))
    held = judge.held(SimpleNamespace(time=9.0), before, "rows", lambda *_: np.array([0, -1]))  # type: ignore[arg-type]
    assert held.since.tolist() == [5.0, 9.0]

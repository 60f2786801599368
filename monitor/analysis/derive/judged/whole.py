"""Judges what has one row: the cluster as a whole, and what kmon itself sees of it."""

from typing import TypeVar

import numpy as np

from monitor.analysis.derive.judged.table import Judge
from monitor.model.judgements import Judged, JudgedCluster, JudgedKmon
from monitor.model.levels import OF_VERDICTS, STATE_NOT_KEPT
from monitor.model.view import View

Of = TypeVar("Of", bound=Judged)


def judge_cluster(view: View, last: View | None) -> JudgedCluster:
    """As the verdict of the View is; `last` is the View before."""
    judge = Judge(JudgedCluster, 1)
    judge.where(True, view.verdict.level, OF_VERDICTS[view.verdict.level])
    return _held(judge, view, None if last is None else last.judged.cluster)


def judge_kmon(view: View, last: View | None) -> JudgedKmon:
    """What kmon could ask in the poll of the View, and keep; `last` is the View before."""
    judge = Judge(JudgedKmon, 1)
    judge.where(missing_capabilities(view) > 0, "restricted", "note")
    judge.where(bool(view.state_trouble), "state not kept", STATE_NOT_KEPT)
    judge.where(last is not None and view.snapshot.overruns > last.snapshot.overruns, "overrunning", "attention")
    judge.where(failing_collectors(view) > 0, "incomplete", "degraded")
    judge.where(not view.up, "unreachable", "critical")
    return _held(judge, view, None if last is None else last.judged.kmon)


def missing_capabilities(view: View) -> int:
    """How many permissions and APIs are missing, without those that the settings switch off."""
    table = view.snapshot.capabilities
    return int(np.count_nonzero((table.available == 0) & ~table.switched_off))


def failing_collectors(view: View) -> int:
    """How many collectors failed when they ran last."""
    return sum(each.success is not None and not each.success for each in view.snapshot.outcomes)


def kmon_why(view: View, _row: int) -> str:
    """Why kmon sees or keeps less than all; empty where it does all."""
    snapshot = view.snapshot
    if not view.up:
        return snapshot.error
    if failing := [f"{each.collector}: {each.error}" for each in snapshot.outcomes if each.error]:
        return "; ".join(failing)
    if JudgedKmon.WORDS[int(view.judged.kmon.status[0])] == "overrunning":
        return f"polls take longer than the interval: {snapshot.overruns} skipped so far"
    if view.state_trouble:
        return view.state_trouble
    table = snapshot.capabilities
    missing = zip(table.capability, table.why, (table.available == 0) & ~table.switched_off, strict=True)
    return "; ".join(f"{name}: {why}" for name, why, is_missing in missing if is_missing)


def cluster_why(view: View, _row: int) -> str:
    """The verdict in words."""
    return view.verdict.sentence


def _held(judge: Judge[Of], view: View, before: Of | None) -> Of:
    """The row with its status since the poll that first saw it; unknown where that was the first poll."""
    if before is None or not len(before):
        return judge.judged(np.full(1, np.nan))
    return judge.judged(before.since if before.status[0] == judge.status[0] else np.full(1, view.time))

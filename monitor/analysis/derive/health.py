"""The health of a cluster: all its problems in one ranked list, each with the problem that explains it."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from monitor.analysis.derive.group_problems import find_groups
from monitor.analysis.derive.partition_problems import (
    find_imbalance,
    find_offline,
    find_under_min_isr,
    find_under_replicated,
)
from monitor.analysis.derive.problems import (
    find_brokers,
    find_disks,
    find_quorum,
    find_slow,
    find_transactions,
    find_unanswered,
)
from monitor.analysis.derive.verdict import OF_PARTITIONS
from monitor.model.levels import OF_PROBLEMS
from monitor.model.limits import UNSEEN_POLLS, UNSEEN_SECONDS, polls_seconds
from monitor.model.problems import Key, Lasting, Problem, Problems
from monitor.model.table import Ragged, objects
from monitor.model.text import plural, visible
from monitor.model.view import View

FINDERS: tuple[Callable[[View], Iterable[Problem]], ...] = (
    find_quorum,
    find_brokers,
    find_offline,
    find_groups,
    find_under_min_isr,
    find_disks,
    find_unanswered,
    find_under_replicated,
    find_transactions,
    find_slow,
    find_imbalance,
)
"""In this order stand problems of one level."""

UNREACHABLE: Key = ("cluster_unreachable", "cluster")
NO_ROWS = np.empty(0, np.int64)


def derive_problems(view: View, before: View | None) -> Problems:
    """The problems of a View; `before` is the View before it, which knows since when they are there.

    While the cluster is unreachable the problems that were last known are kept, and explained by that.
    """
    if not view.up:
        return _unreachable(view, before)
    since = _since(before)
    found = [problem for finder in FINDERS for problem in finder(view)]
    rows = {problem.key: row for row, problem in enumerate(found)}
    causes = [next((rows[key] for key in problem.explained_by if key in rows), -1) for problem in found]
    found = [_with_effects(problem, row, found, causes) for row, problem in enumerate(found)]
    times = [_began(each, since.get(each.key), view.time) for each in found]
    return in_order(found, causes, times)


def _began(problem: Problem, before: float | None, now: float) -> float:
    """Since when a problem is there, which earlier Views reported since `before`."""
    if problem.since is not None:
        return problem.since
    return min(each for each in (before, problem.at_latest, now) if each is not None)


def _with_effects(problem: Problem, row: int, found: list[Problem], causes: list[int]) -> Problem:
    effects = [each for each, cause in zip(found, causes, strict=True) if cause == row]
    told = []
    for kind, words in OF_PARTITIONS.items():
        if number := count_of([each for each in effects if each.kind == kind]):
            told.append(f"{plural(number, 'partition')} {words}")
    if groups := sum(each.count for each in effects if each.kind.startswith("group_")):
        told.append(f"{plural(groups, 'group')} affected")
    return replace(problem, sentence=f"{problem.sentence}; {', '.join(told)}") if told else problem


def count_of(problems: list[Problem]) -> int:
    """How many things some problems of one kind are about: partitions count once, whatever brokers they lack."""
    if problems and len(problems[0].partitions):
        return len(np.unique(np.concatenate([each.partitions for each in problems])))
    return sum(each.count for each in problems)


def _since(before: View | None) -> dict[Key, float]:
    return {} if before is None else {(each.kind, each.subject): each.since for each in before.lasting}


def lasting(view: View, before: View | None) -> tuple[Lasting, ...]:
    """When each problem of a View began, and the same of those that it cannot have seen end.

    A poll that is incomplete for a moment ends no problem: one that is there again has lasted all the time.
    """
    table = view.problems
    rows = zip(table.kind, table.subject, table.since.tolist(), strict=True)
    there = tuple(Lasting(kind, subject, since, view.time) for kind, subject, since in rows)
    if before is None or view.complete:
        return there
    known = {each[:2] for each in there}
    recent = view.time - max(UNSEEN_SECONDS, polls_seconds(UNSEEN_POLLS, view.snapshot.interval_seconds or 0.0))
    return (*there, *(each for each in before.lasting if each[:2] not in known and each.seen >= recent))


def _unreachable(view: View, before: View | None) -> Problems:
    kind, subject = UNREACHABLE
    since = _since(before)
    first = Problem("critical", kind, subject, f"the cluster is unreachable: {visible(view.snapshot.error)}")
    # Rows of partitions are those of another View.
    kept = [] if before is None else [replace(each, partitions=NO_ROWS) for each in problems_of(before.problems)]
    kept = [each for each in kept if each.key != UNREACHABLE]
    times = [since.get(each.key, view.time) for each in (first, *kept)]
    return in_order([first, *kept], [-1, *(0 for _ in kept)], times)


def problems_of(table: Problems) -> list[Problem]:
    """The rows of a table, without since when they are there and what caused them."""
    names = ("level", "kind", "subject", "sentence", "broker", "topic", "group", "count")
    columns = [getattr(table, name).tolist() for name in names]
    return [
        replace(Problem(*values), alerts=table.alerts[row], partitions=np.array(table.partitions.row(row), np.int64))
        for row, values in enumerate(zip(*columns, strict=True))
    ]


def in_order(problems: list[Problem], causes: list[int], since: list[float]) -> Problems:
    """The table of some problems, the worst level first, those of one level as they stand.

    `causes` are places in `problems`, -1 for none; `since` are unix times.
    """
    ranked = sorted(range(len(problems)), key=lambda row: OF_PROBLEMS.index(problems[row].level))
    place = {-1: -1, **{row: rank for rank, row in enumerate(ranked)}}
    problems, since = [problems[row] for row in ranked], [since[row] for row in ranked]
    causes = [place[causes[row]] for row in ranked]
    return Problems(
        rank=np.arange(1, len(problems) + 1),
        level=objects(each.level for each in problems),
        kind=objects(each.kind for each in problems),
        subject=objects(each.subject for each in problems),
        broker=np.array([each.broker for each in problems], np.int32),
        topic=objects(each.topic for each in problems),
        group=objects(each.group for each in problems),
        count=np.array([each.count for each in problems], np.int32),
        since=np.array(since, np.float64),
        cause=np.array(causes, np.int32),
        partitions=_partitions(problems),
        alerts=objects(each.alerts for each in problems),
        sentence=objects(each.sentence for each in problems),
    )


def _partitions(problems: list[Problem]) -> Ragged:
    starts = np.zeros(len(problems) + 1, np.int32)
    np.cumsum([len(each.partitions) for each in problems], out=starts[1:])
    values = np.concatenate([np.empty(0, np.int64), *(each.partitions for each in problems)])
    return Ragged(values.astype(np.int32), starts)

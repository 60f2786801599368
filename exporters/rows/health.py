"""Rows of what is the matter with a cluster, why its groups are behind, and what changed in it."""

from typing import Any

import numpy as np

from exporters.rows.plain import Row, node, numbers, places, rows_of
from monitor.model.table import Ints
from monitor.model.view import View


def problem_rows(view: View) -> list[Row]:
    """Problems, the worst first; `cause` is the rank of the one that explains it, `since` is unix seconds."""
    problems, rows = view.problems, np.arange(len(view.problems))
    return rows_of(
        {
            "rank": problems.rank.tolist(),
            "level": problems.level,
            "kind": problems.kind,
            "subject": problems.subject,
            "broker": [node(each) for each in problems.broker.tolist()],
            "topic": problems.topic,
            "group": problems.group,
            "count": problems.count.tolist(),
            "since": numbers(problems.since, rows),
            "cause": [None if each < 0 else int(problems.rank[each]) for each in problems.cause.tolist()],
            "partitions": [
                places(view, view.snapshot.partitions, np.array(problems.partitions.row(row), np.intp))
                for row in range(len(problems))
            ],
            "sentence": problems.sentence,
        }
    )


def diagnosis_rows(view: View) -> list[Row]:
    """What seems to be the matter with groups, those of the worst group first; `evidence` is numbers by name."""
    diagnoses, members = view.diagnoses, view.snapshot.members
    return rows_of(
        {
            "group": view.snapshot.groups.group[diagnoses.group],
            "pattern": diagnoses.pattern,
            "topic": diagnoses.topic,
            "partition": [node(each) for each in diagnoses.partition.tolist()],
            "broker": [node(each) for each in diagnoses.broker.tolist()],
            "member_id": [None if each < 0 else members.member_id[each] for each in diagnoses.member.tolist()],
            "evidence": [_evidence(each) for each in diagnoses.evidence],
            "sentence": diagnoses.sentence,
        }
    )


def _evidence(pairs: tuple[tuple[str, float], ...]) -> dict[str, Any]:
    values = np.array([value for _, value in pairs])
    return dict(zip((name for name, _ in pairs), numbers(values, range(len(pairs))), strict=True))


def chosen_events(view: View, kind: str | None, group: str | None, topic: str | None) -> Ints:
    """The rows of the events of this kind and about this group and topic, of all where they are not named."""
    events = view.events
    wanted = np.ones(len(events), bool)
    for column, value in ((events.kind, kind), (events.group, group), (events.topic, topic)):
        if value is not None:
            wanted &= column == value
    return np.flatnonzero(wanted)


def event_rows(view: View, rows: Ints) -> list[Row]:
    """Rows of the table of events; it was seen at unix time `time`, and was not yet so at `after_time`."""
    events = view.events
    return rows_of(
        {
            "time": numbers(events.time, rows),
            "after_time": numbers(events.after_time, rows),
            "kind": events.kind[rows],
            "broker": [node(each) for each in events.broker[rows].tolist()],
            "topic": events.topic[rows],
            "partition": [node(each) for each in events.partition[rows].tolist()],
            "group": events.group[rows],
            "before": [each or None for each in events.before[rows]],
            "after": [each or None for each in events.after[rows]],
            "records": numbers(events.records, rows),
            "count": events.count[rows].tolist(),
            "text": events.text[rows],
        }
    )

"""Problems of a cluster, why its groups are behind, and what changed in it."""

import numpy as np

from monitor.analysis.events.event import subject_of
from monitor.model.diagnoses import Diagnoses
from monitor.model.events import Events
from monitor.model.judgements import JudgedLags
from monitor.model.levels import LEVELS, OF_EVENTS
from monitor.model.problems import Problems
from monitor.model.table import Floats, Texts, objects, values_at
from monitor.model.text import name_of
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import NUMBER, SECONDS, WORD
from monitor.subjects.tables import LEVEL, judged, numbers, of, size, subject, texts

_diagnoses = size("diagnoses")


def _cause(view: View) -> Floats:
    problems = view.problems
    ranks: Floats = values_at(problems.rank.astype(np.float64), problems.cause)
    return ranks


def where(view: View, row: int) -> str:
    """What of its group a diagnosis is about, as one visible line; empty for all of it."""
    table = view.diagnoses
    topic, partition, member, broker = table.topic[row], table.partition[row], table.member[row], table.broker[row]
    if topic is not None:
        return name_of(topic) + (f"-{partition}" if partition >= 0 else "")
    if member >= 0:
        return name_of(view.snapshot.members.client_id[member])
    return f"broker {broker}" if broker >= 0 else ""


def _where(view: View) -> Texts:
    return objects(where(view, row) or None for row in range(_diagnoses(view)))


def _lasting(view: View) -> Floats:
    return view.time - view.problems.since


PROBLEM = Subject(
    "problem",
    "problem of the cluster, the worst first; fixing its cause fixes it",
    ("kind", "subject"),
    size("problems"),
    (
        *of("problems", Problems, leave=("cause", "partitions", "group", "topic")),
        *of("problems", Problems, "group", "topic"),
        numbers("cause", NUMBER, "rank of the problem that causes this one", _cause),
        numbers("lasting_seconds", SECONDS, "how long it has lasted, as observed by kmon", _lasting),
    ),
)

DIAGNOSIS = Subject(
    "diagnosis",
    "likely cause of a group's lag, those of the worst group first",
    ("group", "pattern", "topic", "partition"),
    _diagnoses,
    (
        *of("diagnoses", Diagnoses, member="member_id"),
        *judged("judged.groups", JudgedLags, "status", "level", by="diagnoses.group"),
        texts("where", "topic, partition, member or broker that it is about; empty for the whole group", _where),
    ),
)


def _event_subjects(view: View) -> Texts:
    return objects(subject_of(view.events, row) for row in range(len(view.events)))


def _event_levels(view: View) -> Texts:
    return objects(OF_EVENTS.get(each, "ok") for each in view.events.kind)


EVENT = subject(
    "event",
    "events",
    Events,
    "time",
    "kind",
    more=(
        texts("subject", "group, partition, topic or broker concerned", _event_subjects),
        texts("level", LEVEL, _event_levels, words=LEVELS, kind=WORD),
    ),
)

HEALTH = (PROBLEM, DIAGNOSIS, EVENT)

"""Problems of a cluster, why its groups are behind, and what changed in it."""

import numpy as np

from monitor.model.diagnoses import Diagnoses
from monitor.model.events import Events
from monitor.model.problems import Problems
from monitor.model.table import Floats, values_at
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import NUMBER
from monitor.subjects.tables import numbers, of, subject


def _cause(view: View) -> Floats:
    problems = view.problems
    ranks: Floats = values_at(problems.rank.astype(np.float64), problems.cause)
    return ranks


PROBLEM = Subject(
    "problem",
    "problem of the cluster, the worst first; fixing its cause fixes it",
    ("kind", "subject"),
    lambda view: len(view.problems),
    (
        *of("problems", Problems, leave=("cause", "partitions", "group", "topic")),
        *of("problems", Problems, "group", "topic"),
        numbers("cause", NUMBER, "rank of the problem that causes this one", _cause),
    ),
)

DIAGNOSIS = Subject(
    "diagnosis",
    "likely cause of a group's lag, those of the worst group first",
    ("group", "pattern", "topic", "partition"),
    lambda view: len(view.diagnoses),
    of("diagnoses", Diagnoses, member="member_id"),
)

EVENT = subject("event", "events", Events, "time", "kind")

HEALTH = (PROBLEM, DIAGNOSIS, EVENT)

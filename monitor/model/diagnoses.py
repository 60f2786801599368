"""What a diagnosis is, and their table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor.model.table import Ints, Table, Texts, column, objects


@dataclass(frozen=True)
class Diagnosis:
    """A pattern that holds for a group; `sentence` is a line of visible text and says the numbers of `evidence`.

    `group` and `member` are rows. -1 and None are for what it is not about.
    """

    pattern: str
    group: int
    sentence: str
    evidence: tuple[tuple[str, float], ...]
    topic: str | None = None
    partition: int = -1
    member: int = -1
    broker: int = -1


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnoses(Table):
    """One row a pattern that holds for a group: those of the worst group first, the gravest of a group first."""

    group: Ints = column("i4", "row of the group")
    pattern: Texts = column("O", "name of the pattern, as in docs/diagnosis.md")
    topic: Texts = column("O", "name of the topic, None where it is about none or several")
    partition: Ints = column("i4", "partition number, -1 where it is about none or several", "number")
    member: Ints = column("i4", "row of the member, -1 where it is about none")
    broker: Ints = column("i4", "node id, -1 where it is about none", "node")
    evidence: Texts = column("O", "the numbers behind it: a tuple of names and values", "numbers by name")
    sentence: Texts = column("O", "the likely cause, as a sentence")


def diagnoses_table(diagnoses: Sequence[Diagnosis]) -> Diagnoses:
    """Diagnoses in the order of a sequence."""
    columns: dict[str, Any] = {}
    for each in Diagnoses.schema():
        values = [getattr(diagnosis, each.name) for diagnosis in diagnoses]
        dtype = each.metadata["dtype"]
        columns[each.name] = objects(values) if dtype.hasobject else np.array(values, dtype)
    return Diagnoses(**columns)

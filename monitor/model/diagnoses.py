"""What a diagnosis is, and their table."""

from dataclasses import dataclass

from monitor.model.table import Ints, Table, Texts, column
from monitor.model.text import count, duration, percent, rate


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
    """One row per pattern that holds for a group: worst group first, then most serious pattern first."""

    group: Ints = column("i4", "row in `groups`: group id")
    pattern: Texts = column("O", "name of the pattern; docs/diagnosis.md lists them")
    topic: Texts = column("O", "topic name, if the cause concerns one topic")
    partition: Ints = column("i4", "partition number, if the cause concerns one partition", "number")
    member: Ints = column("i4", "row in `members`: member id, if the cause concerns one member")
    broker: Ints = column("i4", "node id, if the cause concerns a broker", "node")
    evidence: Texts = column("O", "the numbers behind the cause, each with its name", "numbers by name")
    sentence: Texts = column("O", "the likely cause, as a sentence")


def evidence_of(diagnoses: Diagnoses, row: int) -> str:
    """The numbers behind a diagnosis in words: partitions 3 · lag 1,234 · produce rate 56/s."""
    return " · ".join(f"{_named(name)} {_written(name, value)}" for name, value in diagnoses.evidence[row])


def _named(name: str) -> str:
    unitless = name.replace("_seconds", "").replace("seconds_", "").replace("seconds", "time")
    return unitless.replace("_", " ")


def _written(name: str, value: float) -> str:
    if "seconds" in name:
        return duration(value)
    if "rate" in name:
        return rate(value)
    return percent(value) if name.startswith("share") else count(value)

"""What a diagnosis is, and their table."""

from monitor.model.diagnoses import Diagnoses
from monitor.model.text import count, duration, percent, rate


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

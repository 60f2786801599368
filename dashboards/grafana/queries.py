"""PromQL over kmon's metrics: which series a dashboard reads, and how they are put together.

Two kmon may monitor one cluster, so each expression takes the largest number over instances before it adds anything up.
"""

from dataclasses import dataclass

RATE = "$__rate_interval"
"""The window of rates, which Grafana makes from the scrape interval and the width of the panel."""

NOT_OK = 'status!="ok"'
"""The series of a state set for the states other than ok."""


@dataclass(frozen=True)
class Series:
    """The series that a dashboard reads: those that match `chosen`, a list of matchers with Grafana's variables."""

    chosen: str

    def of(self, name: str, *by: str, where: str = "", least: bool = False) -> str:
        """A metric by the labels `by`: the largest number over instances, or the `least`."""
        return f"{'min' if least else 'max'} by ({', '.join(by)}) ({self.raw(name, where)})"

    def raw(self, name: str, where: str = "") -> str:
        """The series of a metric as they are."""
        return f"{name}{{{','.join(filter(None, (self.chosen, where)))}}}"

    def rate(self, name: str, *by: str, where: str = "", change: str = "rate") -> str:
        """How fast a metric rises; `change` may be `increase`."""
        return f"max by ({', '.join(by)}) ({change}({self.raw(name, where)}[{RATE}]))"

    def total(self, name: str, key: tuple[str, ...], *by: str, where: str = "") -> str:
        """The sum of a metric whose rows have the labels `key`, by the labels `by`."""
        return add(self.of(name, *key, where=where), *by)


def add(expression: str, *by: str) -> str:
    """The sum of an expression by labels."""
    return f"sum by ({', '.join(by)}) ({expression})"


def among(expression: str, rows: str, *on: str) -> str:
    """Those series of an expression whose labels `on` another one has too."""
    return f"{expression} and on ({', '.join(on)}) {rows}"


def any_of(*words: str) -> str:
    """The pattern that matches these words."""
    return "|".join(words)

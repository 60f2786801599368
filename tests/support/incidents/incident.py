"""What an incident is, and what a run of them leaves: plain values, from which the score is computed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from incidents.stage import Stage


class Phase(Enum):
    """What a script of an incident gives when it has brought about the phase; it goes on when the phase is over."""

    WELL = "well"
    """All is well. Lasts until everybody has watched that for a while."""
    TROUBLE = "trouble"
    """It has happened. Lasts until kmon has notified, or for as long as an innocent look-alike is watched."""
    OVER = "over"
    """It has ended. Lasts until kmon's alerts are resolved."""


Script = Callable[["Stage"], Iterator[Phase]]

PAGES = ("page", "critical")
"""Severities that wake somebody."""


@dataclass(frozen=True)
class Incident:
    """An incident, or with `innocent` a look-alike. Its topics and groups are named `name`, or as `subjects` has it.

    `expects` are alerts of kmon, one of which must be sent, as a page or, where the catalogue has it so, as a ticket.
    A look-alike must bring no page; one that `expects` an alert must bring that once, and no second time.
    """

    name: str
    title: str
    script: Script
    expects: tuple[str, ...] = ()
    innocent: bool = False
    subjects: tuple[str, ...] = ()
    alone: bool = False
    """Runs by itself: all that pages meanwhile and is about no other's subjects is because of it."""
    own_kmon: bool = False
    """Watched by a kmon of its own, because what happens to that must not touch the others. Peers do not see it."""
    well_seconds: float = 30.0
    lasts: float = 120.0
    """Seconds for which it lasts at least, so that peers who are slower than kmon can find it."""
    notified_within: float = 150.0
    """Seconds in which kmon must notify; also how long an innocent look-alike is watched."""
    resolved_within: float = 150.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its topics and groups, or the ends of paths."""
        return self.subjects or (self.name,)

    def about(self, names: Iterable[str]) -> bool:
        """Whether a page with these names is about its topics and groups."""
        return any(name == mine or name.endswith(f"/{mine}") for name in names for mine in self.names)


@dataclass(frozen=True)
class Course:
    """When an incident was set up, and when its phases began, in unix seconds.

    What is sent until it is `ready` is because of its set-up, such as of a new topic. `not_run` is why it was not run.
    """

    incident: str
    started: float
    ready: float | None = None
    began: float | None = None
    over: float | None = None
    ended: float | None = None
    not_run: str = ""


NAMING_LABELS = ("group", "topic", "path", "consumergroup", "group_id", "topic_name")
"""Labels of kmon and of other exporters whose values tell what an alert is about."""


@dataclass(frozen=True)
class Page:
    """A notification of one alert by one contestant. Times are unix seconds; `resolved` is None while it fires.

    `names` are the groups, topics and paths among its labels; `line` is the first line that whoever is woken reads.
    """

    contestant: str
    alert: str
    severity: str
    names: tuple[str, ...]
    at: float
    resolved: float | None = None
    line: str = ""
    watched: str = ""
    """The incident whose own kmon sent it; empty of everybody who watches all."""


@dataclass(frozen=True)
class Run:
    """One run of all incidents."""

    courses: tuple[Course, ...]
    pages: tuple[Page, ...]

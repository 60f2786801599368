"""How a cluster stands in one sentence."""

from dataclasses import dataclass
from typing import NamedTuple

from monitor.model.levels import OF_VERDICTS, PLACE_OF, SIGNS


class Clause(NamedTuple):
    """One thing that is so, as one line of visible text, and the level in OF_VERDICTS that it gives the cluster.

    `rank` is that of the first problem that it is about; 0 for none.
    """

    level: str
    text: str
    rank: int = 0

    @property
    def status(self) -> int:
        return PLACE_OF[OF_VERDICTS[self.level]]


@dataclass(frozen=True)
class Verdict:
    """The worst level among the clauses, and the clauses, the worst first. A clause of level "ok" is a note."""

    level: str
    clauses: tuple[Clause, ...]

    @property
    def status(self) -> int:
        """The place of the level in SIGNS."""
        return PLACE_OF[OF_VERDICTS[self.level]]

    @property
    def glyph(self) -> str:
        return SIGNS[self.status]

    @property
    def sentence(self) -> str:
        return " · ".join(each.text for each in self.clauses)

"""Facts above a table: names and values side by side, in as many lines as they need."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from tui.widgets.lines import Line, Part


class Fact(NamedTuple):
    """A value with its name, as visible text, and the value's kind (a name in `inks`)."""

    name: str
    text: str
    kind: str = ""


def unknown(name: str, why: str) -> Fact:
    """A fact that is unknown, with the reason."""
    return Fact(name, f"unknown ({why})", "unknown")


def flow(facts: Iterable[Fact], width: int) -> list[Line]:
    """The facts in lines of at most `width` cells; one that is longer has a line of its own and is cut."""
    lines: list[list[Part]] = [[]]
    used = 0
    for name, text, kind in facts:
        size = cell_len(name) + cell_len(text) + 3
        if lines[-1] and used + size > width:
            lines.append([])
            used = 0
        lines[-1] += [Part(f" {name} ", "dim"), Part(f"{text} ", kind)]
        used += size
    return [Line(parts) for parts in lines if parts]


def titled(title: str, parts: Sequence[Part], *, width: int = 15) -> Line:
    """A line that begins with its title, in the same column as the others of its kind."""
    return Line([Part(f" {title.ljust(width)}", "dim"), *parts])


def joined(clauses: Iterable[Part]) -> list[Part]:
    """Clauses with a dot between them."""
    parts: list[Part] = []
    for each in clauses:
        if parts:
            parts.append(Part(" · ", "dim"))
        parts.append(each)
    return parts

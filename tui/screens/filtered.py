"""What every screen with a table has for its filter: where it is typed, and which rows it leaves."""

from typing import ClassVar

import numpy as np
from textual import on
from textual.screen import Screen
from textual.widgets import Input

from monitor.analysis.derive.emptiness import no_match
from tui.host import Host
from tui.match import find
from tui.picture import Picture
from tui.widgets.filter import FilterInput
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Rows
from tui.widgets.table import VirtualTable


class FilteredScreen(Screen[None], inherit_bindings=False):
    """A table of Rows that a filter narrows. A MonitorScreen adds what is around it."""

    EMPTY: ClassVar[str] = "nothing to show"
    """What the table shows without rows; see `why_empty`."""
    NOUN: ClassVar[str] = "row"
    """What a row is, for the line that no row matches."""
    app: Host

    def __init__(self) -> None:
        super().__init__()
        self._pattern = self._how = ""
        self._rows: Rows | None = None

    @property
    def table(self) -> "VirtualTable[Rows]":
        return self.query_one(VirtualTable)

    def why_empty(self, rows: Rows) -> str:
        """Why there is no row: nothing is there, or what is there is unknown."""
        return self.EMPTY

    def show(self, picture: Picture) -> None:
        """Draw a picture: all of it."""
        raise NotImplementedError

    def show_top(self, picture: Picture) -> None:
        """Draw the lines that change with time alone, and what narrows the rows."""
        raise NotImplementedError

    def _fill(self, rows: Rows) -> None:
        kept = rows.problems if rows.picture.problems else np.ones(len(rows.pick), bool)
        self._how = ""
        if self._pattern:
            found = find(self._pattern, rows)
            kept, self._how = kept & found.rows, found.how
        noun = f"{self.NOUN} with a problem" if rows.picture.problems else self.NOUN
        self.table.empty = no_match(noun, self._pattern).sentence if len(rows.pick) else self.why_empty(rows)
        self.table.show(rows, np.flatnonzero(kept).astype(np.int32))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        typing = isinstance(self.focused, FilterInput) and bool(self.focused.display)
        return not (action in ("filter", "pane") and typing)

    def action_filter(self) -> None:
        self.query_one(FilterInput).open(self._pattern)

    @on(Input.Changed)
    def narrow(self, message: Input.Changed) -> None:
        """Filter as it is typed. What is wrong and finds nothing keeps the last rows."""
        pattern, problem = message.value, ""
        if pattern and self._rows is not None:
            found = find(pattern, self._rows)
            if found.problem:
                problem = (
                    f"{found.problem}: {'matched as plain text' if found.rows.any() else 'the last rows are kept'}"
                )
                pattern = pattern if found.rows.any() else self._pattern
        self._pattern = pattern
        self.query_one("#complaint", Lines).put(*([Line([Part(f" {problem}", "degraded")])] if problem else []))
        if self._rows is not None:
            self._fill(self._rows)
        self.show_top(self.app.picture)

    @on(Input.Submitted)
    def end_typing(self) -> None:
        self.query_one(FilterInput).display = False
        self.query_one("#complaint", Lines).put()
        self.set_focus(self.table)

    def action_back(self) -> None:
        typed = self.query_one(FilterInput)
        if typed.display or self._pattern:
            self.end_typing()
            typed.value = ""
            self._pattern = ""
            self.show(self.app.picture)
        else:
            self.app.back()

"""What every screen has: the verdict, the views, one table with its filter, and the keys."""

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

import numpy as np
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget

from monitor.model.levels import SIGN_OF
from monitor.model.table import Ints
from monitor.model.text import duration, name_of, visible
from monitor.model.view import View
from monitor.subjects.column import Subject
from tui.format import wrap
from tui.heading import MOST_NAME, chips, last_known, panes_lines, polling, verdict_line, views_line
from tui.keys import APP_KEYS, SCREEN_KEYS, TABLE_KEYS, key_name
from tui.picture import Picture
from tui.screens.filtered import FilteredScreen
from tui.widgets.columns import Column
from tui.widgets.filter import FilterInput
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import WHY, Rows, unknowns
from tui.widgets.table import Place, VirtualTable

TAIL = 2
"""The lines about the row under the cursor: as many for every row, so that the table stays as high."""

SHORT = 16
"""The lines of a terminal from which on there is more above a table than one line."""

BREAKPOINTS = [(0, "-tiny"), (SHORT, "-short"), (32, "-tall")]
"""The class of a screen by its least number of lines."""


class MonitorScreen(FilteredScreen, inherit_bindings=False):
    """A view of one cluster: a table of rows of a subject, with whatever a subclass puts above and below it."""

    SUBJECT: ClassVar[Subject]
    KEYED: ClassVar[tuple[str, ...]] = ()
    """The columns that tell which row is which; without them the last one of the subject's key."""
    NAMED: ClassVar[tuple[str, ...]] = ()
    """The columns that a filter is matched against; without them those above."""
    OPENS: ClassVar[tuple[str, ...]] = ()
    """The columns that name what a row opens, called as its screen is: the first that is known in the row."""
    KEY: ClassVar[str] = ""
    """The key of a view that stands in the list of views."""
    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column[Rows], ...]]
    SORT: ClassVar[str] = "status"
    FIXED: ClassVar[int] = 2
    """How many columns identify a row."""
    LIVE: ClassVar[bool] = False
    """Whether the rows are true of now also while the cluster is unreachable."""
    KEYS: ClassVar[tuple[Binding, ...]] = ()
    """The keys that this screen has beside those of all."""
    PANES: ClassVar[dict[str, str]] = {}
    """Title of each table of this view by the NAME of its screen; empty where this is the only one."""
    BINDINGS: ClassVar[list[BindingType]] = list(SCREEN_KEYS)
    AUTO_FOCUS = "VirtualTable"
    VERTICAL_BREAKPOINTS = BREAKPOINTS

    def __init_subclass__(cls, **options: bool) -> None:
        if "COLUMNS" in vars(cls):
            sorts = [
                Binding(each.letter, f"sort('{each.name}')", show=False, tooltip=f"sort by {each.title.lower()}")
                for each in cls.COLUMNS
                if each.letter
            ]
            cls.BINDINGS = [*cls.KEYS, *sorts]
        super().__init_subclass__(**options)

    def __init__(self, about: Hashable = None) -> None:
        """`about` is what a screen below a view shows, such as a group's id, and so do the others of its PANES.

        They share `left`: by NAME, how the table of each was left, and what it was filtered by.
        """
        super().__init__()
        self.about = about
        self.left: dict[str, tuple[Place, str]] = {}

    # What a subclass defines

    def pick(self, view: View) -> Ints | None:
        """The rows of the subject in the table; None when what the screen is about is no longer there."""
        return np.arange(self.SUBJECT.count(view))

    def source(self, picture: Picture) -> Any:
        """What the columns are read from: mostly the View that is shown."""
        return picture.shown

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        """The lines above the table."""
        return ()

    def silent(self, rows: Rows) -> Sequence[str]:
        """Names of columns that say nothing of these rows."""
        return ()

    def above(self) -> Sequence[Widget]:
        """The widgets between these and the table."""
        return ()

    def below(self) -> Sequence[Widget]:
        """The widgets below the table."""
        return ()

    def draw(self, picture: Picture, rows: Rows) -> None:
        """Fill the widgets above and below the table."""

    def tail(self, rows: Rows) -> Sequence[Line]:
        """The lines at the bottom, about the row under the cursor: what has no room in it, and why it is unknown."""
        row = self.table.cursor_row
        said = [] if row is None else [self.said(rows, row), unknowns(rows, self.table.shown_columns, row)]
        texts = wrap("; ".join(filter(None, said)), self.app.size.width - 2, TAIL)
        return [Line([Part(f" {text}", "dim")]) for text in (*texts, "")[:TAIL]]

    def said(self, rows: Rows, row: int) -> str:
        """What is said of a row below the table: its reason, where that is cut."""
        return self.table.cut_text(WHY)

    def verdict(self, picture: Picture) -> Line:
        """The first line."""
        return verdict_line(picture)

    def panes(self) -> list[str]:
        """The names in PANES that there is something to show on."""
        return list(self.PANES)

    @property
    def about_name(self) -> str | None:
        """The name of what a screen below a view is about, which may be hostile."""
        return None if self.about is None else str(self.about)

    def rows(self, picture: Picture) -> Rows | None:
        """The rows of the table; None when what the screen is about is no longer there."""
        source = self.source(picture)
        pick, keyed = self.pick(source), self.KEYED or self.SUBJECT.key[-1:]
        return None if pick is None else Rows(picture, self.SUBJECT, pick, source, keyed, self.NAMED or keyed)

    # What it is made of

    def compose(self) -> ComposeResult:
        yield Lines(id="verdict")
        yield Lines(id="views")
        yield Lines(id="troubles")
        yield Lines(id="last-known")
        yield Lines(id="notice")
        with Vertical(id="body"):
            yield Lines(id="head")
            yield from self.above()
            yield Lines(id="panes")
            yield VirtualTable(self.COLUMNS, self.SORT, empty=self.EMPTY, fixed=self.FIXED)
            yield from self.below()
        yield Lines(id="detail")
        yield Lines(id="complaint")
        yield Lines(id="keys")

    def on_mount(self) -> None:
        opens = self.OPENS or type(self).open is not MonitorScreen.open
        keys = (*self.KEYS, *TABLE_KEYS, *SCREEN_KEYS, *APP_KEYS)
        shown = [each for each in keys if each.show and (opens or each.action != "choose")]
        parts = [
            part
            for each in shown
            for part in (Part(f" {key_name(each.key.split(',')[0])}", "accent"), Part(f" {each.description} ", "dim"))
        ]
        self.query_one("#keys", Lines).put(Line(parts))

    def on_screen_resume(self) -> None:
        """Draw now and not when mounted: from Python 3.12 on, a screen is mounted before it is on the app's stack.

        An Input asks for the app's screen as soon as it is mounted, so it is added here too.
        """
        if not self.query(FilterInput):
            self.mount(FilterInput(), before="#keys")
            if self.NAME in self.left:
                self.table.kept, self._pattern = self.left[self.NAME]
        self.show(self.app.picture)

    # What it shows

    def show(self, picture: Picture) -> None:
        """Draw a picture: all of it."""
        self.show_top(picture)
        view = picture.view
        rows = None
        if self.has_something(picture):
            rows = self.rows(picture)
            self._notice(
                f"{name_of((self.about_name or '')[:MOST_NAME])} does not exist any more" if rows is None else ""
            )
        else:
            self._notice(
                polling(picture) if view is None else "nothing to show yet",
                "" if view is None else f"{visible(picture.cluster)} is {view.verdict.level}: {view.verdict.sentence}",
                f"polled every {duration(picture.interval_seconds)}",
            )
        self._rows = rows
        if rows is not None:
            self.table.wide = picture.wide
            self.table.silent = self.silent(rows)
            self._fill(rows)
            short = self.size.height < SHORT
            self.query_one("#head", Lines).put(*self.head(picture, rows)[: 1 if short else None])
            panes = [(name, self.PANES[name]) for name in self.panes()]
            self.query_one("#panes", Lines).put(*panes_lines(panes, self.NAME)[1 if short else 0 :])
            self.draw(picture, rows)
        self.detail()

    def has_something(self, picture: Picture) -> bool:
        """Whether there is anything to show yet."""
        return picture.age_seconds is not None

    def show_top(self, picture: Picture) -> None:
        """Draw the lines that change with time alone: the verdict, its age, the views and what narrows them."""
        self.query_one("#verdict", Lines).put(self.verdict(picture))
        troubles = (Line([Part(f" {SIGN_OF['critical']} {visible(each)}", "critical")]) for each in picture.troubles)
        self.query_one("#troubles", Lines).put(*troubles)
        old = last_known(picture) if not self.LIVE else []
        self.query_one("#last-known", Lines).put(*old)
        self.set_class(bool(old), "-old")
        narrowed = chips(picture, self._pattern, self._how, self._shown(), self.table.hidden_sort)
        room = self.app.size.width - sum(cell_len(part.text) for part in narrowed)
        views = views_line(picture, self.app.views, self.app.current_mode, self.about_name, room)
        self.query_one("#views", Lines).put(Line(views, narrowed))

    def _shown(self) -> str:
        return "" if self._rows is None else f"{self.table.row_count:,} of {len(self._rows.pick):,}"

    def _notice(self, *lines: str) -> None:
        lines = tuple(line for line in lines if line)
        notice = self.query_one("#notice", Lines)
        notice.put(*(Line([Part(f"  {line}")]) for line in ("", *lines)) if lines else ())
        notice.set_class(bool(lines), "-shown")
        self.query_one("#body").display = not lines

    @on(VirtualTable.CursorMoved)
    def detail(self) -> None:
        """Show the lines at the bottom, about the row under the cursor, and whether its order is out of sight."""
        self.show_top(self.app.picture)
        self.query_one("#detail", Lines).put(*(() if self._rows is None else self.tail(self._rows)))

    # What it does

    @on(VirtualTable.RowChosen)
    def open_row(self, message: VirtualTable.RowChosen) -> None:
        assert self._rows is not None
        try:
            row = self._rows.keys.index(message.key)
        except ValueError:  # the row has gone since
            return
        self.open(self._rows, row)

    def open(self, rows: Rows, row: int) -> None:
        """Open a row."""
        named = ((name, rows.value(name, row)) for name in self.OPENS)
        for name, about in [each for each in named if each[1] is not None][:1]:
            self.push(name, about)

    def push(self, name: str, about: Hashable = None) -> None:
        """Open the screen with this NAME, about one thing."""
        self.app.push_screen(self.app.screen_named(name, about))

    def action_pane(self, step: int) -> None:
        names = self.panes()
        if self.NAME in names:
            self.action_open_pane(names[(names.index(self.NAME) + step) % len(names)])

    def action_open_pane(self, name: str) -> None:
        if name == self.NAME:
            return
        self.left[self.NAME] = self.table.kept, self._pattern
        if name == self.app.current_mode:
            self.app.pop_screen()
        elif self.app.current_mode == self.NAME:  # the screen of a view itself cannot be put away
            self.app.push_screen(self._pane(name))
        else:
            self.app.switch_screen(self._pane(name))

    def _pane(self, name: str) -> Screen[None]:
        """The screen of another table of this view, which is as it was left."""
        pane = self.app.screen_named(name, self.about)
        assert isinstance(pane, MonitorScreen)
        pane.left = self.left
        return pane

    def on_resize(self) -> None:
        self.show(self.app.picture)

    def action_sort(self, column: str) -> None:
        self.table.sort_by(column)

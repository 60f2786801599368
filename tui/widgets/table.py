"""A table of any number of rows that draws only the lines in sight, and whose cursor stays on its row."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any, ClassVar, Generic, NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from monitor.model.table import Ints
from tui.keys import TABLE_KEYS
from tui.theme import inks
from tui.widgets.columns import Column, M, Shown, header, in_sight, line, room, sort_rows

HEADER_LINES = 1
WIDTH_STEP = 4


class Place(NamedTuple):
    """The column that a table is sorted by, whether the largest come first, and the key under its cursor."""

    sort: str
    falling: bool
    key: Hashable | None


class VirtualTable(ScrollView, Generic[M], can_focus=True, inherit_bindings=False):
    """Rows of a model in columns. The cursor and the scroll position survive new rows, another order and a filter."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = list(TABLE_KEYS)
    DEFAULT_CSS = """
    VirtualTable { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    """

    wide: var[bool] = var(False, init=False)

    class RowChosen(Message):
        """A row was opened, by enter or a double click."""

        def __init__(self, table: "VirtualTable[Any]", key: Hashable) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> "VirtualTable[Any]":
            return self.table

    class CursorMoved(Message):
        """Another row is under the cursor, or its text has changed."""

    def __init__(self, columns: Sequence[Column[M]], sort: str, *, empty: str = "", fixed: int = 2) -> None:
        """`sort` is the column it is sorted by at first, and `empty` stands in a table without rows.

        The first `fixed` columns stay where they are when the others are scrolled sideways, by whole columns.
        """
        super().__init__()
        self.columns = tuple(columns)
        self.sort = self._column(sort)
        self.falling = self.sort.falling
        self.empty = empty
        self.silent: Collection[str] = ()
        """Names of columns that say nothing of these rows, which only `wide` shows."""
        self._fixed = fixed
        self.cursor = 0
        self._model: M | None = None
        self._kept: Ints | None = None
        self._order: Ints = np.empty(0, np.int32)
        self._shown: Shown[M] = []
        self._seen: Shown[M] = []
        self._left = 0
        self._strips: dict[tuple[int, bool], Strip] = {}
        self._moved = False
        self._wanted: Hashable | None = None

    def _column(self, name: str) -> Column[M]:
        return next(each for each in self.columns if each.name == name)

    # What it shows

    @property
    def kept(self) -> Place:
        """Its order and where its cursor is, for a table of the same columns that is to be as this one was."""
        return Place(self.sort.name, self.falling, self.cursor_key)

    @kept.setter
    def kept(self, kept: Place) -> None:
        self.sort, self.falling, self._wanted = self._column(kept.sort), kept.falling, kept.key
        self._moved = True

    def show(self, model: M, kept: Ints | None = None) -> None:
        """Show the rows `kept` of a model, or all of them, in the order that is chosen."""
        key = self._wanted if self._model is None else self.cursor_key
        self._model, self._kept = model, kept
        self._arrange(key)

    @property
    def keys(self) -> list[Hashable]:
        """The keys of the rows, in the order shown."""
        return [] if self._model is None else [self._model.keys[row] for row in self._order]

    @property
    def row_count(self) -> int:
        """The number of rows shown."""
        return len(self._order)

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor, None while there are no rows."""
        row = self.cursor_row
        return None if self._model is None or row is None else self._model.keys[row]

    @property
    def cursor_row(self) -> int | None:
        """The row of the model under the cursor, None while there are no rows."""
        return None if self._model is None or not len(self._order) else int(self._order[self.cursor])

    @property
    def shown_columns(self) -> list[Column[M]]:
        """The columns in sight."""
        return [each for each, _ in self._seen]

    @property
    def hidden_sort(self) -> str:
        """The column that rows are sorted by and the direction, where it is out of sight; else empty."""
        if not self._seen or self.sort in self.shown_columns:
            return ""
        return f"{self.sort.title} {'▼' if self.falling else '▲'}"

    def cut_text(self, name: str) -> str:
        """The text of a column in the row under the cursor; empty where all of it is in sight."""
        width = next((size for each, size in self._seen if each.name == name), 0)
        row = self.cursor_row
        if self._model is None or row is None or not any(each.name == name for each in self.columns):
            return ""
        text = self._column(name).cell(self._model, row).text
        return text if cell_len(text) > width else ""

    def sort_by(self, name: str) -> None:
        """Sort by a column; by the same one again, the other way round."""
        column = self._column(name)
        if column.sort is None:
            return
        self.falling = not self.falling if column is self.sort else column.falling
        self.sort = column
        self._arrange(self.cursor_key)

    def _arrange(self, key: Hashable | None) -> None:
        model = self._model
        if model is None:
            return
        assert self.sort.sort is not None
        order = sort_rows(self.sort.sort(model), falling=self.falling)
        if self._kept is not None:
            keep = np.zeros(len(order), bool)
            keep[self._kept] = True
            order = order[keep[order]]
        line = self.cursor - self._top
        self._order = order
        self._follow(key, line)
        self._strips.clear()
        self._resize()
        self.refresh()
        self.post_message(self.CursorMoved())

    def _follow(self, key: Hashable | None, line: int) -> None:
        """Put the cursor on the row with `key`, which was `line` lines below the first one in sight."""
        assert self._model is not None
        place = -1
        if key is not None:
            try:
                place = int(np.flatnonzero(self._order == self._model.keys.index(key))[0])
            except (ValueError, IndexError):
                place = -1
        last = max(0, len(self._order) - 1)
        in_sight = self._top <= place < self._top + max(1, self.page)
        if place < 0 or not (self._moved or in_sight):
            # Its row is gone, or nobody moved the cursor and following it would take the top of the list out of sight.
            self.cursor = min(self.cursor, last)
            return
        was_in_sight = 0 <= line < max(1, self.page)
        self.cursor = place
        if was_in_sight and not in_sight:
            self.call_after_refresh(self._reveal)

    @property
    def _top(self) -> int:
        return int(self.scroll_offset.y)

    @property
    def page(self) -> int:
        """Rows in sight."""
        return max(0, self.scrollable_content_region.height - HEADER_LINES)

    # Where it stands

    def _resize(self) -> None:
        width = self.scrollable_content_region.width
        columns = [each for each in self.columns if self.wide or each.name not in self.silent]
        self._shown = room(columns, width - 2, gap=self._gap, wide=self.wide, need=self._need)
        self._seen = in_sight(self._shown, self._fixed, self._left, width - 2, gap=self._gap)
        self.virtual_size = Size(1, len(self._order) + HEADER_LINES)

    def _need(self, column: Column[M]) -> int:
        """The cells that a column takes for the rows in sight, in steps, so that few refreshes move columns."""
        model, rows = self._model, self._order[self._top : self._top + max(1, self.page)]
        cells = 0 if model is None else max((cell_len(column.cell(model, int(row)).text) for row in rows), default=0)
        return cells if cells <= column.width else -(-cells // WIDTH_STEP) * WIDTH_STEP

    @property
    def _gap(self) -> int:
        return 2 if self.size.width >= 100 else 1

    def on_resize(self) -> None:
        self._strips.clear()
        self._resize()
        self.refresh()
        self.post_message(self.CursorMoved())

    def watch_wide(self) -> None:
        self._left = 0
        self.on_resize()

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def _place(self, cursor: int) -> None:
        self._moved = True
        places, top = [self.cursor, max(0, min(cursor, len(self._order) - 1))], self._top
        self.cursor = places[1]
        self._reveal()
        for each in places if top == self._top else ():
            self.refresh_line(each + HEADER_LINES)
        self.post_message(self.CursorMoved())

    def _reveal(self) -> None:
        """Scroll no further than it takes to have the cursor in sight."""
        top = min(self._top, self.cursor)
        top = max(top, self.cursor - self.page + 1)
        if top != self._top:
            self.scroll_to(y=top, animate=False)

    # What it does

    def action_move(self, rows: int) -> None:
        self._place(self.cursor + rows)

    def action_pages(self, pages: float) -> None:
        self._place(self.cursor + int(self.page * pages))

    def action_end(self, side: int) -> None:
        self._place(0 if side < 0 else len(self._order) - 1)
        self._moved = side > 0

    def action_sideways(self, side: int) -> None:
        if side < 0 < self._left or (side > 0 and self._more):
            self._left += side
            self.on_resize()

    @property
    def _more(self) -> bool:
        """Whether there are columns to the right of those in sight."""
        return bool(self._seen) and self._seen[-1][0] is not self._shown[-1][0]

    def action_move_sort(self, side: int) -> None:
        sortable = [each for each, _ in self._shown if each.sort is not None]
        place = sortable.index(self.sort) + side if self.sort in sortable else 0
        if 0 <= place < len(sortable):
            self.sort_by(sortable[place].name)

    def action_choose(self) -> None:
        key = self.cursor_key
        if key is not None:
            self.post_message(self.RowChosen(self, key))

    async def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        if offset.y < HEADER_LINES:
            column = self._column_at(offset.x)
            if column is not None:
                self.sort_by(column.name)
            return
        place = self._top + offset.y - HEADER_LINES
        if place < len(self._order):
            self._place(place)
            if event.chain == 2:
                self.action_choose()

    def _column_at(self, x: int) -> Column[M] | None:
        end = 1
        for column, size in self._seen:
            end += size + self._gap
            if x < end:
                return column
        return None

    # How it is drawn

    def render_line(self, y: int) -> Strip:
        width, ink, gap = self.size.width, inks(self.app), " " * self._gap
        place = self._top + y - HEADER_LINES
        if y < HEADER_LINES:
            strip = header(self._seen, self.sort, falling=self.falling, gap=gap, ink=ink)
        elif place < len(self._order):
            cursor = place == self.cursor
            if (place, cursor) not in self._strips:
                assert self._model is not None
                row = int(self._order[place])
                self._strips[place, cursor] = line(self._seen, self._model, row, cursor=cursor, gap=gap, ink=ink)
            strip = self._strips[place, cursor]
        elif y == HEADER_LINES + 1 and not len(self._order):
            strip = Strip([Segment(f"  {self.empty}", ink["dim"])])
        else:
            strip = Strip([])
        rest = ink["head"] if y < HEADER_LINES else ink["cursor"] if strip and place == self.cursor else None
        strip = strip.crop_extend(0, width, rest)
        if y < HEADER_LINES and (self._left or self._more):
            mark = "›" if not self._left else "↔" if self._more else "‹"
            strip = Strip.join([strip.crop(0, width - 1), Strip([Segment(mark, ink["head"] + ink["accent"])])])
        return strip.apply_style(self.visual_style.rich_style)

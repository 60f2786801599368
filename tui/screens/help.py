"""The help of a view: its keys, and what each column means."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.format import wrap
from tui.keys import APP_KEYS, HELP_KEYS, SCREEN_KEYS, TABLE_KEYS, key_names
from tui.screens.base import MonitorScreen
from tui.widgets.lines import Line, Lines, Part

KEYS_WIDTH = 16


def help_lines(screen: MonitorScreen, views: Iterable[Binding], width: int) -> list[Line]:
    """The help of a screen, wrapped to `width` cells."""
    lines = [Line([Part(f" {screen.TITLE}", "strong"), Part("  esc closes this", "dim")]), Line()]
    lines.append(Line([Part(" Columns", "accent"), Part("  the letter sorts by it, again the other way round", "dim")]))
    for column in screen.COLUMNS:
        key = f"shift+{column.letter.lower()}" if column.letter else ""
        lines += _entry(column.title, key, column.meaning, width)
    for title, keys in (("Keys", (*screen.KEYS, *TABLE_KEYS, *SCREEN_KEYS)), ("Everywhere", (*views, *APP_KEYS))):
        lines += [Line(), Line([Part(f" {title}", "accent")])]
        for each in keys:
            lines += _entry(key_names(each), "", each.tooltip, width)
    return lines


def _entry(name: str, key: str, text: str, width: int) -> Iterable[Line]:
    start = [Part(f"  {name.ljust(KEYS_WIDTH - 1)}", "strong"), Part(f"{key.ljust(9)} ", "accent")]
    room = max(20, width - KEYS_WIDTH - 13)
    for place, line in enumerate(wrap(text, room)):
        yield Line([*(start if place == 0 else [Part(" " * (KEYS_WIDTH + 11))]), Part(line)])


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """The help of the screen below it."""

    BINDINGS: ClassVar[list[BindingType]] = list(HELP_KEYS)

    def __init__(self, screen: MonitorScreen, views: Iterable[Binding]) -> None:
        super().__init__()
        self._about = screen
        self._views = tuple(views)

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Lines()

    def on_resize(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one(Lines).put(*help_lines(self._about, self._views, width))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

"""Lines of text drawn cell by cell: headers, figures and lists, never parsed as markup."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui.format import fit
from tui.theme import Inks, inks


class Part(NamedTuple):
    """A piece of a line: plain text, its kind (a name in `inks`), and the action of a click on it."""

    text: str
    kind: str = ""
    action: str = ""


class Line(NamedTuple):
    """Parts from the left, which are cut when there is no room, and parts that keep the right end."""

    left: Sequence[Part] = ()
    right: Sequence[Part] = ()


class Lines(Widget):
    """Some Lines, one below the other; as high as they are many."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Lines { height: auto; width: 1fr; }
    """

    def __init__(self, *lines: Line, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = lines

    @property
    def text(self) -> str:
        """Its text, without styles."""
        return "\n".join("".join(part.text for part in (*line.left, *line.right)) for line in self._lines)

    def put(self, *lines: Line) -> None:
        """Show these lines; nothing is drawn when they are the ones that are shown."""
        if lines != self._lines:
            grown = len(lines) != len(self._lines)
            self._lines = lines
            self.refresh(layout=grown)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.visual_style.rich_style)
        strip = Strip(segments(self._lines[y], width, inks(self.app)), width)
        return strip.apply_style(self.visual_style.rich_style)


def segments(line: Line, width: int, ink: Inks) -> list[Segment]:
    """A line as segments of exactly `width` cells."""
    end = list(_fitted(line.right, width, ink))
    room = width - sum(size for _, size in end)
    start = list(_fitted(line.left, room - 1 if end else room, ink))
    gap = room - sum(size for _, size in start)
    return [each for each, _ in start] + [Segment(" " * gap)] + [each for each, _ in end]


def _fitted(parts: Iterable[Part], room: int, ink: Inks) -> Iterable[tuple[Segment, int]]:
    for part in parts:
        if room <= 0:
            return
        size = cell_len(part.text)
        style = ink[part.kind]
        if part.action:
            style += Style.from_meta({"@click": part.action})
        if size > room:
            yield Segment(fit(part.text, room), style), room
            return
        yield Segment(part.text, style), size
        room -= size

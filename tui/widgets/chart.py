"""A chart of one number over the last hour, in block characters."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from monitor.model.text import duration
from tui.format import bars, count
from tui.theme import inks
from tui.widgets.lines import Line, Part, segments

MOST_WIDE = 4


class Sample(NamedTuple):
    """A number at a unix time, None where it was unknown; `whole` is False where it is only the known part."""

    time: float
    value: float | None
    whole: bool = True


def columns(samples: Sequence[Sample], width: int) -> list[Sample | None]:
    """The samples in `width` equal spans of time, the largest of each; None where a span has none.

    A few samples fill only the right end, none with more than MOST_WIDE spans.
    """
    if len(samples) <= width:
        each_wide = min(MOST_WIDE, width // max(1, len(samples)))
        return [None] * (width - each_wide * len(samples)) + [each for each in samples for _ in range(each_wide)]
    first, last = samples[0].time, samples[-1].time
    spans: list[Sample | None] = [None] * width
    for sample in samples:
        place = min(width - 1, int((sample.time - first) / max(last - first, 1e-9) * width))
        before = spans[place]
        if before is None or (sample.value is not None and (before.value is None or sample.value > before.value)):
            spans[place] = sample
    return spans


class Chart(Widget):
    """A title line and below it bars from 0 to the largest value; bars of incomplete numbers are pale."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Chart { height: 4; width: 1fr; }
    """

    def __init__(self, title: str, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._title = title
        self._samples: tuple[Sample, ...] = ()
        self._human = False

    def show(self, samples: Sequence[Sample], *, human: bool) -> None:
        """Show samples, oldest first."""
        self._samples, self._human = tuple(samples), human
        self.refresh()

    @property
    def text(self) -> str:
        """The text of its title line."""
        return "".join(part.text for part in (*self._caption().left, *self._caption().right))

    def _caption(self) -> Line:
        samples = self._samples
        known = [each.value for each in samples if each.value is not None]
        title = f"{self._title}, the part that is known" if samples and not samples[-1].whole else self._title
        parts = [Part(f" {title}", "strong")]
        if len(samples) > 1:
            parts.append(Part(f"  last {duration(samples[-1].time - samples[0].time)}", "dim"))
        if samples and samples[-1].whole and not all(each.whole for each in samples):
            parts.append(Part("  pale: a part was unknown", "dim"))
        if not known:
            return Line(parts, [Part("unknown ", "dim")])
        now = samples[-1].value
        sign = "" if samples[-1].whole or now is None else "≥ "
        return Line(
            parts,
            [
                Part("now ", "dim"),
                Part(f"{sign}{count(now, human=self._human)}", "strong"),
                Part("  most ", "dim"),
                Part(f"{count(max(known), human=self._human)} ", "strong"),
            ],
        )

    def render_line(self, y: int) -> Strip:
        width, rows = self.size.width, self.size.height - 1
        ink = inks(self.app)
        if y == 0:
            return Strip(segments(self._caption(), width, ink), width).apply_style(self.visual_style.rich_style)
        spans = columns(self._samples, width - 2)
        text = bars([each.value if each else None for each in spans], rows)[y - 1]
        parts = [Segment(" ")]
        for place, each in enumerate(spans):
            kind = "bar" if each is None or each.whole else "part"
            parts.append(Segment(text[place], ink[kind]))
            if y == rows and each is not None and each.value is None:
                parts[-1] = Segment("·", ink["unknown"])
        return Strip(Segment.simplify(parts)).extend_cell_length(width).apply_style(self.visual_style.rich_style)

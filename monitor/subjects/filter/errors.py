"""The one error of the filter language: what is wrong, and where in the text."""

from monitor.model.text import visible, width

BEFORE, AFTER = 50, 30
"""Most characters that are shown on each side of the place."""


class FilterError(ValueError):
    """A filter that cannot be used: `problem` in one visible line, about `text[position:end]`.

    `shown` are two lines for people: the text, or its part around the place, and carets below the place. Both the
    message and `shown` are safe to print; 0 <= position <= end <= len(text).
    """

    def __init__(self, problem: str, text: str, position: int, end: int | None = None) -> None:
        self.problem = visible(problem)
        self.text = text
        self.position = position
        self.end = max(position, end if end is not None else position + 1)
        self.end = min(self.end, len(text))
        super().__init__("\n".join((self.problem, *self.shown)))

    @property
    def shown(self) -> tuple[str, str]:
        begin, last = max(0, self.position - BEFORE), min(len(self.text), max(self.end, self.position) + AFTER)
        last = min(last, self.position + BEFORE + AFTER)
        before = ("…" if begin else "") + visible(self.text[begin : self.position])
        place = visible(self.text[self.position : min(self.end, last)])
        after = visible(self.text[min(self.end, last) : last]) + ("…" if last < len(self.text) else "")
        return f"  {before}{place}{after}", f"  {' ' * width(before)}{'^' * max(1, width(place))}"

"""The line in which a filter is typed."""

from textual import events
from textual.widgets import Input


class FilterInput(Input):
    """An Input that is out of sight until it is opened, and closes with enter.

    It closes by itself, at once: keys typed or pasted right after the enter are no text of the filter any more.
    """

    def __init__(self) -> None:
        super().__init__(
            placeholder="a name, a regular expression, a status, or a condition such as lag > 1000",
            compact=True,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self.display = False

    def open(self, pattern: str) -> None:
        """Come into sight with this pattern, and take the keys."""
        self.display = True
        self.value = pattern
        self.cursor_position = len(pattern)
        self.screen.set_focus(self)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter" and self.display:
            event.stop()
            event.prevent_default()
            self.display = False
            await self.action_submit()
        elif not self.display:
            event.prevent_default()

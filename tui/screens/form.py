"""A form over a screen: a few lines to type, and what is wrong with them before anything is done."""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.format import wrap
from tui.keys import FORM_KEYS
from tui.widgets.lines import Line, Lines, Part


class Field(NamedTuple):
    """A line to type: its title, what it holds at first, and what stands in it while it is empty."""

    title: str
    value: str = ""
    hint: str = ""


class FormScreen(ModalScreen[list[str] | None], inherit_bindings=False):
    """Asks for the values of fields, and gives them in their order; None where it is cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = list(FORM_KEYS)
    AUTO_FOCUS = ""

    def __init__(
        self,
        title: str,
        note: str,
        fields: Sequence[Field] = (),
        *,
        verb: str = "ok",
        first: int = 0,
        check: Callable[[list[str]], str] = lambda _values: "",
    ) -> None:
        """`verb` is what enter does in the last field; `first` is the field that has the cursor at first.

        `check` says what is wrong with the values, empty for nothing.
        """
        super().__init__()
        self._verb = f"next, then {verb}" if len(fields) > 1 else verb
        self._title, self._note, self._fields, self._first, self._check = title, note, tuple(fields), first, check

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Lines(Line([Part(f" {self._title}", "strong")]), id="form-title")
            yield Lines(id="form-note")
            yield Lines(id="form-problem")
            yield Lines(Line([*_key("enter", self._verb), *_key("esc", "cancel")]), id="form-keys")

    def on_screen_resume(self) -> None:
        """Add the fields: an Input asks for the app's screen as soon as it is mounted."""
        if self.query(Input) or not self._fields:
            return
        rows = [
            Horizontal(
                Lines(Line([Part(f" {each.title} ", "dim")])),
                Input(each.value, placeholder=each.hint, compact=True, select_on_focus=False),
            )
            for each in self._fields
        ]
        self.query_one(VerticalScroll).mount_all(rows, before="#form-problem")
        self.call_after_refresh(lambda: self.set_focus([*self.query(Input)][self._first]))

    def on_resize(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width - 2
        self.query_one("#form-note", Lines).put(*(Line([Part(f" {each}", "dim")]) for each in wrap(self._note, width)))

    @on(Input.Submitted)
    def action_next(self) -> None:
        """Go to the next field, and from the last one give the values."""
        inputs = [*self.query(Input)]
        places = [place for place, each in enumerate(inputs) if each.has_focus]
        if places and places[0] + 1 < len(inputs):
            self.set_focus(inputs[places[0] + 1])
            return
        values = [each.value.strip() for each in inputs]
        if problem := self._check(values):
            self.query_one("#form-problem", Lines).put(Line([Part(f" {problem}", "degraded")]))
        else:
            self.dismiss(values)

    def action_cancel(self) -> None:
        self.dismiss(None)


def _key(name: str, what: str) -> list[Part]:
    return [Part(f" {name}", "accent"), Part(f" {what} ", "dim")]

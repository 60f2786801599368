"""Every key binding, by the place where it works: the screens, the help and docs/keys.md are made from these."""

from collections.abc import Iterable

from textual.binding import Binding

APP_KEYS = (
    Binding("question_mark", "help", "help", tooltip="keys of this view, and what each column means"),
    Binding("e", "switch('human')", "12.3k", show=False, tooltip="plain numbers or short ones such as 12.3k"),
    Binding("w", "switch('wide')", "wide", show=False, tooltip="every column; ← and → scroll sideways"),
    Binding("p", "switch('paused')", "pause", tooltip="pause and resume"),
    Binding("r", "poll", "poll now", show=False, tooltip="poll now, without waiting for the next poll"),
    Binding("ctrl+p", "command_palette", "palette", show=False, tooltip="command palette: themes", priority=True),
    Binding("ctrl+z", "suspend_process", "suspend", show=False, tooltip="suspend; fg resumes", priority=True),
    Binding("q", "quit", "quit", tooltip="quit"),
    Binding("ctrl+c,ctrl+q", "quit", "quit", show=False, tooltip="quit", priority=True),
)

# The filter has priority so that what is typed right after its key, or pasted with it, is its text.
SCREEN_KEYS = (
    Binding(
        "slash",
        "filter",
        "filter",
        tooltip="filter by a condition (lag > 1k), a status or a name; esc clears it",
        priority=True,
    ),
    Binding("z", "app.switch('problems')", "problems", tooltip="only rows with a problem"),
    Binding("tab", "pane(1)", "next table", show=False, tooltip="the next table of the view, where it has several"),
    Binding("shift+tab", "pane(-1)", "table before", show=False, tooltip="the table before it"),
    Binding("escape,minus", "back", "back", show=False, tooltip="close or clear the filter, then one view back"),
)

TABLE_KEYS = (
    Binding("enter", "choose", "open", tooltip="open the row; so does a double click"),
    Binding("j,down", "move(1)", "down", show=False, tooltip="one row down"),
    Binding("k,up", "move(-1)", "up", show=False, tooltip="one row up"),
    Binding("ctrl+d", "pages(0.5)", "half page down", show=False, tooltip="half a page down"),
    Binding("ctrl+u", "pages(-0.5)", "half page up", show=False, tooltip="half a page up"),
    Binding("pagedown", "pages(1)", "page down", show=False, tooltip="a page down"),
    Binding("pageup", "pages(-1)", "page up", show=False, tooltip="a page up"),
    Binding("g,home", "end(-1)", "top", show=False, tooltip="first row"),
    Binding("G,end", "end(1)", "bottom", show=False, tooltip="last row"),
    Binding("left", "sideways(-1)", "left", show=False, tooltip="move columns left where they do not fit"),
    Binding("right", "sideways(1)", "right", show=False, tooltip="move columns right where they do not fit"),
    Binding("less_than_sign", "move_sort(-1)", "sort left", show=False, tooltip="sort by the column to the left"),
    Binding("greater_than_sign", "move_sort(1)", "sort right", show=False, tooltip="sort by the column to the right"),
)

SILENCE_KEYS = (
    Binding("s", "silence", "silence", tooltip="silence alerts (needs --url)"),
    Binding("x", "expire", "expire", tooltip="expire the silence (needs --url)"),
)
ALERT_KEYS = (
    Binding("a", "acknowledge", "ack", tooltip="acknowledge the alert, or withdraw that (needs --url)"),
    Binding("s", "silence", "silence", tooltip="silence the alert, and others like it (needs --url)"),
    Binding("x", "expire", "expire", show=False, tooltip="expire the silences of the alert (needs --url)"),
)

FORM_KEYS = (
    Binding("enter", "next", "next", tooltip="the next field; in the last one, do what the title says"),
    Binding("tab", "app.focus_next", "next field", show=False, tooltip="the next field"),
    Binding("shift+tab", "app.focus_previous", "field before", show=False, tooltip="the field before"),
    Binding("escape", "cancel", "cancel", tooltip="close the form, and change nothing"),
)

HELP_KEYS = (
    Binding("escape,question_mark,q,minus", "dismiss", "close", tooltip="close the help"),
    Binding("j,down", "scroll(1)", "down", show=False, tooltip="one line down"),
    Binding("k,up", "scroll(-1)", "up", show=False, tooltip="one line up"),
    Binding("ctrl+d,pagedown,space", "scroll(15)", "page down", show=False, tooltip="down"),
    Binding("ctrl+u,pageup", "scroll(-15)", "page up", show=False, tooltip="up"),
)

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "minus": "-",
    "escape": "esc",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def key_name(key: str) -> str:
    """A key as a person reads it: `shift+a`, `^d`, `?`."""
    if len(key) == 1 and key.isupper():
        return f"shift+{key.lower()}"
    return _NAMES.get(key, key)


def key_names(binding: Binding) -> str:
    """The keys of a binding as a person reads them, the first one first."""
    return " ".join(key_name(key) for key in binding.key.split(","))


def view_keys(screens: Iterable[tuple[str, str, str]]) -> tuple[Binding, ...]:
    """The keys of the views, from each one's key, name and title."""
    return tuple(
        Binding(key, f"view('{name}')", title, show=False, tooltip=title.lower()) for key, name, title in screens
    )

"""docs/keys.md, made from the key bindings: `python tests/support/keys_page.py` writes it."""

from collections.abc import Iterable
from pathlib import Path

from textual.binding import Binding

from tui.app import VIEWS, KmonApp
from tui.keys import (
    ALERT_KEYS,
    APP_KEYS,
    FORM_KEYS,
    HELP_KEYS,
    SCREEN_KEYS,
    SILENCE_KEYS,
    TABLE_KEYS,
    key_name,
    key_names,
    view_keys,
)

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"
TITLE = """# Keys of `kmon tui`

`?` in the TUI shows the keys of the current view and the meaning of its columns. In a table, type the underlined letter
of a title with shift to sort by that column, and type it again to reverse the order. Unknown values (`–`) stay last.
With the mouse, click a title to sort, click a row to select it, and double-click a row to open it.
"""


def page() -> str:
    """The text of docs/keys.md."""
    parts = [TITLE]
    for title, keys in (
        ("Everywhere", (*view_keys(VIEWS), *APP_KEYS)),
        ("In every view", SCREEN_KEYS),
        ("In a table", TABLE_KEYS),
        ("On alerts", ALERT_KEYS),
        ("On silences", SILENCE_KEYS),
        ("In a form", FORM_KEYS),
        ("In the help", HELP_KEYS),
    ):
        parts.append(f"## {title}\n\n| key | what it does |\n|---|---|\n{_rows(keys)}\n")
    for screen in list(KmonApp.kinds.values())[1:]:  # the first has the columns of the second
        letters = "\n".join(
            f"| {_code(key_name(each.letter))} | {each.title} | {each.meaning} |"
            for each in screen.COLUMNS
            if each.letter
        )
        parts.append(f"## Columns of {screen.TITLE}\n\n| sort | column | meaning |\n|---|---|---|\n{letters}\n")
    return "\n".join(parts)


def _rows(keys: Iterable[Binding]) -> str:
    return "\n".join(
        f"| {' '.join(_code(name) for name in key_names(each).split(' '))} | {each.tooltip} |" for each in keys
    )


def _code(name: str) -> str:
    return f"`{name}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

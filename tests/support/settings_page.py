"""The table of keys in docs/settings.md, from the models: `python tests/support/settings_page.py` writes it."""

import re
from pathlib import Path

from monitor.settings.schema import EACH, in_context, variable_of, walk

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROWS = re.compile(r"(?<=\|---\|---\|---\|---\|---\|\n)(\| `.*\n)+")
"""The rows of the table, the only one of five columns."""


def rows() -> str:
    """The rows of the table, a line each."""
    return "".join(
        f"| `{'.'.join(path).replace('.[]', '[]')}` | {_variable(path)} | {key.notation.takes} | {key.default} | "
        f"{key.meaning} |\n"
        for path, key in walk()
        if key.kind != "section"
    )


def _variable(path: tuple[str, ...]) -> str:
    variable = variable_of(path)
    # Keys inside a list are set with the variable of the outermost list.
    outer = variable_of(in_context(path)[: in_context(path).index(EACH)]) if variable is None else variable
    return f"`{variable}`" if variable else f"in `{outer}`"


if __name__ == "__main__":
    PAGE.write_text(ROWS.sub(lambda _: rows(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""The colours: kmon's own dark theme, and each kind of text as a style of whatever theme is on."""

from typing import Any

from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.theme import Theme

KMON_DARK = Theme(
    name="kmon-dark",
    primary="#6aa6e0",
    secondary="#8fa1b8",
    accent="#b39ddb",
    foreground="#d3d9e3",
    background="#10141a",
    surface="#161b23",
    panel="#1d242e",
    success="#79c08a",
    warning="#e3b05f",
    error="#ee6a6f",
    dark=True,
    variables={
        "attention": "#5cc4d1",
        "input-cursor-background": "#d3d9e3",
        "input-selection-background": "#6aa6e0 35%",
    },
)

OWN_COLOURS = "ansi-dark"
"""The theme in the terminal's own colours, which Textual has."""


def theme_for(colours: str | None, *, no_color: bool) -> str:
    """The theme to start with, for a terminal with these colours as rich names them, and the variable NO_COLOR.

    Blended colours need more than 16: there, ok and behind became the same one.
    """
    return OWN_COLOURS if no_color or colours == "standard" else KMON_DARK.name


_COLOURS = {
    "ok": "success",
    "degraded": "warning",
    "critical": "error",
    "unknown": "accent",
    "attention": "primary",
    "accent": "primary",
}
"""The theme's colour of each level but note, which is pale."""

Inks = dict[str, Style]
_cache: dict[str, Inks] = {}


def inks(app: App[Any]) -> Inks:
    """The style of each kind of text in the app's theme.

    "" is plain text, then there are dim, strong, chosen, the LEVELS of monitor, accent, and "badge-…", a filled label
    of a status or of accent; bar and part draw charts, head and cursor are the lines of a table.
    """
    name = app.theme
    if name not in _cache:
        theme = app.current_theme
        _cache[name] = _mix(app.theme_variables, native=theme.ansi, dark=theme.dark)
    return _cache[name]


def _mix(variables: dict[str, str], *, native: bool, dark: bool) -> Inks:
    colour = {name: Color.parse(variables[name]) for name in ("background", "foreground", "panel", *_COLOURS.values())}
    # A theme's plain colours are too pale for text on a light ground.
    tone = "" if dark else "text-"
    kinds = {name: Style(color=Color.parse(variables[f"{tone}{of}"]).rich_color) for name, of in _COLOURS.items()}
    if "attention" in variables:
        kinds["attention"] = Style(color=Color.parse(variables["attention"]).rich_color)
    if colour["accent"] == colour["warning"]:
        kinds["unknown"] = Style(color=Color.parse(variables["text-secondary"]).rich_color)
    if native:
        # Its accent is as green as ok, and blue is hard to read on black.
        kinds |= {"unknown": Style(color="magenta"), "attention": Style(color="cyan")}
        # Without colours too, what is worst must not be palest.
        kinds |= {level: kinds[level] + Style(bold=True) for level in ("degraded", "critical")}
    badges = {f"badge-{name}": style + Style(reverse=True, bold=True) for name, style in kinds.items()}
    base: Inks
    if native:
        # The terminal's own 16 colours cannot be blended.
        base = {
            "": Style(),
            "dim": Style(dim=True),
            "head": Style(bold=True, underline=True),
            "cursor": Style(reverse=True),
            "bar": kinds["accent"],
            "part": kinds["accent"] + Style(dim=True),
        }
    else:
        back, front = colour["background"], colour["foreground"]
        base = {
            "": Style(color=front.rich_color),
            "dim": Style(color=front.blend(back, 0.42).rich_color),
            "head": Style(color=front.blend(back, 0.25).rich_color, bgcolor=colour["panel"].rich_color),
            "cursor": Style(bgcolor=back.blend(colour["primary"], 0.24).rich_color),
            "bar": Style(color=colour["primary"].blend(back, 0.3).rich_color),
            "part": Style(color=colour["primary"].blend(back, 0.6).rich_color),
        }
    base["note"] = base["dim"]
    strong = base[""] + Style(bold=True)
    return {**base, "strong": strong, "chosen": strong + Style(underline=True), **kinds, **badges}

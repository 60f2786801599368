"""The pieces that pages are put together from. Every text is a text node: names are never markup."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from monitor.derive.lag import GLYPHS, STATUSES
from monitor.text import UNKNOWN, visible


def card(title: str, *children: Any, aside: Any = None) -> html.Section:
    """A titled part of a page; `aside` stands at the right of its title."""
    return html.Section([html.Div([html.H2(title), aside], className="card-head"), *children], className="card")


def status_mark(word: str) -> html.Span:
    """A status as glyph and word."""
    glyph = html.Span(GLYPHS[STATUSES.index(word)], className="glyph", **{"aria-hidden": "true"})
    return html.Span([glyph, word], className=f"status status-{word}")


def tile(name: str, value: str, note: str = "", level: str = "") -> html.Div:
    """One number with its name; `note` explains it, `level` is warn or bad where it deserves a look."""
    return html.Div(
        [
            html.Dt(name),
            html.Dd(visible(value), className="tile-value"),
            html.Dd(visible(note), className="tile-note muted", title=visible(note) or None),
        ],
        className=f"tile {level}".strip(),
    )


def name_link(name: str, href: str) -> dcc.Link:
    """A link that shows a name; a long one is cut by the style sheet and whole in its tooltip."""
    return dcc.Link(visible(name) or "(empty name)", href=href, title=visible(name), className="name")


def text(value: str | None) -> html.Span:
    """A text from outside, in one line; a dash where there is none."""
    shown = visible(value) if value else UNKNOWN
    return html.Span(shown, className="name", title=shown)


def listing(heads: Sequence[str], rows: Sequence[Sequence[Any]], numbers: Sequence[str] = ()) -> html.Div:
    """A small table; the columns named in `numbers` are set as numbers."""
    kinds = ["number" if head in numbers else "" for head in heads]
    return html.Div(
        html.Table(
            [
                html.Thead(html.Tr([html.Th(h, className=k, scope="col") for h, k in zip(heads, kinds, strict=True)])),
                html.Tbody(
                    [html.Tr([html.Td(c, className=k) for c, k in zip(row, kinds, strict=True)]) for row in rows]
                ),
            ]
        ),
        className="listing",
    )


def nothing(title: str, why: str = "") -> html.Div:
    """What stands where there is nothing to show, and why there is not."""
    return html.Div(
        [html.P(title, className="nothing-title"), html.P(visible(why), className="muted")], className="nothing"
    )

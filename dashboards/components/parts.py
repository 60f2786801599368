"""The pieces that pages are put together from. Every text is a text node: names are never markup."""

from typing import Any

import numpy as np
from dash import dcc, html

from dashboards.text import counted
from monitor.model.judgements import Judged
from monitor.model.levels import OF_STATUS, SIGN_OF, SIGNS, WORDS
from monitor.model.text import UNKNOWN, duration, percent, visible
from monitor.model.view import View
from monitor.subjects.shown import Shown


def card(title: str, *children: Any, aside: Any = None) -> html.Section:
    """A titled part of a page; `aside` stands at the right of its title."""
    return html.Section([html.Div([html.H2(title), aside], className="card-head"), *children], className="card")


def mark(word: str, level: str, sign: str = "") -> html.Span:
    """A word with the colour of its level, and the level's glyph or one of its own."""
    glyph = html.Span(sign or SIGN_OF[level], className="glyph", **{"aria-hidden": "true"})
    return html.Span([glyph, word], className=f"status level-{level}")


def status_mark(judged: Judged, row: int) -> html.Span:
    """The status of a row of a subject."""
    return mark(str(judged.words[row]), str(judged.levels[row]), SIGNS[judged.places[row]])


def word_mark(word: str) -> html.Span:
    """A status of groups, of whichever group."""
    return mark(word, OF_STATUS[word], SIGNS[WORDS.index(word)])


def tile(name: Any, value: Any, note: str = "", level: str = "", *, wide: bool = False) -> html.Div:
    """A number, or a mark, with its name; `note` explains it, `level` is one of LEVELS where it has one."""
    shown, title = (visible(value), visible(value)) if isinstance(value, str) else (value, None)
    return html.Div(
        [
            html.Dt([_sign(level), name] if level not in ("", "ok") else name),
            html.Dd(shown, className="tile-value", title=title),
            html.Dd(visible(note), className="tile-note muted", title=visible(note) or None),
        ],
        className=" ".join(["tile", *(["wide"] if wide else []), *([f"level-{level}"] if level else [])]),
    )


def _sign(level: str) -> html.Span:
    """A level as its glyph alone, and as a word for screen readers: colour is not the only sign of it."""
    return html.Span(SIGN_OF[level], className=f"glyph level-{level}", title=level, role="img", **{"aria-label": level})


def tile_of(name: str, values: Shown, note: str = "", *, place: int = 0) -> html.Div:
    """A value of a subject's column with its level; the note is the reason where it is unknown."""
    return tile(name, values.text(place), values.why(place) or note, values.level(place))


def count_tile(name: str, number: int, why_not_all: str, note: str = "", above_zero: str = "") -> html.Div:
    """How many there are, or at least, with the reason; `above_zero` is the level where there ought to be none."""
    return tile(name, counted(number, why_not_all), why_not_all or note, above_zero if number else "")


def name_link(name: str, href: str) -> dcc.Link:
    """A link that shows a name; a long one is cut by the style sheet and whole in its tooltip."""
    return dcc.Link(visible(name) or "(empty name)", href=href, title=visible(name), className="name")


def text(value: str | None) -> html.Span:
    """A text from outside, in one line; a dash where there is none."""
    shown = visible(value) if value else UNKNOWN
    return html.Span(shown, className="name", title=shown)


def known(value: str, why: str) -> Any:
    """A value, or where it is a dash the reason that it is unknown, as tooltip and for screen readers."""
    if value != UNKNOWN or not why:
        return value
    return html.Span([UNKNOWN, html.Span(visible(why), className="sr-only")], title=visible(why), className="unknown")


def reason(why: str) -> html.Span:
    """A sentence that says why, in at most two lines; whole in its tooltip."""
    return html.Span(visible(why), className="why", title=visible(why))


def meter(share: float | None, why: str = "", level: str = "ok") -> Any:
    """How much of something is done or used, as a bar and in percent, and the level of that."""
    if share is None or np.isnan(share):
        return known(UNKNOWN, why)
    width = f"{min(1.0, max(0.0, share)) * 100:.1f}%"
    bar = html.Span(html.Span(style={"width": width}), className="meter-bar", **{"aria-hidden": "true"})
    return html.Span([bar, percent(share)], className="meter" if level == "ok" else f"meter level-{level}")


def asked(view: View, collector: str) -> Any:
    """How old a table is that is asked less often than each poll; the script keeps it true as time goes by."""
    outcome = view.outcome(collector)
    if outcome is None or outcome.collected_at is None:
        return None
    return since(view.time - outcome.collected_at, "ago", "asked ")


def since(before: float, word: str, lead: str = "", title: str = "") -> html.Span:
    """An age that goes on: `before` seconds more than the data of the page has, followed by `word`.

    It is less than none of what began after that data, which is while a cluster is unreachable.
    """
    count = html.Span(f"{duration(before)} {word}".strip(), **{"data-before": f"{before:.1f}", "data-word": word})
    return html.Span([lead, count], className="muted small", title=title or None)


def absent(title: str, why: str) -> html.Div:
    """What a page of one thing shows in place of it where there is none: all else of the page is hidden."""
    return html.Div(nothing(title, why), className="absent")


def nothing(title: str, why: str = "") -> html.Div:
    """What stands where there is nothing to show, and why there is not."""
    return html.Div(
        [html.P(title, className="nothing-title"), html.P(visible(why), className="muted")], className="nothing"
    )

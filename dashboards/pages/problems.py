"""The page of problems: all by rank with their causes, likely causes of unhealthy groups, alerts and silences."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from dash import Dash, html

from dashboards.components.parts import card, nothing
from dashboards.fill import Now, Part, fill
from dashboards.health_tables import diagnoses, problems
from dashboards.links import PROBLEMS
from dashboards.silencing import cards
from monitor.analysis.derive.emptiness import no_problems
from monitor.model.view import View
from monitor.poll.source import Source

PATH = PROBLEMS
TITLE = "Problems"


def layout() -> html.Div:
    return html.Div(
        [
            html.Section(
                [html.Div(html.H1("Problems"), className="card-head"), html.Div(id="problems-list")],
                className="card live",
            ),
            card("Likely causes of group problems", html.Div(id="problems-diagnoses")),
            *cards(),
        ],
        className="page",
    )


def ranked(view: View, kept: str) -> Any:
    """The problems of the newest View, for that the cluster is unreachable is one; the worst first."""
    if not len(view.problems):
        return nothing(no_problems(view).title, view.verdict.sentence)
    return problems(view, np.arange(len(view.problems)), kept)


def make(now: Now) -> tuple[Sequence[Part], None]:
    """What makes each part of the page; it has no grid."""
    return [partial(ranked, now.newest, now.kept), partial(diagnoses, now.view, now.kept)], None


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, [f"problems-{part}" for part in ("list", "diagnoses")], make)

from dataclasses import replace

import pytest
from views import NOW, Group, Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from tui.heading import freshness, verdict_line
from tui.picture import Picture

PICTURE = Picture("demo\x1b", "127.0.0.1:9092", 10.0, NOW)
CALM = make_view(snapshot_of([Topic("orders", [(0, 5)])], [Group("a", {("orders", 0): 5})]))


def said(**changes: object) -> tuple[str, str]:
    """The kind of the cluster's badge, and the text of the line's left side."""
    line = verdict_line(replace(PICTURE, **changes))  # type: ignore[arg-type]  # fields of Picture
    return line.left[0].kind, "".join(part.text for part in line.left)


def test_before_the_first_view_it_says_whom_it_asks() -> None:
    assert said() == ("badge-unknown", r" demo\x1b  ? polling demo\x1b (127.0.0.1:9092) …")


def test_the_views_verdict_is_told_with_its_level() -> None:
    assert said(view=CALM) == ("badge-ok", r" demo\x1b  ● ok  the group keeps up")
    kind, text = said(view=shop_view())
    assert (kind, text) == ("badge-critical", rf" demo\x1b  ✘ critical  {shop_view().verdict.sentence}")


def test_bad_news_is_never_green() -> None:
    behind = make_view(snapshot_of([Topic("orders", [(0, 5)])], [Group("a", {("orders", 0): 4})]))
    assert said(view=behind) == ("badge-attention", r" demo\x1b  ◆ attention  a behind")


def test_each_clause_has_the_colour_of_its_level() -> None:
    line = verdict_line(replace(PICTURE, view=shop_view()))
    kinds = {part.text.split()[-1]: part.kind for part in line.left if part.text.strip(" ·")}
    assert kinds["offline"] == kinds["records"] == kinds["critical"] == "critical"
    assert kinds["under-replicated"] == "degraded"
    assert kinds["behind"] == kinds["unknown"] == "attention"


@pytest.mark.parametrize(
    ("later", "text", "kind"),
    [(3, "data 3 s old ", "dim"), (21, "data 21 s old ", "degraded"), (51, "data 51 s old ", "critical")],
)
def test_the_age_turns_amber_then_red(later: float, text: str, kind: str) -> None:
    part = freshness(replace(PICTURE, view=CALM, now=NOW + later))
    assert (part.text, part.kind) == (text, kind)


def test_the_age_is_that_of_what_is_shown() -> None:
    lost = shop_view(6, error="gone", last_good=shop_view(0))
    assert freshness(replace(PICTURE, view=lost, now=NOW + 63)).text == "data 1 min old "
    assert freshness(replace(PICTURE, view=shop_view(error="gone"))).text == "no data yet "

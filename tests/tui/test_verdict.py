from dataclasses import replace

import pytest
from views import NOW, Group, Topic, shop_view, snapshot_of

from monitor.view import make_view
from tui.picture import Picture
from tui.verdict import freshness, verdict

PICTURE = Picture("demo", "127.0.0.1:9092", 10.0, NOW)
CALM = make_view(
    snapshot_of([Topic("orders", [(0, 5)])], [Group("a", {("orders", 0): 5}), Group("b", {("orders", 0): 5})])
)


def said(**changes: object) -> tuple[str, str]:
    result = verdict(replace(PICTURE, **changes))  # type: ignore[arg-type]  # fields of Picture
    return result.kind, result.sentence


def test_before_the_first_view_it_says_whom_it_asks() -> None:
    assert said() == ("unknown", "asking demo (127.0.0.1:9092) …")


def test_nothing_the_matter() -> None:
    assert said(view=CALM) == ("ok", "all 2 groups keep up")


def test_the_worst_comes_first() -> None:
    kind, sentence = said(view=shop_view())
    assert kind == "lost"
    assert sentence == (
        "1 partition offline · payments-ledger lost records · 2 under-replicated · clicks-sessionizer and 2 more behind"
        " · audit-archiver and 1 more unknown"
    )


def test_unreachable_says_why_and_nothing_else() -> None:
    view = shop_view(error="b:9092: connection refused\x1b[0m", last_good=shop_view())
    assert said(view=view) == ("lost", r"cannot be reached: b:9092: connection refused\x1b[0m")


def test_incomplete_names_a_collector_and_its_reason() -> None:
    view = make_view(
        replace(CALM.snapshot, outcomes=shop_view(failed={"commits": "broker 2: timed out"}).snapshot.outcomes)
    )
    assert said(view=view) == ("behind", "incomplete: commits: broker 2: timed out")


@pytest.mark.parametrize(
    ("later", "text", "kind"),
    [(3, "data 3 s old ", "dim"), (21, "data 21 s old ", "behind"), (51, "data 51 s old ", "lost")],
)
def test_the_age_turns_amber_then_red(later: float, text: str, kind: str) -> None:
    part = freshness(replace(PICTURE, view=CALM, now=NOW + later))
    assert (part.text, part.kind) == (text, kind)


def test_the_age_is_that_of_what_is_shown() -> None:
    lost = shop_view(6, error="gone", last_good=shop_view(0))
    assert freshness(replace(PICTURE, view=lost, now=NOW + 63)).text == "data 1 min old "
    assert freshness(replace(PICTURE, view=shop_view(error="gone"))).text == "no data yet "

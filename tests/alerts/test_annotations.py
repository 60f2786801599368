"""An alert in words: all that a page needs, on one line, whatever the names are."""

from dataclasses import replace

import pytest
from alert_fixtures import UNREACHABLE, changed, rule_of, view_of
from views import Group, Topic, shop_view, snapshot_of

from alerts.annotations import annotate, summarise
from alerts.parts import PARTS
from alerts.rules import samples
from alerts.samples import Details, Sample, Samples
from alerts.state import Alert, State, step, watched
from monitor.analysis.view import make_view
from monitor.model.text import visible
from monitor.model.view import View
from monitor.settings.alerts import RuleSettings

NOON = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
HOSTILE = 'pay"<b>[red]\n\x1b[2J\u202eevil\udcff\x00'


def follow(rule: RuleSettings, *views: View) -> Alert:
    """The one alert after evaluating the views, 10 s apart."""
    state: State = {}
    for index, view in enumerate(views):
        state, _ = step(state, rule, samples(rule, view, watched(state)), NOON + 10 * index, 10.0 * index)
    (alert,) = state.values()
    return alert


def test_the_summary_of_a_group() -> None:
    rule = rule_of("Lag", 1_000, group="clicks.*")
    assert summarise(rule, follow(rule, shop_view())) == (
        "group clicks-sessionizer on cluster demo: lag ≥ 70,000 records, above 1,000 since 2026-09-21 14:13:20 UTC; "
        "worst clicks-0 with 70,000, assigned to sess-a at /10.0.4.2; state Stable, 1 member; "
        "1 of 2 partitions unknown (broker 2: timed out after 3.3 s)"
    )


def test_the_summary_of_a_group_that_nobody_reads() -> None:
    rule = rule_of("Lag", 1_000, group="payments.*")
    assert summarise(rule, follow(rule, shop_view())) == (
        "group payments-ledger on cluster demo: lag 13,500 records, above 1,000 since 2026-09-21 14:13:20 UTC; "
        "worst payments-0 with 11,500, unassigned; state Empty, 0 members"
    )


def test_the_summary_of_a_partition() -> None:
    rule = rule_of("Lag", 50, over="partition")
    assert summarise(rule, follow(rule, view_of("70"))) == (
        "group pay on cluster demo, partition orders-0: lag 70 records, above 50 since 2026-09-21 14:13:20 UTC; "
        "assigned to app-1 at /10.0.0.7; state Stable, 1 member"
    )


def test_an_undescribed_group_claims_nothing_of_its_members() -> None:
    rule = rule_of("Lag", 50)
    group = Group("pay", {("orders", 0): 0}, reason="denied: Describe on the group")
    summary = summarise(rule, follow(rule, make_view(snapshot_of([Topic("orders", [(0, 99)])], [group]))))
    assert "member unknown; state unknown, members unknown" in summary
    assert summary.endswith("partly unknown (denied: Describe on the group)")


def test_the_words_for_unknown_kept_and_resolved() -> None:
    rule = rule_of("Lag", 50, keep_firing_for_seconds=30)
    unknown = follow(rule, view_of("70"), view_of("!"))
    assert f"; unknown since 2026-09-21 14:13:30 UTC ({UNREACHABLE});" in summarise(rule, unknown)
    assert dict(annotate(rule, unknown))["unknown"] == f"since 2026-09-21 14:13:30 UTC: {UNREACHABLE}"
    kept = follow(rule, view_of("70"), view_of("0"))
    assert "; at or below 50 since 2026-09-21 14:13:30 UTC, kept firing;" in summarise(rule, kept)
    gone = follow(rule, view_of("70"), view_of("-"))
    assert summarise(rule, gone) == (
        "group pay on cluster demo: no longer listed; "
        "its lag was above 50 records since 2026-09-21 14:13:20 UTC; last value 70"
    )
    below = follow(changed(rule, keep_firing_for_seconds=0), view_of("70"), view_of("0"))
    assert "at or below 50 records of lag again" in summarise(rule, below)


def test_hostile_names_are_visible_and_cut_in_sentences_and_whole_in_labels() -> None:
    rule = rule_of("Lag", 50)
    name = HOSTILE + "x" * 10_000
    host = "/10.0.0.7\r\n" + "y" * 5_000
    groups = [Group(name, {("orders", 0): 0}, [("id\x07" * 999, host, [("orders", 0)])])]
    alert = follow(rule, make_view(snapshot_of([Topic("orders", [(0, 99)])], groups)))
    texts = dict(annotate(rule, alert))
    assert all(text.isprintable() for text in texts.values())
    assert len(texts["summary"]) < 1_024
    assert r'pay"<b>[red]\n\x1b[2J\u202eevil\udcff\x00x' in texts["summary"]
    assert dict(alert.labels)["group"] == name


def test_a_summary_fits_a_page_however_long_its_parts() -> None:
    """PagerDuty takes 1,024 characters."""
    long = "w" * 9_999
    details = Details(1_000_000, 999_999, long, long, 999_999, 1e15, long, long, long, 1e6)
    labels = (("cluster", long), ("group", long), ("topic", long), ("partition", "999999"))
    for number in (2, 4):
        alert = Alert((), Sample(labels[:number], 1e15, at_least=True, details=details), active_at=NOON, fired_at=NOON)
        alert = replace(alert, unknown_at=NOON, unknown_reason=long, calm_at=NOON)
        assert len(summarise(rule_of("Lag", 1e15), alert)) < 1_024


@pytest.mark.parametrize("text", ["plain", "Grüße, 世界", "a b"])
def test_what_is_printable_is_left_alone(text: str) -> None:
    assert visible(text) == text


def test_a_rules_own_annotations_win() -> None:
    rule = rule_of("Lag", 50, annotations={"runbook_url": "https://runbooks.example/lag", "description": "Ask"})
    texts = dict(annotate(rule, follow(rule, view_of("70"))))
    assert texts["runbook_url"] == "https://runbooks.example/lag"
    assert texts["description"] == "Ask"
    assert texts["summary"].startswith("group pay")


def test_every_annotation_is_declared() -> None:
    rule = rule_of("Lag", 50)
    seen = set()
    for views in (["70"], ["70", "!"], ["70", "-"]):
        seen |= {name for name, _ in annotate(rule, follow(rule, *map(view_of, views)))}
    assert seen <= set(PARTS)


def test_a_reason_without_a_source_is_told() -> None:
    rule = rule_of("Lag", 50)
    state, _ = step({}, rule, samples(rule, view_of("70")), NOON, 0.0)
    state, _ = step(state, rule, Samples(reason="the rule broke"), NOON + 10, 10.0)
    (alert,) = state.values()
    assert "unknown since 2026-09-21 14:13:30 UTC (the rule broke)" in summarise(rule, alert)

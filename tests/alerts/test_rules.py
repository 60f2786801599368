"""What one View says about a rule: true, false, gone or unknown, each told from the other."""

from dataclasses import replace

import pytest
from alert_fixtures import END, REASON, UNREACHABLE, rule_of, view_of
from pydantic import ValidationError
from views import Group, Topic, shop_view, snapshot_of

from alerts.rules import samples
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.alerts import RuleSettings

RULE = rule_of("Lag", lag_above=50)
PAY = (("cluster", "demo"), ("group", "pay"))
ORDERS_0 = (*PAY, ("topic", "orders"), ("partition", "0"))


def verdict(rule: RuleSettings, view: View, labels: tuple[tuple[str, str], ...]) -> str:
    """What the View says of the labels, in one word, and the value or the reason."""
    found = samples(rule, view, [labels])
    true = {sample.labels: sample for sample in found.true}
    mentions = [labels in true, labels in found.false, labels in found.gone, labels in found.unknown]
    assert sum(mentions) <= 1
    if labels in true:
        return f"true {'≥ ' if true[labels].at_least else ''}{true[labels].value:g}"
    if labels in found.false:
        return "false"
    if labels in found.gone:
        return "gone"
    return f"unknown: {found.unknown.get(labels, found.reason)}"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("51", "true 51"),
        ("50", "false"),
        ("0", "false"),
        ("51+?", "true ≥ 51"),
        ("50+?", f"unknown: {REASON}"),
        ("?", f"unknown: {REASON}"),
        ("denied", "unknown: denied: Describe on the group"),
        ("!", f"unknown: {UNREACHABLE}"),
        ("-?", f"unknown: {REASON}"),
        ("-", "gone"),
        ("0p", "gone"),
    ],
)
def test_a_group_is_above_below_gone_or_unknown(word: str, expected: str) -> None:
    """Only what is known to be so counts; a lower bound above the threshold suffices."""
    assert verdict(RULE, view_of(word), PAY) == expected


def test_no_commit_is_unknown() -> None:
    view = make_view(snapshot_of([Topic("orders", [(0, 9)])], [Group("pay", {("orders", 0): None})]))
    assert verdict(RULE, view, PAY) == "unknown: no commit"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("51", "true 51"),
        ("50+?", "false"),
        ("?", f"unknown: {REASON}"),
        ("denied", "unknown: denied: Describe on the group"),
        ("!", f"unknown: {UNREACHABLE}"),
        ("-?", f"unknown: {REASON}"),
        ("-", "gone"),
    ],
)
def test_a_partition_is_judged_by_itself(word: str, expected: str) -> None:
    assert verdict(rule_of("Lag", lag_above=50, over="partition"), view_of(word), ORDERS_0) == expected


def test_a_partition_that_the_group_commits_no_more_is_gone() -> None:
    topics = [Topic("orders", [(0, END)])]
    view = make_view(snapshot_of(topics, [Group("pay", {})]))
    assert verdict(rule_of("Lag", lag_above=50, over="partition"), view, ORDERS_0) == "gone"


def test_while_groups_are_not_collected_an_absent_one_is_unknown() -> None:
    snapshot = snapshot_of([Topic("orders", [(0, END)])], [])
    view = make_view(replace(snapshot, outcomes=()))
    assert verdict(RULE, view, PAY) == "unknown: groups were not listed"


def test_patterns_match_whole_names() -> None:
    view = shop_view()
    named = {dict(sample.labels)["group"] for sample in samples(rule_of("Lag", 0), view).true}
    assert {"payments-ledger", "clicks-sessionizer", "orders-fulfilment"} <= named
    assert samples(rule_of("Lag", 0, group="payments"), view).true == ()
    (only,) = samples(rule_of("Lag", 0, group="payments-.*"), view).true
    assert dict(only.labels) == {"cluster": "demo", "group": "payments-ledger"}


def test_a_topic_pattern_totals_only_matching_topics() -> None:
    """One topic far behind and one unknown do not touch what the rule says of the third."""
    topics = [Topic("a", [(0, 100)]), Topic("b", [(0, 1_000)]), Topic("c", [(0, None)])]
    view = make_view(snapshot_of(topics, [Group("g", {("a", 0): 40, ("b", 0): 0, ("c", 0): 5})]))
    labels = (("cluster", "demo"), ("group", "g"))

    def rule(pattern: str) -> RuleSettings:
        return rule_of("Lag", 59, topic=pattern)

    (sample,) = samples(rule("a"), view).true
    assert (sample.value, sample.at_least) == (60, False)
    assert sample.details is not None
    assert (sample.details.worst_topic, sample.details.partitions) == ("a", 1)
    assert verdict(rule("a|b"), view, labels) == "true 1060"
    assert verdict(rule("a|b|c"), view, labels) == "true ≥ 1060"
    assert verdict(rule("c"), view, labels).startswith("unknown: broker 2")
    assert verdict(rule("d"), view, labels) == "gone"


def test_details_name_the_worst_partition_and_who_reads_it() -> None:
    (sample,) = samples(rule_of("Lag", 1_000, group="clicks.*"), shop_view()).true
    details = sample.details
    assert details is not None
    assert (details.worst_topic, details.worst_partition, details.worst_lag) == ("clicks", 0, 70_000)
    assert (details.client_id, details.host, details.state, details.members) == ("sess-a", "/10.0.4.2", "Stable", 1)
    assert (details.partitions, details.unknown_partitions) == (2, 1)
    assert details.unknown_reason == REASON


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"lag_above": -1},
        {"lag_above": float("nan")},
        {"for": -1},
        {"keep_firing_for": float("inf")},
        {"over": "topic"},
        {"labels": {"alertname": "x"}},
        {"labels": {"severity": "x"}},
        {"labels": {"no-name": "x"}},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        RuleSettings.model_validate({"name": "Lag", "lag_above": 1.0, **changes})
    assert [error["loc"] for error in caught.value.errors()] == [(*changes,)]

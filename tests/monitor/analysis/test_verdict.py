"""The sentence that every face says: the worst first, its level decided once, and why a group or partition is so."""

from dataclasses import replace

import numpy as np
import pytest
from hostile import any_text
from hypothesis import given
from reasons import whys
from series import Series
from snapshots import snapshots
from views import NOW, Group, Topic, shop_view, snapshot_of

from monitor.analysis.derive.health import in_order
from monitor.analysis.derive.verdict import count_groups, group_why, partition_why, worst_groups
from monitor.analysis.view import make_view, with_alerts
from monitor.model.cluster_tables import Capabilities
from monitor.model.levels import (
    ABOVE_ZERO,
    LEVELS,
    OF_PROBLEMS,
    OF_STATUS,
    OF_VERDICTS,
    PLACE_OF,
    SEVERITIES,
    SIGN_OF,
    SIGNS,
    WORDS,
)
from monitor.model.problems import Problem
from monitor.model.snapshot import Snapshot
from monitor.model.status import GLYPHS, OK, SEVERITY, STATUSES
from monitor.model.table import objects
from monitor.model.view import AlertRow, View


def calm(groups: int = 1, **changes: object) -> View:
    readers = [Group(f"g{each}", {("t", 0): 10}) for each in range(groups)]
    return make_view(snapshot_of([Topic("t", [(0, 10)])], readers, **changes))  # type: ignore[arg-type]


def alert(severity: str, state: str = "firing") -> AlertRow:
    return AlertRow("Rule", state, severity, (), "it is so", 1.0, NOW - 60, NOW)


def said(view: View) -> tuple[str, str]:
    return view.verdict.level, view.verdict.sentence


@pytest.mark.parametrize(
    ("groups", "sentence"), [(0, "no groups"), (1, "the group keeps up"), (7, "all 7 groups keep up")]
)
def test_nothing_the_matter(groups: int, sentence: str) -> None:
    assert said(calm(groups)) == ("ok", sentence)


def test_what_may_be_hidden_is_noted_and_not_counted_as_well() -> None:
    hidden = Capabilities(
        capability=objects(["describe_cluster", "describe_all_groups"]),
        available=np.zeros(2),
        why_not=whys("", ""),
    )
    for groups, keeps_up in (
        (0, "no visible groups"),
        (1, "1 visible group keeps up"),
        (7, "7 visible groups keep up"),
    ):
        snapshot = replace(calm(groups).snapshot, capabilities=hidden, notices=("groups may be hidden\x1b[1m",))
        assert said(make_view(snapshot)) == ("ok", f"{keeps_up} · groups may be hidden\\x1b[1m")


def test_the_worst_comes_first() -> None:
    assert said(shop_view()) == (
        "critical",
        (
            "1 partition offline · payments-ledger lost records · 2 partitions under-replicated"
            " · clicks-sessionizer and 2 more behind · audit-archiver and 1 more unknown"
        ),
    )
    assert [each.level for each in shop_view().verdict.clauses] == [
        "critical",
        "critical",
        "degraded",
        "attention",
        "attention",
    ]


def test_being_behind_needs_attention_and_is_no_fault() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 10)])], [Group("g", {("t", 0): 4}), Group("h", {("t", 0): 10})]))
    assert said(view) == ("attention", "g behind")


def test_an_unknown_group_needs_attention_and_is_no_fault_of_the_cluster() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 10)])], [Group("g", {("t", 0): None})]))
    assert said(view) == ("attention", "g unknown")


def test_a_cold_start_tells_what_one_poll_knows_and_that_it_is_the_first() -> None:
    topics = [Topic("t", [(0, 100)] * 4)]
    groups = [
        Group("gone", {("t", 0): 40}, state="Empty"),
        Group("slow", {("t", 1): 40}, [("c", "/h", [("t", 1)])]),
        Group("well", {("t", 2): 100}),
    ]
    ages = {("t", 0): 3600.0, ("t", 1): 3600.0}
    series = Series()
    assert said(series.poll(topics, groups, ages=ages)) == ("degraded", "gone stopped · slow behind · first poll")
    assert said(series.poll(topics, groups[1:], ages=ages)) == ("attention", "slow behind · monitored for 10 s")
    assert said(series.poll(topics, groups[2:], ages=ages)) == ("ok", "the group keeps up · monitored for 20 s")
    assert said(series.poll(topics, groups[2:], after=300)) == ("ok", "the group keeps up")


def test_a_note_leaves_a_cluster_ok_and_has_a_sign_of_its_own() -> None:
    away = Topic("t", [(0, 10)] * 4, leaders=[2, 2, 3, 1], replicas=[[1, 2, 3]] * 4)
    view = make_view(snapshot_of([away], []))
    assert said(view) == ("ok", "broker 1 is preferred leader of 4 partitions and does not lead 3 of them")
    assert view.problems.level.tolist() == ["note"]


def test_levels_have_words_and_signs_of_their_own() -> None:
    assert list(OF_VERDICTS) == ["ok", "attention", "degraded", "critical", "unreachable"]
    assert OF_PROBLEMS == ("critical", "degraded", "attention", "note")
    assert {*OF_VERDICTS.values(), *OF_PROBLEMS, *OF_STATUS.values(), *ABOVE_ZERO.values()} == set(LEVELS)
    assert list(OF_STATUS) == list(STATUSES)
    assert len(SIGNS) == len(set(SIGNS)) == len(WORDS) == len(set(WORDS)) == len(set(SEVERITIES))
    assert len(set(SIGN_OF.values())) == len(LEVELS)
    worst = [SEVERITIES[PLACE_OF[each]] for each in LEVELS]
    assert worst == sorted(worst)


def test_alerts_count_by_severity_and_pending_ones_do_not() -> None:
    snapshot = calm().snapshot
    several = make_view(snapshot, alerts=(alert("warning"), alert("critical"), alert("info")))
    assert said(several) == ("critical", "it is so (3 alerts firing: Rule)")
    assert said(make_view(snapshot, alerts=(alert("warning"),))) == ("degraded", "it is so (alert Rule firing)")
    assert said(make_view(snapshot, alerts=(alert("none"),))) == said(make_view(snapshot))
    assert said(make_view(snapshot, alerts=(alert("critical", "pending"),)))[0] == "ok"


def test_what_is_silenced_or_acknowledged_is_a_problem_that_says_so() -> None:
    silenced = replace(alert("warning"), silenced_by=("1",))
    known = replace(alert("critical"), acknowledged_by="a\x1bna")
    snapshot = calm().snapshot
    assert said(make_view(snapshot, alerts=(silenced,))) == ("degraded", "it is so (alert Rule firing (silenced))")
    assert said(make_view(snapshot, alerts=(silenced, known))) == (
        "critical",
        "it is so (2 alerts firing: Rule (silenced), Rule (acknowledged by a\\x1bna))",
    )


def test_alerts_on_a_topic_or_a_broker_are_part_of_its_problem() -> None:
    view = shop_view()
    table = view.problems
    row = next(row for row in range(len(table)) if table.topic[row] and not table.group[row])
    topic = str(table.topic[row])
    on_topic = replace(alert("page"), labels=(("cluster", "demo"), ("topic", topic), ("partition", "1")))
    on_broker = replace(alert("ticket"), labels=(("broker", "7"), ("cluster", "demo")))
    after = with_alerts(view, (on_topic, on_topic, on_broker)).problems
    assert len(after) == len(table) + 1
    merged = next(row for row in range(len(after)) if after.topic[row] == topic and after.alerts[row])
    assert (after.level[merged], after.alerts[merged]) == ("critical", ("Rule",))
    (own,) = np.flatnonzero(after.kind == "alert").tolist()
    assert (after.subject[own], after.broker[own], after.level[own]) == ("broker 7", 7, "attention")


def test_an_alert_that_only_informs_is_a_note_and_one_on_probation_no_problem() -> None:
    view = shop_view()
    told = replace(alert("info"), labels=(("group", "calm"),), firing_since=NOW - 30)
    after = with_alerts(view, (told, replace(alert("page"), observed=True))).problems
    (own,) = np.flatnonzero(after.kind == "alert").tolist()
    assert (after.subject[own], after.level[own]) == ("calm", "note")


def test_alerts_are_problems_of_the_one_list_each_with_what_it_is_about() -> None:
    view = shop_view()
    table = view.problems
    row = next(row for row in range(len(table)) if table.group[row] and table.count[row] == 1)
    group = str(table.group[row])
    about = (("cluster", view.cluster), ("group", group))
    mine = [replace(alert(severity), labels=about) for severity in ("warning", "critical")]
    fine = replace(alert("ticket"), labels=(("group", "calm"),), firing_since=NOW - 30)
    after = with_alerts(view, (*mine, fine)).problems
    assert len(after) == len(table) + 1
    merged = int(np.flatnonzero(after.group == group)[0])
    assert (after.kind[merged], after.level[merged]) == (table.kind[row], "critical")
    assert after.sentence[merged] == f"{table.sentence[row]}; 2 alerts firing: Rule"
    assert (after.alerts[merged], after.since[merged]) == (("Rule",), table.since[row])
    own = int(np.flatnonzero(after.kind == "alert")[0])
    assert (after.subject[own], after.level[own], after.since[own]) == ("calm", "attention", NOW - 30)
    levels = [OF_PROBLEMS.index(each) for each in after.level]
    assert levels == sorted(levels)
    for number, cause in enumerate(after.cause.tolist()):
        was = int(np.flatnonzero(table.sentence == after.sentence[number])[0]) if number not in (merged, own) else -1
        if was >= 0 and table.cause[was] >= 0:
            assert after.kind[cause] == table.kind[table.cause[was]]


def test_every_clause_about_problems_leads_to_the_first_of_them() -> None:
    view = make_view(shop_view().snapshot, alerts=(alert("critical"),))
    ranks = [each.rank for each in view.verdict.clauses if each.rank]
    assert len(ranks) > 1
    assert ranks == sorted(ranks)
    for clause in view.verdict.clauses:
        if clause.rank:
            level = view.problems.level[clause.rank - 1]
            assert clause.level == ("ok" if level == "note" else level)
    assert "it is so" in view.verdict.sentence


def test_a_problem_with_an_alert_is_in_the_verdict_also_where_another_causes_it() -> None:
    view = make_view(calm().snapshot)
    cause = Problem("degraded", "broker_silent", "broker 1", "broker 1 did not respond")
    effect = Problem("degraded", "group_stuck", "g", "g is stuck", group="g")
    caused = replace(view, problems=in_order([cause, effect], [-1, 0], [NOW, NOW]))
    fires = replace(alert("critical"), labels=(("group", "g"),))
    assert said(with_alerts(caused, (fires,))) == ("critical", "g stuck (alert Rule) · broker 1 did not respond")


def test_collectors_without_a_full_answer_are_named_with_the_first_reason() -> None:
    view = calm(failed={"commits": "broker 2:\ntimed out", "end_offsets": "denied"})
    assert said(view) == ("degraded", r"commits, end_offsets incomplete: broker 2:\ntimed out")
    many = calm(failed=dict.fromkeys(("cluster", "quorum", "groups", "commits", "end_offsets"), "denied"))
    assert said(many) == ("degraded", "cluster, groups, commits and 2 more incomplete: denied")


def test_unreachable_says_why_and_whether_old_data_is_shown() -> None:
    assert said(calm(error="b:9092: refused\x1b[0m")) == ("unreachable", r"b:9092: refused\x1b[0m")
    down = make_view(calm(error="refused").snapshot, last_good=shop_view(), alerts=(alert("critical"),))
    assert said(down) == ("unreachable", "refused · showing data of the last successful poll")


@given(snapshots())
def test_the_level_is_that_of_the_worst_clause_and_groups_count_once(snapshot: Snapshot) -> None:
    view = make_view(snapshot)
    order = [list(LEVELS).index(each.level) for each in view.verdict.clauses]
    assert order == sorted(order, reverse=True)
    assert view.verdict.level == view.verdict.clauses[0].level
    counts = count_groups(view)
    assert sum(counts.values()) == len(snapshot.groups)
    rows = worst_groups(view).tolist()
    assert len(set(rows)) == len(rows) == len(snapshot.groups) - counts["ok"]
    bad = [SEVERITY[view.group_lags.status[row]] for row in rows]
    assert bad == sorted(bad, reverse=True)
    assert {row for row in range(len(snapshot.groups)) if group_why(view, row)} <= set(rows)


@given(any_text, any_text)
def test_no_name_or_error_leaves_the_line(group: str, topic: str) -> None:
    groups = [Group(group, {(topic, 0): 1, (topic, 1): None}), Group(group + "2", {(topic, 0): 100})]
    view = make_view(snapshot_of([Topic(topic, [(5, 10), (0, 9)])], groups, failed={"commits": topic}))
    assert view.verdict.sentence.isprintable()
    assert len(view.verdict.sentence) < 500 or len(topic) > 100
    for row in range(2):
        assert group_why(view, row).isprintable()
    assert all(partition_why(view, row).isprintable() for row in range(len(view.lag)))


def test_every_group_counts_once() -> None:
    counts = count_groups(shop_view())
    assert list(counts) == list(STATUSES)
    assert {word: number for word, number in counts.items() if number} == {
        "ok": 1,
        "behind": 3,
        "lost": 1,
        "unknown": 2,
    }


def test_the_worst_groups_come_by_status_and_then_by_known_lag() -> None:
    view = shop_view()
    assert view.snapshot.groups.group[worst_groups(view)].tolist() == [
        "payments-ledger",
        "clicks-sessionizer",
        "inventory-sync",
        "orders-fulfilment",
        "audit-archiver",
        "secret-group",
    ]


@pytest.mark.parametrize(
    ("group", "why"),
    [
        ("word-count", ""),
        ("orders-fulfilment", "behind on orders-1 (client fulfil-1 at 10.0.3.17): 2 records"),
        ("inventory-sync", "behind on orders-0: 100 records"),
        ("payments-ledger", "400 records lost; no members; lost on payments-0: 11,500 records"),
        (
            "clicks-sessionizer",
            (
                "behind on clicks-0 (client sess-a at 10.0.4.2): 70,000 records;"
                " 1 of 2 partitions unknown (broker 2: timed out after 3.3 s)"
            ),
        ),
        ("audit-archiver", "no commit"),
        ("secret-group", "denied: Describe on the group"),
    ],
)
def test_why_a_group_stands_so(group: str, why: str) -> None:
    view = shop_view()
    assert group_why(view, view.group_rows[group]) == why


def test_numbers_in_a_reason_are_written_as_the_face_writes_them() -> None:
    view = shop_view()
    ledger = view.group_rows["payments-ledger"]
    assert group_why(view, ledger, lambda _: "n") == "n records lost; no members; lost on payments-0: n records"
    lost = int(view.group_lags.worst[ledger])
    assert partition_why(view, lost, lambda _: "n") == "n records lost; unassigned"


def test_why_a_partition_stands_so() -> None:
    view = shop_view()
    whys = {partition_why(view, row) for row in range(len(view.lag))}
    assert whys == {
        "",
        "unassigned",
        "400 records lost; unassigned",
        "broker 2: timed out after 3.3 s",
        "no commit",
    }


def test_every_status_has_a_word_a_glyph_and_a_severity() -> None:
    assert len(set(STATUSES)) == len(set(GLYPHS)) == len(set(SEVERITY)) == 11
    assert SEVERITY[OK] == min(SEVERITY)
    emoji = "✖✔⚠❓❗⭕❌"
    assert not set(GLYPHS) & set(emoji)

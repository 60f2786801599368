"""What a broker that is down causes wakes nobody beside the alert on that broker, and nothing is lost thereby."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from alert_fixtures import FakeClock, view_of
from catalogue_scenes import healthy_snapshot, healthy_view, log_dirs, quorum
from face_views import unreachable
from reasons import reasons
from views import Group, Topic

from alerts.catalogue import catalogue
from alerts.evaluator import Evaluator
from alerts.subject_rules import SubjectRule
from monitor.analysis.view import make_view, with_alerts
from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.filter.filter import Filter

RULES = {rule.name: rule for rule in catalogue()}
DOWN, OFFLINE, UNKNOWN = "KafkaBrokerDown", "KafkaOfflinePartitions", "KafkaGroupLagUnknown"


class Sent(list[Any]):
    name = "r"

    def offer(self, notices: Sequence[Any], valid_seconds: float) -> None:
        self.extend((dict(each.labels)["alertname"], each.resolved) for each in notices)


def broken_view(*, brokers: int = 2) -> View:
    """Broker 3 is gone, and with it the only replica of payments-0, which group ledger reads."""
    topics = [
        Topic("orders", [(0, 5_000)], replicas=[[1, 2]], isr=[[1, 2]], leaders=[1]),
        Topic("payments", [(0, 12_000)], replicas=[[3]], isr=[[]], leaders=[-1]),
    ]
    group = Group("ledger", {("payments", 0): 12_000}, [("led-1", "/10.0.5.9", [("payments", 0)])])
    return make_view(healthy_snapshot(topics, [group], brokers=brokers))


def at_once(*names: str, **changes: Any) -> list[SubjectRule]:
    return [replace(RULES[name], for_seconds=0.0, keep_firing_for_seconds=0.0, **changes) for name in names]


def told(rules: list[SubjectRule], *views: View, step: float = 10.0) -> tuple[Sent, Evaluator]:
    """What was sent of the alerts of these rules on these Views."""
    sent, clock = Sent(), FakeClock()
    evaluator = Evaluator(rules, [sent], clock=clock)  # type: ignore[list-item]
    for view in views:
        evaluator.observe(view)
        clock.move(step)
    return sent, evaluator


def test_the_cause_is_sent_and_the_effect_is_shown() -> None:
    sent, evaluator = told(at_once(OFFLINE, DOWN), broken_view())
    assert sent == [(DOWN, False)]
    rows = evaluator.observe(broken_view())
    assert {row.rule: (row.state, row.inhibited_by) for row in rows} == {
        DOWN: ("firing", ""),
        OFFLINE: ("firing", DOWN),
    }


def test_an_effect_that_nobody_was_told_of_ends_without_a_word() -> None:
    sent, _ = told(at_once(OFFLINE, DOWN), broken_view(), healthy_view())
    assert sent == [(DOWN, False), (DOWN, True)]


def test_an_effect_that_outlives_its_cause_is_sent() -> None:
    back = broken_view(brokers=3)  # without its records: the partition stays offline
    sent, _ = told(at_once(OFFLINE, DOWN), broken_view(), back, healthy_view())
    assert sent == [(DOWN, False), (OFFLINE, False), (DOWN, True), (OFFLINE, True)]


def test_an_effect_stays_unsent_while_the_cluster_is_unreachable() -> None:
    away, back = unreachable(), broken_view(brokers=3)
    sent, evaluator = told(at_once(OFFLINE, DOWN), broken_view(), away, away)
    assert sent == [(DOWN, False)]
    assert {row.rule: row.inhibited_by for row in evaluator.observe(away)} == {DOWN: "", OFFLINE: DOWN}
    sent, _ = told(at_once(OFFLINE, DOWN), broken_view(), away, back)
    assert sent == [(DOWN, False), (OFFLINE, False), (DOWN, True)]


def test_an_effect_waits_for_a_cause_that_is_about_to_fire() -> None:
    rules = [*at_once(OFFLINE), replace(RULES[DOWN], for_seconds=20.0)]
    sent, _ = told(rules, *[broken_view()] * 2)
    assert sent == []
    sent, _ = told(rules, *[broken_view()] * 3)
    assert sent == [(DOWN, False)]


def test_a_cause_that_nobody_is_told_of_inhibits_nothing() -> None:
    assert told(at_once(OFFLINE), broken_view())[0] == [(OFFLINE, False)]
    for changes in ({"observe": True}, {"severity": "ticket"}):
        sent, _ = told([*at_once(OFFLINE), *at_once(DOWN, **changes)], broken_view())
        assert (OFFLINE, False) in sent


def test_what_was_sent_before_its_cause_was_known_is_sent_to_its_end() -> None:
    unexplained = broken_view(brokers=3)
    sent, _ = told(at_once(OFFLINE, DOWN), unexplained, broken_view(), healthy_view())
    assert sent == [(OFFLINE, False), (DOWN, False), (OFFLINE, True), (DOWN, True)]


def test_a_group_is_explained_by_what_its_partitions_lack() -> None:
    topics = [Topic("payments", [(0, None)], replicas=[[3]], isr=[[]], leaders=[-1])]
    group = Group("ledger", {("payments", 0): 12_000}, [("led-1", "/10.0.5.9", [("payments", 0)])])
    view = make_view(healthy_snapshot(topics, [group], brokers=2))
    sent, evaluator = told(at_once(UNKNOWN, OFFLINE, DOWN), view)
    assert sent == [(DOWN, False)]
    assert {row.rule: row.inhibited_by for row in evaluator.observe(view)} == {
        DOWN: "",
        OFFLINE: DOWN,
        UNKNOWN: OFFLINE,
    }


HIGH, LOW, NONE = view_of("70"), view_of("20"), view_of("0")


def each_other(keep: float = 100.0, **of: Any) -> list[SubjectRule]:
    """A rule that is true of HIGH and one that is true of LOW, which inhibit each other."""
    group, wheres = SUBJECTS["group"], {"High": "lag > 50", "Low": "lag > 0 and lag <= 50"}
    return [
        SubjectRule(
            name,
            group,
            Filter.of(where, group.schema),
            where,
            keep_firing_for_seconds=keep,
            inhibited_by=tuple(each for each in wheres if each != name),
            **of,
        )
        for name, where in wheres.items()
    ]


def test_trouble_that_changes_its_name_is_sent_once() -> None:
    sent, evaluator = told(each_other(), HIGH, LOW, HIGH, LOW)
    assert sent == [("High", False)]
    assert {row.rule: row.inhibited_by for row in evaluator.observe(LOW)} == {"High": "", "Low": "High"}


def test_trouble_that_has_changed_its_name_for_long_is_resolved_once_all_is_well() -> None:
    turns, rules = [HIGH, *[LOW] * 6, HIGH, *[LOW] * 6], each_other(keep=2.0)
    sent, evaluator = told(rules, *turns, step=1.0)
    assert {row.rule: row.state for row in evaluator.observe(LOW)} == {"High": "firing", "Low": "firing"}
    assert sent == [("High", False)]
    assert told(rules, *turns, *[NONE] * 3, step=1.0)[0] == [("High", False)]
    assert told(rules, *turns, *[NONE] * 6, step=1.0)[0] == [("High", False), ("High", True)]


def test_the_message_says_which_rule_has_taken_over() -> None:
    _, evaluator = told(each_other(keep=20.0), HIGH, LOW, LOW)
    high, _ = evaluator.observe(LOW)
    assert re.search(r"; no longer so since .* UTC, kept firing while Low applies$", high.summary)


@pytest.mark.parametrize("changes", [{"inhibited_by": ()}, {"severity": "page"}], ids=["one way", "more serious"])
def test_what_outlives_the_alert_that_inhibits_it_is_sent(changes: dict[str, Any]) -> None:
    high, low = each_other(keep=20.0)
    sent, _ = told([replace(high, **changes), low], HIGH, *[LOW] * 4, *[NONE] * 4)
    assert sent == [("High", False), ("High", True), ("Low", False), ("Low", True)]


def test_an_alert_whose_row_is_gone_is_resolved_whatever_follows_it() -> None:
    sent, _ = told(each_other(keep=20.0), HIGH, *[LOW] * 4, make_view(healthy_snapshot()))
    assert sent == [("High", False), ("High", True)]


def test_an_alert_that_was_not_sent_inhibits_none_that_names_it() -> None:
    for changes in ({"for_seconds": 100.0}, {"observe": True}):
        (high, _), (_, low) = each_other(**changes), each_other()
        assert told([high, low], HIGH, LOW)[0] == [("Low", False)]


def test_an_alert_inhibits_those_of_its_own_row_only() -> None:
    group = SUBJECTS["group"]
    other = replace(each_other()[1], where=Filter.of('group == "other"', group.schema), inhibited_by=("High",))
    sent, _ = told([each_other()[0], other], HIGH)
    assert sent == [("High", False), ("Low", False)]


def test_an_inhibited_alert_is_no_problem_of_its_own() -> None:
    view = broken_view()
    rows = told(at_once(OFFLINE, DOWN), view)[1].observe(view)
    shown = with_alerts(view, rows)
    (offline,) = [row for row, kind in enumerate(shown.problems.kind) if kind == "offline"]
    assert shown.problems.alerts[offline] == ()
    assert shown.problems.cause[offline] >= 0


def inhibitors(rules: list[SubjectRule], view: View) -> dict[str, str]:
    """What explains the alert of each rule on a View, all of which fire."""
    rows = told(rules, view)[1].observe(view)
    assert {row.rule for row in rows} == {rule.name for rule in rules}
    return {row.rule: row.inhibited_by for row in rows}


def test_a_node_that_is_down_is_behind_because_of_that() -> None:
    view = make_view(replace(broken_view().snapshot, quorum=quorum([0.0, 0.2, 600.0])))
    assert inhibitors(at_once("KafkaQuorumBehind", DOWN), view) == {"KafkaQuorumBehind": DOWN, DOWN: ""}
    elsewhere = make_view(replace(broken_view().snapshot, quorum=quorum([0.0, 600.0, 0.2])))
    assert inhibitors(at_once("KafkaQuorumBehind", DOWN), elsewhere) == {"KafkaQuorumBehind": "", DOWN: ""}


def test_kmon_sees_less_because_a_broker_is_silent() -> None:
    why = "broker 3: timed out after 3.3 s"
    snapshot = replace(healthy_snapshot(failed={"configs": why}), silent=reasons(why))
    rules = at_once("KmonIncomplete", "KafkaBrokerSilent")
    assert inhibitors(rules, make_view(snapshot)) == {"KmonIncomplete": "KafkaBrokerSilent", "KafkaBrokerSilent": ""}
    other = replace(healthy_snapshot(failed={"configs": "broker 2: timed out"}), silent=reasons(why))
    assert inhibitors(rules, make_view(other)) == {"KmonIncomplete": "", "KafkaBrokerSilent": ""}


def test_kmon_sees_less_because_a_log_dir_is_offline() -> None:
    why = "broker 3: KAFKA_STORAGE_ERROR"
    snapshot = healthy_snapshot(failed={"log_dirs": why})
    codes = (*snapshot.reasons, *reasons(why))
    view = make_view(replace(snapshot, reasons=codes, log_dirs=log_dirs(reason=len(codes) - 1)))
    rules = at_once("KmonIncomplete", "KafkaLogDirOffline")
    assert inhibitors(rules, view) == {"KmonIncomplete": "KafkaLogDirOffline", "KafkaLogDirOffline": ""}


def test_an_alert_on_one_partition_is_explained_as_one_on_its_topic() -> None:
    subject = SUBJECTS["partition"]
    where = "offline == true"
    mine = SubjectRule("Mine", subject, Filter.of(where, subject.schema), where)
    assert inhibitors([mine, *at_once(DOWN)], broken_view()) == {"Mine": DOWN, DOWN: ""}


def test_what_is_not_explained_whole_is_not_explained() -> None:
    """Of topic payments one partition is offline with broker 3, and one for another reason."""
    topics = [Topic("payments", [(0, 9), (0, 9)], replicas=[[3], [1]], isr=[[], []], leaders=[-1, -1])]
    view = make_view(healthy_snapshot(topics, brokers=2))
    assert inhibitors(at_once(OFFLINE, DOWN), view) == {OFFLINE: "", DOWN: ""}

"""Messages: what they say of real Views, that they fit every receiver, and the ten of docs/messages.md."""

from dataclasses import replace
from typing import Any

import pytest
from alert_fixtures import FakeClock, Recorder, notice_of, rule_of, view_of
from catalogue_scenes import SCENES, healthy_snapshot
from left_views import left_view
from messages_page import BLOCK, PAGE, SHOWN, messages, notice_of_scene
from receiver_fixtures import HOSTILE, group_of
from series import Poll, Series, watch
from views import NOW, Group, Topic, snapshot_of

from alerts.annotations import HEADLINE, annotate
from alerts.catalogue import catalogue
from alerts.delivery import Receiver
from alerts.evaluator import Evaluator
from alerts.facts import facts_of
from alerts.facts.scene import Scene
from alerts.message import TITLE, text, title
from alerts.notice import Notice
from alerts.notifiers.apprise import MOST_CHARACTERS as APPRISE
from alerts.parts import PARTS
from alerts.rules import AnyRule
from monitor.analysis.view import make_view
from monitor.model.snapshot import Snapshot
from monitor.model.view import View

LONGEST = 200


def sent(rule: AnyRule, *views: View) -> list[Notice]:
    """What an Alertmanager is sent of a rule on these Views."""
    clock, recorder = FakeClock(), Recorder()
    receiver = Receiver("r", recorder, start=False)
    evaluator = Evaluator([rule], [receiver], clock=clock, resend_seconds=10)
    for view in views:
        evaluator.observe(view)
        clock.move(10)
        while receiver.turn() == 0.0:
            pass
    return [each for attempt in recorder.attempts for each in attempt]


def facts(view: View, group: str = "billing", began: float = NOW, **labels: str) -> dict[str, str]:
    return dict(facts_of(Scene(view, view.time), {"cluster": "demo", "group": group, **labels}, began))


def test_a_group_that_has_left_a_topic_is_not_late_on_it() -> None:
    found = facts(left_view(), "dead")
    assert found["others"] == "none of 3 other groups on b is known to be late"
    assert found["kafka"].startswith("the group itself is the probable cause; ")
    assert (
        dict(facts_of(Scene(view := left_view(), view.time), {"cluster": "demo", "topic": "b"}, NOW))["affected"]
        == "read by 4 groups, 1 late: dead (stopped)"
    )


def test_the_ten_messages_of_the_documentation_are_those_that_kmon_sends() -> None:
    found = BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == f"\n{messages()}", "write them: python tests/support/messages_page.py"
    assert len(set(SHOWN)) == 10


@pytest.mark.parametrize("name", [each.name for each in catalogue() if each.enabled])
def test_every_message_of_the_catalogue_has_what_one_needs_at_night(name: str) -> None:
    notice = notice_of_scene(name)
    annotations = dict(notice.annotations)
    first = title(group_of(notice))
    assert len(first) < LONGEST
    assert not annotations["headline"].startswith("group ")
    assert annotations.keys() >= {"began", "runbook_url", "description"}
    assert notice.url.startswith("https://kmon.example.com/")
    if "group" in dict(notice.labels):
        assert annotations.keys() >= {"behind", "data_loss", "readers", "kafka", "owner"}
    assert annotations.keys() <= {*PARTS, "runbook_url"}


def test_a_hostile_name_and_long_texts_fit_every_receiver() -> None:
    name = HOSTILE + "x" * 5_000
    topics = [Topic(f"{HOSTILE}{each}{'y' * 5_000}", [(0, 99)] * 9) for each in range(9)]
    commits: dict[tuple[str, int], float | str | None] = {
        (each.name, number): 0.0 for each in topics for number in range(9)
    }
    groups = [Group(name, commits, [("c" * 999, "/h" * 999, [*commits])])]
    notices = sent(rule_of("L" * 190, 1), make_view(snapshot_of(topics, groups)))
    assert len(title(group_of(*notices))) <= TITLE < LONGEST
    assert len(dict(notices[0].annotations)["headline"]) <= HEADLINE
    assert all(len(line) < 3_000 and line.isprintable() for line in text(group_of(*notices)).splitlines())
    assert len(text(group_of(*notices), APPRISE)) <= APPRISE


def test_many_alerts_are_told_by_their_first_lines_and_the_rest_is_counted() -> None:
    notices = [
        notice_of(f"{each:03}", annotations=(("behind", "5"), ("headline", f"group {each:03} is late")))
        for each in range(50)
    ]
    written = text(group_of(*notices))
    assert written.count("Behind: 5") == 3
    assert written.count("is late") == 20
    assert written.endswith("\nand 30 more alerts")


# -------------------------------------------------------------------- a group


def polls(count: int, **changes: Any) -> list[Poll]:
    """A group that reads nothing after two minutes, while 100 records come each poll."""
    well = [Poll(100.0 * each, 100.0 * each) for each in range(12)]
    return [*well, *(Poll(100.0 * (12 + each), 1_100.0, **changes) for each in range(count))]


def behind(count: int = 30, **settings: Any) -> View:
    return watch(polls(count), group="billing", topic="orders", **settings)[-1]


def test_a_group_is_told_with_direction_reader_and_data_loss() -> None:
    found = facts(behind(retention_seconds=1_200.0))
    assert found["behind"].startswith("3,000 records behind, time lag 4.")
    assert found["trend"] == "growing by 10/s: out rate 0.0/s, in rate 10/s"
    assert found["data_loss"].startswith("in 1")
    assert found["readers"] == "1 member, state Stable; client reader-0 at 10.0.3.0 (orders-0)"
    assert "is stuck for" in found["cause"]


def test_a_group_that_drains_says_until_when() -> None:
    well = [Poll(10_000.0 + 10 * each, 300.0 * each) for each in range(30)]
    assert facts(watch(well, group="billing")[-1])["trend"].startswith(
        "draining: out rate 30/s, in rate 1.0/s, drains in"
    )


def test_whether_it_is_the_group_or_others_too_is_told() -> None:
    alone = facts(behind())
    assert alone["others"] == "no other group reads orders"
    assert alone["kafka"].startswith("the group itself is the probable cause; no problem: 3 brokers up")
    well = facts(behind(beside=("audit", "fraud")))
    assert well["others"] == "none of 2 other groups on orders is known to be late"


def test_other_groups_that_are_late_too_are_named() -> None:
    series = Series()
    for each in range(60):
        commit = min(each, 12) * 100.0
        groups = [Group(name, {("orders", 0): commit}, [("c", "/h", [("orders", 0)])]) for name in ("audit", "billing")]
        view = series.poll([Topic("orders", [(0, 100.0 * each)])], groups)
    found = facts(view)
    assert found["others"] == "1 of 1 other group on orders also late: audit (stuck)"
    assert found["kafka"].startswith("other groups on its topics are late too; no problem")


def test_a_broker_that_is_down_is_told_as_the_cause() -> None:
    series = Series()
    for each in range(60):
        down = each >= 12
        topic = Topic(
            "orders", [(0, 100.0 * each)], leaders=[-1 if down else 3], replicas=[[3]], isr=[[] if down else [3]]
        )
        group = Group("billing", {("orders", 0): min(each, 12) * 100.0}, [("c", "/h", [("orders", 0)])])
        view = series.poll([topic], [group], brokers=2 if down else 3)
    found = facts(view, began=NOW + 130)
    assert found["kafka"].startswith("Kafka causes it; broker 3 is down")
    assert found["cause"].startswith("broker 3 is down")
    assert "14:15:20 broker 3" in found["before"]


def test_what_is_unknown_is_told_with_its_reason_and_never_as_none() -> None:
    found = facts(view_of("denied"), "pay")
    assert found["behind"].startswith("lag unknown (denied: Describe on the group)")
    assert found["trend"].startswith("unknown (")
    assert found["data_loss"].startswith("unknown (")
    partly = facts(view_of("70+?"), "pay")
    assert partly["behind"].startswith("≥ 70 records behind")
    assert "1 of 2 partitions unknown (broker 2: timed out after 3.3 s)" in partly["behind"]


def test_one_partition_is_told_by_itself() -> None:
    found = facts(view_of("70"), "pay", topic="orders", partition="0")
    assert found["behind"].startswith("70 records behind, time lag")
    assert facts(view_of("70"), "pay", topic="orders", partition="1")["behind"].startswith("0 records behind")


def test_a_failed_poll_is_told_with_the_age_of_the_numbers() -> None:
    before = view_of("70")
    snapshot = replace(view_of("!").snapshot, time=NOW + 300)
    found = facts(make_view(snapshot, last_good=before), "pay")
    assert found["data"] == "from the last successful poll at 2026-09-21 14:13:20 UTC, 5 min ago"
    assert found["behind"].startswith("70 records behind")
    failed = make_view(healthy_snapshot(failed={"configs": "broker 2: timed out after 3.3 s"}))
    assert facts(failed, "fulfilment")["data"] == "incomplete: configs (broker 2: timed out after 3.3 s)"


def test_events_of_the_quarter_hour_before_are_told_and_older_ones_are_not() -> None:
    view = behind()
    events = view.events
    assert facts(view, began=NOW + 110)["before"].startswith("no events seen in the 1.8 min before")
    stopped = watch(polls(40, members=0), group="billing", topic="orders")[-1]
    said = facts(stopped, began=NOW + 150)["before"]
    assert said == "14:15:20 reader-0 (/10.0.3.0) left billing; 14:15:20 billing has no members left, had 1"
    assert "before" in facts(stopped, began=NOW + 150, group="other")
    assert "left billing" not in facts(stopped, "other", began=NOW + 150)["before"]
    assert facts(stopped, began=NOW + 120 + 901)["before"].startswith("no events seen in the 15 min before")
    assert len(events) >= 1


# -------------------------------------------------------------------- sending


def test_a_repeated_message_has_the_numbers_of_its_own_poll_and_the_same_beginning() -> None:
    first, again = sent(rule_of("Lag", 50), view_of("70"), view_of("80"))
    assert dict(first.annotations)["behind"].startswith("70 records")
    assert dict(again.annotations)["behind"].startswith("80 records")
    began = [dict(each.annotations)["began"].partition(" (")[0] for each in (first, again)]
    assert began[0] == began[1]


def test_a_resolved_alert_says_for_how_long_it_fired_and_no_cause() -> None:
    *_, over = sent(rule_of("Lag", 50), view_of("70"), view_of("0"))
    annotations = dict(over.annotations)
    assert over.resolved
    assert annotations["headline"].endswith("; fired for 10 s")
    assert annotations["began"].endswith("until 2026-09-21 14:13:30 UTC (10 s)")
    assert annotations.keys().isdisjoint({"trend", "kafka", "before", "cause"})


def test_an_alert_is_sent_also_when_its_facts_cannot_be_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = annotate

    def broken(rule: AnyRule, alert: Any, scene: Scene | None = None) -> Any:
        if scene is not None:
            raise ValueError("no such row")
        return real(rule, alert)

    monkeypatch.setattr("alerts.evaluator.annotate", broken)
    (notice,) = sent(rule_of("Lag", 50), view_of("70"))
    assert dict(notice.annotations)["summary"].startswith("group pay on cluster demo: lag 70 records")
    assert "cannot find the facts of alerts: no such row" in caplog.text


def test_a_rules_own_annotation_replaces_a_part_and_others_are_lines_of_their_own() -> None:
    (notice,) = sent(rule_of("Lag", 50, annotations={"owner": "Grace", "dashboard": "wall 3"}), view_of("70"))
    written = text(group_of(notice))
    assert "\n  Owner: Grace\n" in written
    assert written.endswith("\n  dashboard: wall 3")


def test_snapshots_of_every_scene_give_facts_for_each_kind_of_thing() -> None:
    """No label of an alert makes the facts fail, also of what is not in the View."""
    views = [scene().trouble[-1] for scene in SCENES.values()]
    down = make_view(snapshot_of([], [], brokers=0, error="no broker responded"))
    labels: list[dict[str, str]] = [
        {"group": "nobody"},
        {"group": "billing", "topic": "gone", "partition": "7"},
        {"topic": "orders"},
        {"topic": "orders", "partition": "99"},
        {"broker": "99"},
        {"node": "2"},
        {"broker": "3", "path": "/data/a"},
        {"transactional_id": "billing-1"},
        {},
    ]
    for view in (*views, down):
        assert isinstance(view.snapshot, Snapshot)
        for each in labels:
            found = facts_of(Scene(view, view.time), {"cluster": "demo", **each}, view.time)
            assert found.keys() <= PARTS.keys()
            assert all(said.isprintable() for said in found.values())

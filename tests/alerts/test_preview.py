"""Previews of rules: when their alerts are pending, fire and resolve over Views, and what would be sent."""

from pathlib import Path

import pytest
from alert_fixtures import view_of
from catalogue_scenes import SCENES
from series import Poll, watch
from views import NOW, Topic, snapshot_of

from alerts.catalogue import catalogue
from alerts.preview import Life, Preview
from alerts.rule_files import read_rules
from alerts.rules import AnyRule
from monitor.analysis.view import make_view
from monitor.model.view import View

WELL = [Poll(100.0 * each, 100.0 * each) for each in range(12)]
STUCK = [Poll(1_200 + 100.0 * each, 1_100.0) for each in range(30)]
READ = [Poll(4_200 + 100.0 * each, 4_200 + 100.0 * each) for each in range(30)]


def rules(folder: Path, *lines: str) -> tuple[AnyRule, ...]:
    path = folder / "rules.yaml"
    path.write_text("groups:\n  - name: g\n    rules:\n" + "".join(f"      - {{{line}}}\n" for line in lines))
    return read_rules([path])


def preview_of(given: tuple[AnyRule, ...], views: list[View], beside: tuple[AnyRule, ...] = ()) -> Preview:
    preview = Preview(given, beside)
    for view in views:
        preview.observe(view)
    preview.end()
    return preview


def test_an_alert_is_pending_fires_and_resolves(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: Late, on: group, where: lag > 1000, for: 1m, severity: page")
    (life,) = preview_of(given, watch([*WELL, *STUCK, *READ])).lives
    began = NOW + 10 * next(place for place, each in enumerate((*WELL, *STUCK)) if each.end - 1_000 > each.commit)  # type: ignore[operator]
    assert (life.rule, life.severity, life.pending_at) == ("Late", "page", began)
    assert life.fired_at == began + 60
    assert life.ended_at == NOW + 10 * len([*WELL, *STUCK])
    assert (life.resolution, life.sent) == ("below", True)
    assert dict(life.labels)["group"] == "g"


def test_one_that_does_not_last_never_fires_and_is_not_sent(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: Late, on: group, where: lag > 1000, for: 10m")
    preview = preview_of(given, watch([*WELL, *STUCK, *READ]))
    (life,) = preview.lives
    assert life.fired_at is None
    assert life.ended_at is not None
    assert not life.sent
    assert preview.notifications == {}


def test_each_time_it_comes_back_is_an_alert_of_its_own(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: Late, on: group, where: lag > 50, severity: page")
    polls = [Poll(1_000.0 + each, 900.0 if each // 5 % 2 else 1_000.0 + each) for each in range(40)]
    preview = preview_of(given, watch(polls))
    assert len(preview.lives) == 4
    assert all(isinstance(each, Life) and each.sent for each in preview.lives)
    # Alerts of one group within group_interval are one notification.
    assert 1 <= preview.notifications["page"] < 4


def test_what_is_observed_is_shown_and_not_sent(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: Late, on: group, where: lag > 50, mode: observe")
    preview = preview_of(given, watch([*WELL, *STUCK]))
    assert [(each.observed, each.sent, each.fired_at is not None) for each in preview.lives] == [(True, False, True)]
    assert preview.notifications == {}


def test_what_another_alert_explains_is_not_sent(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: NoLeader, on: topic, where: offline_partitions > 0, severity: page")
    down = next(rule for rule in catalogue() if rule.name == "KafkaBrokerDown")
    topic = Topic("orders", [(0, 9)], leaders=[-1], replicas=[[3]], isr=[[]])
    views = [make_view(snapshot_of([topic], [], brokers=2))]
    (alone,) = preview_of(given, views).lives
    assert alone.sent
    (explained,) = preview_of(given, views, (down,)).lives
    assert (explained.inhibited_by, explained.sent) == ("KafkaBrokerDown", False)


def test_a_failed_poll_ends_nothing_and_is_counted(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: Late, on: group, where: lag > 50")
    preview = preview_of(given, [view_of("70"), view_of("!"), view_of("70")])
    (life,) = preview.lives
    assert life.ended_at is None
    assert (preview.polls, preview.failed) == (3, 1)


def test_rules_beside_are_not_part_of_the_preview(tmp_path: Path) -> None:
    given = rules(tmp_path, "alert: KafkaGroupStuck, on: group, where: lag > 50")
    preview = preview_of(given, watch([*WELL, *STUCK]), tuple(catalogue()))
    assert {each.rule for each in preview.lives} == {"KafkaGroupStuck"}
    assert preview.plain()["never_true"] == []
    assert preview.lives[0].severity == "ticket"


@pytest.mark.parametrize("name", ["KafkaGroupStuck", "KafkaGroupBurning"])
def test_a_rule_of_the_catalogue_fires_and_resolves_in_a_preview_of_its_scene(name: str) -> None:
    rule, scene = next(each for each in catalogue() if each.name == name), SCENES[name]()
    (life,) = preview_of((rule,), [*scene.trouble, *scene.over]).lives
    assert life.fired_at is not None
    assert life.fired_at - life.pending_at == rule.for_seconds
    assert life.fired_at <= scene.trouble[-1].time < (life.ended_at or 0)

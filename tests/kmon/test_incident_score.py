"""The score of the scorecard: which pages an incident explains, and what precision and recall are made of."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from incidents import scale
from incidents.incident import Course, Incident, Page, Run
from incidents.peer_rules import RULES, rule_file
from incidents.registry import INCIDENTS
from incidents.results import CONTESTANTS, load, page_with, save, written
from incidents.score import Outcome, Score, judge

from alerts.catalogue import catalogue
from alerts.rule_files import read_rules
from monitor.settings.load import load as load_settings


def nothing(_stage: object) -> None:
    raise NotImplementedError


DEAD = Incident("dead", "dead consumer", nothing, ("Stopped",))  # type: ignore[arg-type]
SLOW = Incident("slow", "slow drain", nothing, ("Growing",))  # type: ignore[arg-type]
BURST = Incident("burst", "burst", nothing, innocent=True)  # type: ignore[arg-type]
BROKER = Incident("broker", "broker killed", nothing, ("Down",), alone=True)  # type: ignore[arg-type]
AGAIN = Incident("again", "kmon restarted", nothing, ("Stopped",), innocent=True, own_kmon=True)  # type: ignore[arg-type]
ALL = (DEAD, SLOW, BURST, BROKER, AGAIN)

COURSES = (
    *(
        Course(each.name, started=0.0, ready=30.0, began=100.0, over=200.0, ended=300.0)
        for each in (DEAD, SLOW, BURST, AGAIN)
    ),
    Course("broker", started=300.0, ready=305.0, began=310.0, over=350.0, ended=400.0),
)


def page(
    alert: str,
    name: str,
    at: float,
    resolved: float | None = 250.0,
    *,
    who: str = "kmon",
    severity: str = "page",
    **more: str,
) -> Page:
    return Page(who, alert, severity, (name,), at, resolved, **more)


DOWN = Page("kmon", "Down", "page", (), 330.0, 360.0)
RIGHT = (
    page("Stopped", "dead", 140.0, line="dead has no consumers"),
    page("Growing", "slow", 180.0, severity="ticket"),
    page("Stopped", "again", 150.0, watched="again"),
    DOWN,
)


def scored(*pages: Page, who: str = "kmon") -> tuple[dict[str, Outcome], Score]:
    outcomes, score = judge(Run(COURSES, pages), ALL, who)
    return {each.incident: each for each in outcomes}, score


def test_all_is_found_and_nothing_is_false() -> None:
    outcomes, score = scored(*RIGHT)
    assert score == Score(found=3, missed=0, false=0)
    assert (score.precision, score.recall) == (1.0, 1.0)
    assert outcomes["dead"] == Outcome("dead", 40.0, pages=1, resolved=True, line="dead has no consumers")
    assert outcomes["burst"] == Outcome("burst")
    assert outcomes["broker"].seconds == 20.0


def test_a_case_that_nobody_was_notified_of_is_missed() -> None:
    _, score = scored(*RIGHT[1:])
    assert score == Score(found=2, missed=1, false=0)
    assert score.recall == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "wrong",
    [
        page("Stuck", "burst", 150.0),
        page("Stopped", "dead", 50.0),  # before it happened
        page("Stuck", "steady", 150.0),  # about no incident
        page("Stuck", "steady", 330.0),  # a broker that is down: its victims are no news
        page("Stopped", "again", 220.0, watched="again"),  # a second time
        replace(DOWN, at=150.0),
    ],
)
def test_a_page_that_no_incident_explains_is_false(wrong: Page) -> None:
    _, score = scored(*RIGHT, wrong)
    assert score == Score(found=3, missed=0, false=1)
    assert score.precision == 3 / 4


def test_what_the_set_up_of_an_incident_brings_is_nobodys_fault() -> None:
    assert scored(*RIGHT, page("NoMessages", "burst", 20.0))[1] == Score(found=3, missed=0, false=0)


def test_many_false_pages_of_one_case_are_one_false_alarm() -> None:
    _, score = scored(*RIGHT, *(page("Stuck", "burst", 110.0 + each) for each in range(9)))
    assert score.false == 1


def test_a_ticket_of_kmon_that_is_not_expected_is_shown_and_not_scored() -> None:
    outcomes, score = scored(*RIGHT, page("Rewound", "burst", 150.0, severity="ticket"))
    assert (outcomes["burst"].tickets, outcomes["burst"].pages, score.false) == (1, 0, 0)


def test_of_a_peer_every_alert_counts_and_none_is_looked_for_where_it_cannot_see() -> None:
    outcomes, score = scored(
        page("Lag", "dead", 120.0, who="Strimzi"),
        page("Lag", "burst", 120.0, who="Strimzi"),
        page("UnderReplicated", "steady", 320.0, who="Strimzi"),
        *RIGHT,
        who="Strimzi",
    )
    assert "again" not in outcomes
    assert score == Score(found=2, missed=1, false=1)


@pytest.mark.parametrize("resolved", [None, 150.0])
def test_what_never_resolves_or_does_too_early_is_not_resolved_rightly(resolved: float | None) -> None:
    outcomes, _ = scored(page("Stopped", "dead", 140.0, resolved), *RIGHT[1:])
    assert outcomes["dead"].resolved is False


def test_an_incident_that_was_not_run_is_no_case() -> None:
    courses = tuple(replace(each, not_run="cannot mount") if each.incident == "dead" else each for each in COURSES)
    _, score = judge(Run(courses, RIGHT[1:]), ALL, "kmon")
    assert score == Score(found=2, missed=0, false=0)


def test_nobody_notified_has_no_precision() -> None:
    _, score = scored()
    assert (score.precision, score.recall) == (None, 0.0)


def test_tables_show_what_was_scored_and_results_survive_their_file(tmp_path: Path) -> None:
    runs = [Run(COURSES, RIGHT), Run(COURSES, (*RIGHT, page("Stuck", "burst", 150.0)))]
    save(tmp_path / "results.json", runs)
    assert load(tmp_path / "results.json") == runs
    text, perfect = written(runs, ALL)
    assert not perfect
    assert written(runs[:1], ALL)[1]
    assert "| kmon | 0.86 | 1.00 | 6 of 6 | 1 | 1.00 / 1.00, 0.75 / 1.00 |" in text
    assert "| dead consumer | yes | 40 | 1 | yes | dead has no consumers |" in text
    assert "| burst | no | – | 0, 1 | – | – |" in text
    page_text = page_with("a\n<!-- results -->\nold\n<!-- end of results -->\nb\n", text)
    assert page_text == f"a\n<!-- results -->\n{text}<!-- end of results -->\nb\n"
    with pytest.raises(ValueError, match="results"):
        page_with("nothing", text)


# -------------------------------------------------------------------- what is run


def test_the_scorecard_has_14_incidents_and_10_lookalikes_that_expect_alerts_of_the_catalogue() -> None:
    names = [each.name for each in INCIDENTS]
    assert len(names) == len(set(names))
    assert [each.innocent for each in INCIDENTS].count(True) == 10
    assert [each.innocent for each in INCIDENTS].count(False) == 14
    known = {rule.name for rule in catalogue()} | {"KmonClusterUnreachable"}
    assert {alert for each in INCIDENTS for alert in each.expects} <= known


def test_the_compressed_catalogue_differs_in_its_times_only(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(scale.compressed_catalogue()), encoding="utf-8")
    short = {rule.name: rule for rule in read_rules([tmp_path / "rules.yaml"])}
    assert short.keys() == {rule.name for rule in catalogue()}
    for rule in catalogue():
        found = short[rule.name]
        assert found.for_seconds == pytest.approx(rule.for_seconds / scale.FACTOR)
        assert found.keep_firing_for_seconds == pytest.approx(rule.keep_firing_for_seconds / scale.FACTOR)
        assert (found.enabled, found.severity, str(found.where)) == (rule.enabled, rule.severity, str(rule.where))


def test_kmon_takes_the_settings_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "kmon.yaml").write_text(yaml.safe_dump(scale.settings("127.0.0.1:1", "http://127.0.0.1:2", tmp_path)))
    cluster = load_settings(tmp_path / "kmon.yaml", {}).settings.cluster
    assert cluster.interval_seconds == 10 / scale.FACTOR


def test_the_rules_of_peers_have_times_of_the_same_scale() -> None:
    groups = rule_file()["groups"]
    assert isinstance(groups, list)
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    assert len(rules) == len(RULES)
    assert (rules["KafkaLagIsTooHigh"]["for"], rules["KafkaLagIsTooHigh"]["keep_firing_for"]) == ("90s", "30s")
    assert set(CONTESTANTS) == {"kmon", "Burrow", *(rule.peer for rule in RULES)}

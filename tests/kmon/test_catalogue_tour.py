"""The tour of the catalogue: each alert has a show that made it fire and resolve, and the page has the results."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from incidents import tour_results
from incidents.incident import Page, Phase
from incidents.scale import FACTOR
from incidents.tour import CAUSES, EFFECTS, Show, Shown, play
from incidents.tour_registry import SHOWS
from incidents.tour_stage import MOST_SECONDS, tour_catalogue

from alerts.catalogue import catalogue
from alerts.rule_files import read_rules

PAGE = Path(__file__).parents[2] / "docs/scorecard.md"
RULES = {rule.name: rule for rule in catalogue()}


def test_each_alert_of_the_catalogue_has_one_show() -> None:
    assert sorted(alert for each in SHOWS for alert in each.alerts) == sorted(RULES)


def test_names_of_shows_are_unique() -> None:
    assert len({each.name for each in SHOWS}) == len(SHOWS)


@pytest.mark.parametrize("without", [(), CAUSES])
def test_the_rules_of_the_tour_differ_from_the_catalogue_in_their_times_only(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(tour_catalogue(without)), encoding="utf-8")
    short = {rule.name: rule for rule in read_rules([tmp_path / "rules.yaml"])}
    assert short.keys() == RULES.keys()
    for name, rule in RULES.items():
        found = short[name]
        assert found.for_seconds == pytest.approx(min(rule.for_seconds / FACTOR, MOST_SECONDS))
        assert found.keep_firing_for_seconds == pytest.approx(min(rule.keep_firing_for_seconds / FACTOR, MOST_SECONDS))
        assert (found.severity, str(found.where)) == (rule.severity, str(rule.where))
        assert found.enabled == (name not in without)


# -------------------------------------------------------------------- how a show is watched

LATER, LATEST = 1000.0, 2000.0
"""Seconds after a show has begun."""


class FakePager:
    """Has what a script of a test sends."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    def fire(self, alert: str, *names: str, after: float = LATER) -> None:
        self.pages.append(Page("kmon", alert, "page", names, time.time() + after, line=f"{alert} fires"))

    def resolve(self) -> None:
        self.pages[:] = [replace(each, resolved=time.time() + LATEST) for each in self.pages]


Script = Callable[[FakePager, FakePager], Iterator[Phase]]


def played(script: Script) -> dict[str, Shown]:
    """How a show of the alerts A and B, which is an effect, was shown."""
    pager, effects = FakePager(), FakePager()
    stage = SimpleNamespace(kmons={"": SimpleNamespace(pager=pager), EFFECTS: SimpleNamespace(pager=effects)})
    times = {"well_seconds": 0.0, "notified_within": 0.0, "resolved_within": 0.0}
    show = Show("mine", "how", lambda _stage: script(pager, effects), ("A",), effects=("B",), **times)  # type: ignore[arg-type]
    return {each.alert: each for each in play(show, stage, lambda _line: None)}


def test_alerts_that_fire_in_the_trouble_and_resolve_after_it_are_shown() -> None:
    def script(pager: FakePager, effects: FakePager) -> Iterator[Phase]:
        yield Phase.WELL
        pager.fire("A", "mine")
        effects.fire("B")
        yield Phase.TROUBLE
        pager.resolve()
        effects.resolve()
        yield Phase.OVER

    shown = played(script)
    assert shown["A"].complete
    assert shown["B"].complete
    assert shown["A"].fired == pytest.approx(LATER, abs=60)
    assert shown["A"].line == "A fires"
    assert shown["A"].resolved == pytest.approx(LATEST, abs=60)


@pytest.mark.parametrize(("name", "after"), [("another", LATER), ("mine", -LATER)])
def test_alerts_about_others_or_from_before_the_trouble_are_not(name: str, after: float) -> None:
    def script(pager: FakePager, effects: FakePager) -> Iterator[Phase]:
        yield Phase.WELL
        pager.fire("A", name, after=after)
        pager.fire("B")  # which the other kmon does not send
        yield Phase.TROUBLE
        pager.resolve()
        yield Phase.OVER

    assert [each.fired for each in played(script).values()] == [None, None]


def test_what_resolves_when_the_script_cleans_up_has_not_resolved() -> None:
    def script(pager: FakePager, _effects: FakePager) -> Iterator[Phase]:
        yield Phase.WELL
        pager.fire("A", "mine")
        yield Phase.TROUBLE
        yield Phase.OVER
        pager.resolve()

    shown = played(script)["A"]
    assert (shown.resolved, shown.complete) == (None, False)


def test_a_script_that_fails_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def script(pager: FakePager, _effects: FakePager) -> Iterator[Phase]:
        yield Phase.WELL
        pager.fire("A", "mine")
        yield Phase.TROUBLE
        raise OSError("no room")

    assert {each.not_run for each in played(script).values()} == {"the script failed: OSError: no room"}
    assert "no room" in capsys.readouterr().err


# -------------------------------------------------------------------- results


def test_results_survive_their_file(tmp_path: Path) -> None:
    shown = [Shown("KafkaBrokerDown", "killed", 1.0, 2.5, 3.5, "broker 2 is down"), Shown("KafkaDiskFull", "disk")]
    tour_results.save(tmp_path / "results.json", shown)
    assert tour_results.load(tmp_path / "results.json") == shown
    assert [each.complete for each in shown] == [True, False]


def test_the_table_has_a_row_for_each_alert_and_goes_into_a_page() -> None:
    show = next(each for each in SHOWS if "KafkaBrokerDown" in each.alerts)
    table = tour_results.written([Shown("KafkaBrokerDown", show.name, 1.0, 20.4, 8.0)])
    assert f"| [KafkaBrokerDown](runbooks.md#kafkabrokerdown) | {show.title} | 20 s | 8 s |" in table
    assert len(table.splitlines()) == len(RULES) + 2
    page = tour_results.page_with("a\n<!-- tour -->\nold\n<!-- end of tour -->\nb\n", table)
    assert page == f"a\n<!-- tour -->\n{table}<!-- end of tour -->\nb\n"
    with pytest.raises(ValueError, match="tour"):
        tour_results.page_with("nothing", table)


def test_each_alert_was_seen_to_fire_and_to_resolve() -> None:
    shown = {each.alert: each for each in tour_results.load(tour_results.RESULTS)}
    assert shown.keys() == RULES.keys()
    assert [name for name, each in shown.items() if not each.complete] == []
    shows = {alert: each.name for each in SHOWS for alert in each.alerts}
    assert {name: each.show for name, each in shown.items()} == shows


def test_the_page_has_the_results() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = tour_results.written(tour_results.load(tour_results.RESULTS))
    assert tour_results.page_with(text, table) == text, "make incidents ARGS='--tour --page-only' writes it"

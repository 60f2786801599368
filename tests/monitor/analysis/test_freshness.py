"""Objectives for time lag: which time counts as fresh and observed, burn rates, and what faces show of them."""

import random
from pathlib import Path

import numpy as np
import pytest
from metric_samples import samples
from series import Poll, Series, watch
from views import FixtureSource, Group, Topic, shop_view

from exporters.prometheus import MetricsPage
from monitor.analysis.earlier_polls.freshness import KEPT_SECONDS, Counters, count_time
from monitor.model.patterns import Pattern
from monitor.model.slos import WINDOWS, Slo
from monitor.model.table import objects
from monitor.model.view import View
from monitor.settings import load
from monitor.settings.errors import SettingsError
from monitor.settings.slos import slos_of
from monitor.subjects import SUBJECTS
from monitor.subjects.shown import shown

MINUTE = (Slo((Pattern("g"),), 60.0, 0.99),)
G = objects(["g"])
LIMIT = np.array([60.0])


def row_of(view: View, group: str = "g") -> dict[str, object]:
    return next(row for row in SUBJECTS["group"].plain(view) if row["group"] == group)


def counted(standings: list[float], *, interval: float = 10.0, gaps: dict[int, float] | None = None) -> Counters:
    """The counters after polls at which group g was fresh (1), late (0) or unknown (NaN)."""
    counters, now = Counters(), 1_000.0
    for place, standing in enumerate(standings):
        now += (gaps or {}).get(place, interval)
        counters = count_time(counters, G, LIMIT, np.array([standing]), now, interval=interval)
    return counters


def numbers(counters: Counters) -> tuple[float, float]:
    return float(counters.fresh[0]), float(counters.observed[0])


# ---------------------------------------------------------------------- time that counts


@pytest.mark.parametrize(
    ("standings", "fresh", "observed"),
    [
        ([1], 0, 0),
        ([1, 1, 1], 20, 20),
        ([1, 0], 0, 10),
        ([0, 1, 1], 10, 20),
        ([0, 0], 0, 10),
        ([1, np.nan, 1, 1], 10, 10),
        ([np.nan, 0, np.nan, 1], 0, 0),
    ],
)
def test_time_is_fresh_between_two_polls_that_are_and_unknown_time_is_neither(
    standings: list[float], fresh: float, observed: float
) -> None:
    assert numbers(counted(standings)) == (fresh, observed)


def test_a_gap_between_polls_is_neither_and_a_slow_poll_is_counted() -> None:
    assert numbers(counted([1, 1, 1, 1], gaps={2: 30.0})) == (50, 50)
    assert numbers(counted([1, 1, 1, 1], gaps={2: 31.0})) == (20, 20)


def test_a_group_that_is_away_is_not_observed_and_keeps_its_counters_for_an_hour() -> None:
    counters = counted([1, 1, 1])
    none = objects([])
    now = counters.points[-1].time
    away = count_time(counters, none, np.empty(0), np.empty(0), now + 10, interval=10.0)
    back = count_time(away, G, LIMIT, np.array([1.0]), now + 20, interval=10.0)
    assert numbers(back) == (20, 20)
    gone = count_time(back, none, np.empty(0), np.empty(0), now + 30 + KEPT_SECONDS, interval=10.0)
    assert len(gone.names) == 0
    anew = count_time(gone, objects(["a", "g"]), np.full(2, 60.0), np.ones(2), now + 40 + KEPT_SECONDS, interval=10.0)
    assert anew.observed.tolist() == [0, 0]


def test_nothing_that_is_remembered_is_changed() -> None:
    before = counted([1, 1])
    held = [each.fresh.tolist() for each in before.points]
    count_time(
        before, objects(["g", "h"]), np.full(2, 60.0), np.array([1.0, 0.0]), before.points[-1].time + 10, interval=10.0
    )
    assert [each.fresh.tolist() for each in before.points] == held


def test_windows_are_those_of_every_interval_that_was_and_never_longer() -> None:
    """Against all intervals added up: thinning makes a window shorter by a twentieth and a poll at most."""
    chance = random.Random(7)
    counters, now, late = Counters(), 0.0, []
    before = np.nan
    for _ in range(9_000):
        now += 10.0
        standing = chance.choice([1.0, 1.0, 0.0]) if chance.random() < 0.9 else np.nan
        counters = count_time(counters, G, LIMIT, np.array([standing]), now, interval=10.0)
        if not np.isnan(before + standing):
            late.append((now, 10.0 * (before + standing < 2)))
        before = standing
    for seconds in WINDOWS.values():
        fresh, observed = counters.within(seconds)
        found = float(observed[0] - fresh[0])
        assert found <= sum(each for when, each in late if when > now - seconds)
        assert found >= sum(each for when, each in late if when > now - 0.95 * seconds + 20)
    assert len(counters.points) < 500


# ---------------------------------------------------------------------- Views


def test_the_counters_of_a_group_that_stops_and_recovers() -> None:
    well = [Poll(100.0 * each, 100.0 * each) for each in range(31)]
    still = [Poll(3_000 + 100.0 * each, 3_000.0) for each in range(1, 61)]
    views = watch([*well, *still], slos=MINUTE)
    assert row_of(views[30])["fresh_seconds"] == 300
    assert row_of(views[30])["burn_rate_5m"] == 0
    assert row_of(views[30])["burn_rate_1h"] is None
    last = row_of(views[-1])
    assert last["observed_seconds"] == 900
    # The time lag is beyond a minute after the seventh poll.
    assert 340 <= float(str(last["fresh_seconds"])) <= 380
    assert last["burn_rate_5m"] == 100
    late = 900 - float(str(last["fresh_seconds"]))
    assert last["burn_rate_1h_at_least"] == pytest.approx(late / 3_600 / 0.01)
    assert last["burn_rate_1h"] is None
    told = shown(SUBJECTS["group"].read(views[-1]), "burn_rate_1h")
    assert told.text(0).startswith("≥ 1")
    assert "observed for less than 90 % of the window" in told.why(0)


def test_a_part_that_is_unknown_makes_a_group_unknown_unless_the_rest_is_late_already() -> None:
    slos = (Slo((Pattern("g"),), 60.0, 0.99),)
    series = Series(slos=slos)
    for each in range(30):
        end = 100.0 * each
        commits = {("t", 0): min(end, 500.0), ("t", 1): 0.0}
        group = Group("g", commits, [("c", "/h", [("t", 0), ("t", 1)])])  # type: ignore[arg-type] # floats are fine
        view = series.poll([Topic("t", [(0, end), (0, None)])], [group])
    found = row_of(view)
    assert found["fresh_seconds"] == 0
    assert 100 <= float(str(found["observed_seconds"])) < 290


def test_polls_that_fail_count_as_neither() -> None:
    polls = [
        Poll(100.0 * each, 100.0 * each, error="" if each < 5 or each > 20 else "no broker responded")
        for each in range(30)
    ]
    assert row_of(watch(polls, slos=MINUTE)[-1])["observed_seconds"] == 120


def test_groups_without_an_objective_have_none_and_the_first_that_matches_counts() -> None:
    slos = (*MINUTE, Slo((Pattern(".*"),), 600.0, 0.9))
    view = watch([Poll(0, 0)] * 3, slos=slos, beside=("h",))[-1]
    assert [(row["slo_lag_seconds"], row["slo_objective"]) for row in SUBJECTS["group"].plain(view)] == [
        (60, 0.99),
        (600, 0.9),
    ]
    view = watch([Poll(0, 0)] * 3, slos=MINUTE, beside=("h",))[-1]
    assert row_of(view, "h")["observed_seconds"] is None
    assert shown(SUBJECTS["group"].read(view), "fresh_seconds").why(1) == "the settings have no objective for the group"
    assert row_of(shop_view(), "payments-ledger")["slo_objective"] is None


def test_metrics_have_counters_and_objectives_of_groups_that_have_one() -> None:
    view = watch([Poll(100.0 * each, 100.0 * each) for each in range(4)], slos=MINUTE, beside=("h",))[-1]
    page = samples(MetricsPage([FixtureSource(view)]))
    found = {
        (name, dict(labels)["group"]): value
        for (name, labels), value in page.items()
        if "slo" in name or ("seconds_total" in name and "group" in name)
    }
    assert found == {
        ("kmon_group_fresh_seconds_total", "g"): 30,
        ("kmon_group_observed_seconds_total", "g"): 30,
        ("kmon_group_slo_lag_seconds", "g"): 60,
        ("kmon_group_slo_objective_ratio", "g"): 0.99,
    }


# ---------------------------------------------------------------------- settings


def settings_of(folder: Path, slos: str) -> tuple[Slo, ...]:
    (folder / "kmon.yaml").write_text(f"contexts:\n  - bootstrap_servers: [a:1]\n    slos:\n{slos}")
    return slos_of(load(folder / "kmon.yaml", {}).settings.cluster.slos)


def test_objectives_of_the_settings(tmp_path: Path) -> None:
    one, two = settings_of(
        tmp_path, "      - {groups: pay-.*, time_lag: 5m, objective: 99.5}\n      - {groups: [a, b], time_lag: 90s}\n"
    )
    assert (one.lag_seconds, one.objective, one.groups[0].matches("pay-1")) == (300, 0.995, True)
    assert (two.lag_seconds, two.objective, len(two.groups)) == (90, 0.999, 2)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{groups: a, time_lag: 5m, objective: 100}", "slos[0].objective"),
        ("{groups: a, time_lag: 0s}", "slos[0].time_lag"),
        ("{groups: a}", "slos[0].time_lag"),
        ("{groups: [], time_lag: 5m}", "slos[0].groups"),
        ("{groups: 'a(', time_lag: 5m}", "slos[0].groups"),
        ("{groups: a, time_lag: 5m, target: 9}", "slos[0].target"),
    ],
)
def test_a_wrong_objective_is_told_with_its_place(tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of(tmp_path, f"      - {entry}\n")
    assert "kmon.yaml:4" in refused.value.problems[0]
    assert problem in refused.value.problems[0]

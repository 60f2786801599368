"""Fresh and observed time in the file of alerting: burn rates go on in the next run, as if it were the same one."""

import json
import random
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alert_fixtures import FakeClock, cut_off, fill_disk
from http_receiver import GUARD_SECONDS
from series import STARTED, Series
from views import NOW, Group, Topic

from alerts.catalogue import catalogue
from alerts.evaluator import Evaluator
from alerts.kept_freshness import WRITE_SECONDS, KeptFreshness
from alerts.store import Store
from monitor.analysis.earlier_polls.freshness import Counters, count_time
from monitor.analysis.earlier_polls.observed_spans import LONGEST_SECONDS
from monitor.model.patterns import Pattern
from monitor.model.slos import WINDOWS, Slo
from monitor.model.table import objects
from monitor.poll.pipeline import Remembered

FRESH, LATE, UNKNOWN = 1.0, 0.0, np.nan
HOUR = 3_600.0


class Kmon:
    """Runs of kmon one after the other on one file and clock, each with a monotonic clock of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.limit = 60.0
        self.counters = Counters()
        self.store: Store | None = None

    def start(self, *, away: float = 0.0, source: str = "shop") -> None:
        """A new run `away` seconds after the one before has ended."""
        self.stop()
        self.clock.wall += away
        self.clock.mono = 7.0
        self.store = Store(self.directory)
        self.part = KeptFreshness(self.store, source)
        self.counters = self.part.load(self.clock.wall, self.clock.mono)

    def poll(self, groups: Mapping[str, float], times: int = 1, *, every: float = 10.0) -> None:
        """Polls at which groups are fresh or late, each `every` seconds after the one before."""
        for _ in range(times):
            self.clock.move(every)
            names, now = objects(groups), self.clock.mono
            limits, standing = np.full(len(groups), self.limit), np.array(list(groups.values()))
            self.counters = count_time(self.counters, names, limits, standing, now, interval=every)
            self.part.offer(self.counters, self.clock.wall - now)
            self.flush()

    def flush(self) -> bool:
        assert self.store is not None
        return self.store.flush()

    def stop(self, *, killed: bool = False) -> None:
        if self.store is None:
            return
        if killed:
            self.flush()
            cut_off(self.store)
        else:
            self.part.save()
            self.store.close(GUARD_SECONDS)
        self.store = None

    def late(self, window: str, group: str = "g") -> float:
        """For how many seconds of a window a group was late."""
        fresh, observed = self.within(window, group)
        return observed - fresh

    def within(self, window: str, group: str = "g") -> tuple[float, float]:
        row = self.counters.names.tolist().index(group)
        fresh, observed = self.counters.within(WINDOWS[window])
        return round(float(fresh[row]), 3), round(float(observed[row]), 3)


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[Kmon]:
    runs = Kmon(tmp_path)
    yield runs
    runs.stop()


def changed(kmon: Kmon, *statements: str) -> None:
    """Change the file by hand, while no kmon has it."""
    kmon.stop()
    with closing(sqlite3.connect(kmon.directory / "state.sqlite")) as database, database:
        for each in statements:
            database.execute(each)


def rows(kmon: Kmon) -> int:
    assert kmon.store is not None
    assert kmon.store.flush()
    ((count,),) = kmon.store.read("SELECT count(*) FROM freshness")
    return int(count)


# ---------------------------------------------------------------------- a restart


def test_windows_go_on_counters_begin_at_zero_and_the_time_without_kmon_is_not_observed(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": FRESH}, 7)
    kmon.poll({"g": LATE}, 6)
    kmon.start(away=600)
    kmon.poll({"g": LATE})
    assert kmon.within("1h") == (60, 120)
    assert (kmon.counters.fresh.tolist(), kmon.counters.observed.tolist()) == ([0], [0])
    kmon.poll({"g": LATE}, 2)
    assert kmon.within("1h") == (60, 140)
    assert kmon.within("5m") == (0, 20)
    assert kmon.counters.observed.tolist() == [20]


def test_runs_of_a_few_polls_add_up(kmon: Kmon) -> None:
    for _ in range(30):
        kmon.start(away=5)
        kmon.poll({"g": LATE}, 3)
    assert kmon.late("1h") == 600
    assert rows(kmon) < 30  # what is shorter than a minute is merged


def test_a_kill_costs_a_minute_at_most(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 18)
    assert kmon.late("6h") == 170
    kmon.stop(killed=True)
    kmon.start()
    assert 170 - WRITE_SECONDS <= kmon.late("6h") <= 170


def test_a_group_that_came_later_or_is_away_has_its_own_time(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": FRESH}, 13)
    kmon.poll({"g": FRESH, "later": LATE}, 13)
    kmon.poll({"later": LATE}, 12)
    kmon.start(away=30)
    kmon.poll({"g": FRESH, "later": FRESH, "new": LATE}, 2)
    assert kmon.within("6h") == (260, 260)
    assert kmon.within("6h", "later") == (10, 250)
    assert kmon.within("6h", "new") == (0, 10)


def test_the_late_time_of_another_objective_does_not_count(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 13)
    kmon.limit = 600.0
    kmon.start()
    kmon.poll({"g": FRESH}, 7)
    assert kmon.within("6h") == (60, 60)
    kmon.start()
    assert kmon.within("6h") == (60, 60)


def test_clusters_have_windows_of_their_own(kmon: Kmon) -> None:
    for source, polls in (("shop", 4), ("\udcff\x00", 7)):
        kmon.start(source=source)
        kmon.poll({"g": LATE, "\ud800'": LATE}, polls)
    kmon.start(source="shop")
    assert kmon.late("1h") == 30
    kmon.start(source="\udcff\x00")
    assert kmon.late("1h") == kmon.late("1h", "\ud800'") == 60
    kmon.start(source="other")
    assert len(kmon.counters.names) == 0


def test_windows_over_many_runs_are_those_of_every_interval_that_was_and_never_longer(kmon: Kmon) -> None:
    """Against all intervals added up: each window is shorter by a twentieth and two polls at most."""
    chance = random.Random(3)
    late: list[tuple[float, float]] = []
    kmon.start()
    before = UNKNOWN
    for _ in range(1_300):
        standing = chance.choice([FRESH, FRESH, LATE]) if chance.random() < 0.9 else UNKNOWN
        if chance.random() < 0.01:
            kmon.start(away=chance.choice([1.0, 30.0, 2_000.0]))
            before = UNKNOWN
        kmon.poll({"g": standing}, every=240.0)
        if not np.isnan(before + standing):
            late.append((kmon.clock.wall, 240.0 * (before + standing < 2)))
        before = standing
    kmon.start(away=2.0)
    kmon.poll({"g": UNKNOWN})
    now = kmon.clock.wall
    for window, seconds in WINDOWS.items():
        found = kmon.late(window)
        assert found <= sum(each for when, each in late if when > now - seconds)
        assert found >= sum(each for when, each in late if when > now - 0.95 * seconds + 480)
    assert now - late[0][0] > LONGEST_SECONDS
    assert 60 < rows(kmon) < 200


def test_what_is_older_than_the_longest_window_is_let_go(kmon: Kmon) -> None:
    kmon.start(source="gone")
    kmon.poll({"g": LATE}, 13)
    kmon.start()
    kmon.poll({"g": LATE}, 13)
    kmon.start(away=LONGEST_SECONDS + 60)
    assert len(kmon.counters.names) == 0
    kmon.poll({"g": LATE}, 13)
    assert rows(kmon) == 2
    assert kmon.late("3d") == 120


@pytest.mark.parametrize("jump", [-7_200.0, 7_200.0])
def test_a_clock_that_jumps_makes_no_window_longer(kmon: Kmon, jump: float) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 13)
    kmon.clock.wall += jump
    kmon.poll({"g": LATE}, 12)
    kmon.start(away=-jump)
    kmon.poll({"g": LATE}, 13)
    assert kmon.late("3d") == 360
    assert kmon.late("5m") <= 300


def test_a_slow_burn_is_seen_by_a_kmon_that_is_restarted_every_day(tmp_path: Path) -> None:
    """Half an hour a day is too much for an objective of 99 % over three days, and not over one."""
    (rule,) = [each for each in catalogue() if each.name == "KafkaGroupBudgetSpent"]
    series = Series(interval=600.0, slos=(Slo((Pattern("g"),), 60.0, 0.99),))
    fired = []
    for _ in range(3):
        store = Store(tmp_path)
        part = KeptFreshness(store, "shop")
        offset = NOW - STARTED
        series.remembered = Remembered(counters=part.load(series.now, series.now - offset))
        for number in range(144):
            late = 120 <= number < 123
            members = [("c", "/h", [("t", 0)])]
            view = series.poll(
                [Topic("t", [(0, 500)])],
                [Group("g", {("t", 0): 400 if late else 500}, members)],
                ages={("t", 0): 3_600.0},
            )
            part.offer(series.remembered.counters, offset)
        fired.append([row.rule for row in Evaluator([rule]).observe(view)])
        part.save()
        store.close(GUARD_SECONDS)
    assert fired == [[], [rule.name], [rule.name]]


# ---------------------------------------------------------------------- faults


def test_a_full_disk_costs_nothing_while_kmon_runs_and_is_made_up_for(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": FRESH}, 13)
    assert kmon.flush()
    assert kmon.store is not None
    fill_disk(kmon.store)
    kmon.poll({f"group-{number}": LATE for number in range(20_000)} | {"g": LATE}, 13)
    assert not kmon.flush()
    assert kmon.store.trouble.endswith("is full")
    assert kmon.within("1h") == (120, 250)
    fill_disk(kmon.store, pages=1_000_000)
    kmon.start()
    assert kmon.within("1h") == (120, 250)


def test_a_file_that_is_replaced_meanwhile_gets_all_that_is_in_memory(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 31)
    kmon.start()
    kmon.poll({"g": FRESH}, 31)
    assert kmon.flush()
    assert kmon.store is not None
    kmon.store._let_go(lock=False)
    for path in kmon.directory.glob("state.sqlite*"):
        if path.suffix != ".lock":
            path.unlink()
    kmon.poll({"g": FRESH}, 7)
    kmon.start()
    assert kmon.within("6h") == (370, 670)


def test_a_file_that_could_not_be_opened_at_first_keeps_what_it_has(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 13)
    kmon.stop()
    path = kmon.directory / "state.sqlite"
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    kmon.start(away=10)
    assert len(kmon.counters.names) == 0
    path.rmdir()
    path.with_suffix(".away").rename(path)
    kmon.poll({"g": LATE}, 13)
    assert kmon.flush()
    kmon.start()
    assert kmon.late("1h") == 240


def test_a_second_kmon_has_windows_in_memory_only(kmon: Kmon, tmp_path: Path) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 13)
    other = Kmon(tmp_path)
    other.start()
    other.poll({"g": LATE}, 7)
    assert other.late("1h") == 60
    other.stop()
    kmon.start()
    assert kmon.late("1h") == 120


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no zlib",
        zlib.compress(b"{"),
        zlib.compress(b"7"),
        zlib.compress(b"[[60, 1, 2]]"),
        zlib.compress(b'[[60, "x", 2, ["g"]]]'),
        zlib.compress(b'[[60, NaN, 2, ["g"]]]'),
        zlib.compress(json.dumps([[60, -1, 2, ["g"]]]).encode()),
    ],
)
def test_a_row_that_cannot_be_read_is_one_line_and_costs_its_own_time(
    kmon: Kmon, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 25)
    changed(kmon, f"UPDATE freshness SET body = x'{body.hex()}' WHERE number = 0")
    kmon.start()
    assert kmon.late("1h") == 180
    (line,) = caplog.messages
    assert "1 row of" in line
    for _ in range(3):  # until it would be merged
        kmon.start(away=HOUR)
        kmon.poll({"g": LATE}, 7)
    assert kmon.late("6h") == 360


def test_a_second_poller_goes_on_with_what_the_first_has_counted(kmon: Kmon) -> None:
    kmon.start()
    kmon.poll({"g": LATE}, 5)
    kmon.counters = kmon.part.load(kmon.clock.wall, kmon.clock.mono)
    kmon.poll({"g": LATE}, 5)
    assert kmon.late("1h") == 90
    kmon.start()
    assert kmon.late("1h") == 90

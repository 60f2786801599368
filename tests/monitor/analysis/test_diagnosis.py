"""Diagnoses: each pattern in a scripted hour of polls, and near misses in which it must not be told."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from broker_figures import Figures, measured
from details import detailed_snapshot
from hostile import any_text
from hypothesis import given
from hypothesis import settings as examples
from series import Series
from snapshots import snapshots
from views import Group, Topic

from monitor.analysis.diagnosis import PATTERNS, diagnose
from monitor.analysis.view import make_view
from monitor.model.diagnoses import Diagnoses, Diagnosis, evidence_of
from monitor.model.snapshot import Snapshot
from monitor.model.status import OK, UNKNOWN
from monitor.model.text import duration
from monitor.model.view import View

BY_STATUS = (
    "unassigned_partitions",
    "no_consumers",
    "no_commits",
    "commit_beyond_end",
    "reads_too_slowly",
    "catching_up",
    "not_watched",
    "deletion_near",
    "rewound",
    "lost",
)
"""What is told of groups that no other pattern explains."""

INTERVAL = 30.0
POLLS = 70
"""Over half an hour, so that rates over an hour are known."""

Rate = float | Callable[[float], float]
"""Records a second, or those at so many seconds before the last poll."""

Member = tuple[str, str, list[tuple[str, int]]]


def since(seconds: float, then: float, before: float) -> Callable[[float], float]:
    """One rate until so many seconds before the end, and then another."""
    return lambda left: then if left < seconds else before


@dataclass
class Read:
    """How a group reads one partition: records a second, from so many records behind."""

    rate: Rate
    behind: float = 0


@dataclass
class Story:
    """Groups that read topic t: a rate at which each partition is written, and how each group reads each of them."""

    written: list[Rate]
    read: dict[str, list[Read]]
    members: Callable[[str, float], list[Member]] = field(default=lambda _group, _left: everybody(1, 1))
    state: Callable[[float], str] = field(default=lambda _left: "Stable")
    group: dict[str, Any] = field(default_factory=dict)
    topic: Callable[[float, list[float]], dict[str, Any]] = field(default=lambda _left, _ends: {})
    started: float = 0
    retention_seconds: float | None = None
    polls: int = POLLS
    interval: float = INTERVAL

    def play(self) -> View:
        """The last View."""
        series = Series(interval=self.interval, retention_seconds=self.retention_seconds)
        ends = [1_000_000.0 for _ in self.written]
        done = {
            name: [end - each.behind for end, each in zip(ends, reads, strict=True)]
            for name, reads in self.read.items()
        }
        view: View | None = None
        for poll in range(self.polls):
            left = (self.polls - 1 - poll) * self.interval
            ends = [end + self.interval * _at(rate, left) for end, rate in zip(ends, self.written, strict=True)]
            for name, reads in self.read.items():
                done[name] = [
                    min(end, at + self.interval * _at(each.rate, left))
                    for end, at, each in zip(ends, done[name], reads, strict=True)
                ]
            view = series.poll([self._topic(left, ends)], self._groups(left, done))
        assert view is not None
        return view

    def _topic(self, left: float, ends: list[float]) -> Topic:
        return replace(Topic("t", [(self.started, end) for end in ends]), **self.topic(left, ends))

    def _groups(self, left: float, done: dict[str, list[float]]) -> list[Group]:
        return [
            Group(
                name,
                {("t", each): at for each, at in enumerate(offsets)},
                self.members(name, left),
                state=self.state(left),
                **self.group,
            )
            for name, offsets in done.items()
        ]


def _at(rate: Rate, left: float) -> float:
    return rate(left) if callable(rate) else rate


def everybody(members: int, partitions: int) -> list[Member]:
    """So many members that share the partitions evenly."""
    owned: list[list[tuple[str, int]]] = [[] for _ in range(members)]
    for each in range(partitions):
        owned[each % members].append(("t", each))
    return [(f"app-{each}", f"/10.0.3.{each}", mine) for each, mine in enumerate(owned)]


def told(view: View, group: str = "g") -> list[tuple[str, str]]:
    """(pattern, sentence) of the diagnoses of a group."""
    table = view.diagnoses
    mine = np.flatnonzero(table.group == view.group_rows[group])
    return list(zip(table.pattern[mine].tolist(), table.sentence[mine].tolist(), strict=True))


def patterns(view: View, group: str = "g") -> list[str]:
    """Those that explain more than the status does."""
    return [pattern for pattern, _ in told(view, group) if pattern not in BY_STATUS]


def late(view: View, group: str = "g") -> bool:
    return bool(view.group_lags.status[view.group_rows[group]] != OK)


def one(written: Rate, read: Rate, **changes: Any) -> View:
    """A story of one partition that one member of g reads."""
    return Story([written], {"g": [Read(read, changes.pop("behind", 0))]}, **changes).play()


# -------------------------------------------------------------------- rates


def test_evidence_has_its_units() -> None:
    numbers = (
        ("seconds", 90.0),
        ("headroom_seconds", 7_200.0),
        ("seconds_ago", 5.0),
        ("share_of_lag", 0.9),
        ("lag", 1e6),
    )
    table = Diagnoses.of([Diagnosis("hot_partition", 0, "", numbers)])
    assert evidence_of(table, 0) == "time 1.5 min · headroom 2 h · ago 5 s · share of lag 90 % · lag 1,000,000"


def test_producers_sped_up() -> None:
    view = one(since(420, 300, 100), 100)
    assert patterns(view) == ["producers_sped_up"]
    sentence = told(view)[0][1]
    assert sentence.startswith("producers sped up ")
    assert "300/s over 5 min, " in sentence
    assert sentence.endswith("; out rate about unchanged at 100/s")
    numbers = dict(view.diagnoses.evidence[0])
    assert re.fullmatch(
        r"produce rate 5m 300/s · produce rate 60m 1\d\d/s · .*consume rate 60m .*/s", evidence_of(view.diagnoses, 0)
    )
    assert numbers["produce_rate_5m"] == pytest.approx(300)
    assert 100 < numbers["produce_rate_60m"] < 150
    assert numbers["consume_rate_5m"] == pytest.approx(100)


def test_producers_that_sped_up_with_their_consumers_or_a_little_are_not_told() -> None:
    assert patterns(one(since(420, 300, 100), since(390, 290, 100))) == []
    assert patterns(one(since(420, 130, 100), 100)) == []
    view = one(since(420, 300, 100), since(420, 60, 100))
    assert late(view)
    assert "producers_sped_up" not in patterns(view)


def test_consumers_slowed() -> None:
    view = one(100, since(420, 40, 100))
    assert patterns(view) == ["consumers_slowed"]
    assert told(view)[0][1].endswith("; in rate about unchanged at 100/s")
    assert "out rate 40/s over 5 min, " in told(view)[0][1]


def test_consumers_that_read_less_because_less_comes_or_because_they_caught_up_are_not_told() -> None:
    assert patterns(one(since(420, 40, 100), 100)) == []
    caught_up = one(100, since(400, 99.5, 300), behind=1_000_000)
    assert patterns(caught_up) == []
    still_behind = one(100, since(420, 110, 200), behind=1_000_000)
    assert late(still_behind)
    assert patterns(still_behind) == []


def test_rates_that_are_unknown_make_no_diagnosis() -> None:
    def hole(left: float, ends: list[float]) -> dict[str, Any]:
        return {"offsets": [(0, None if left == 0 else ends[0]), (0, ends[1])]}

    reads = {"g": [Read(100), Read(100)]}
    story = Story([since(420, 300, 100)] * 2, reads, members=lambda *_: everybody(1, 2))
    assert "producers_sped_up" in patterns(story.play())
    # What is produced on the partition that is known is known, and it is not the group's.
    assert [each for each in patterns(replace(story, topic=hole).play()) if each != "producers_sped_up"] == []
    assert patterns(replace(story, polls=6).play()) == []


# -------------------------------------------------------------------- partitions


def test_a_hot_partition() -> None:
    written: list[Rate] = [100, 100, 100, 500, 100, 100]
    view = Story(written, {"g": [Read(100)] * 6}, members=lambda *_: everybody(2, 6)).play()
    assert told(view) == [
        (
            "hot_partition",
            "hot partition t-3: in rate 500/s, 5.0× the median of 6 partitions; it has 100 % of the lag",
        )
    ]
    assert (view.diagnoses.topic[0], view.diagnoses.partition[0]) == ("t", 3)


def test_a_partition_that_is_only_read_slowly_or_has_no_share_of_the_lag_is_not_hot() -> None:
    slow = [Read(100), Read(100), Read(40), Read(100)]
    view = Story([100] * 4, {"g": slow}, members=lambda *_: everybody(2, 4)).play()
    assert late(view)
    assert "hot_partition" not in patterns(view)
    busy = Story(
        [100, 100, 500, 100], {"g": [Read(50), Read(50), Read(400), Read(50)]}, members=lambda *_: everybody(2, 4)
    )
    assert "hot_partition" not in patterns(busy.play())
    two = Story([100, 500], {"g": [Read(100), Read(100)]}, members=lambda *_: everybody(2, 2))
    assert "hot_partition" not in patterns(two.play())


def held(seconds: float) -> Callable[[float, list[float]], dict[str, Any]]:
    """A transaction that has been open on partition 0 for so long."""
    frozen: list[float] = []

    def stable(left: float, ends: list[float]) -> dict[str, Any]:
        if left <= seconds and not frozen:
            frozen.append(ends[0])
        return {"stable": [frozen[0] if frozen else ends[0], *ends[1:]]}

    return stable


def test_an_open_transaction_holds_readers() -> None:
    # A reader of committed records stands where the transaction began.
    reads = {"g": [Read(since(600, 0, 100)), Read(100)]}
    view = Story([100, 100], reads, members=lambda *_: everybody(1, 2), topic=held(600)).play()
    assert patterns(view) == ["open_transaction"]
    sentence = told(view)[0][1]
    assert sentence.startswith(
        "an open transaction blocks read_committed consumers on t-0: "
        f"60,000 records waiting for at least {duration(570)}"
    )
    assert dict(view.diagnoses.evidence[0])["unstable"] == 60_000


def test_a_transaction_that_is_open_for_a_moment_or_that_readers_do_not_wait_for_is_not_told() -> None:
    short = Story([100], {"g": [Read(since(60, 0, 100))]}, topic=held(60), interval=10).play()
    assert late(short)
    assert patterns(short) == []
    # Who is behind the last stable offset has records to read.
    far = Story([100], {"g": [Read(since(900, 0, 100))]}, topic=held(600)).play()
    assert late(far)
    assert "open_transaction" not in patterns(far)


def test_the_transaction_that_holds_a_partition_is_named() -> None:
    from monitor.analysis.diagnosis.partitions import open_transaction
    from monitor.analysis.diagnosis.signs import Signs

    reads = {"g": [Read(since(600, 0, 100))]}
    view = Story([100], reads, topic=held(600)).play()
    detailed = detailed_snapshot()
    written = replace(detailed.transaction_partitions, topic=np.array([0]), partition=np.array([0]))
    snapshot = replace(view.snapshot, transactions=detailed.transactions, transaction_partitions=written)
    ages = replace(make_view(detailed).transaction_ages, age_seconds=np.array([660.0]))
    (found,) = open_transaction(Signs(replace(view, snapshot=snapshot, transaction_ages=ages)))
    assert found.sentence.endswith("; billing-1 is open for 11 min")


# -------------------------------------------------------------------- members


def test_a_stuck_member() -> None:
    stops = since(900, 0, 100)
    reads = {"g": [Read(stops), Read(100), Read(stops), Read(100)]}
    view = Story([100] * 4, reads, members=lambda *_: everybody(2, 4)).play()
    assert patterns(view) == ["stuck_member"]
    assert re.fullmatch(
        r"member app-0 \(10.0.3.0\) is stuck for 1[2-5](\.\d)? min: it reads nothing from 2 partitions "
        "with 180,000 unread records, while 1 other member makes progress",
        told(view)[0][1],
    )
    assert view.snapshot.members.client_id[view.diagnoses.member[0]] == "app-0"


def test_a_member_that_reads_something_or_stands_with_all_others_is_not_stuck_by_itself() -> None:
    stops = since(900, 0, 100)
    half = Story([100] * 4, {"g": [Read(stops), Read(100), Read(100), Read(100)]}, members=lambda *_: everybody(2, 4))
    assert late(half.play())
    assert "stuck_member" not in patterns(half.play())
    both = Story([100] * 4, {"g": [Read(stops)] * 4}, members=lambda *_: everybody(2, 4)).play()
    assert late(both)
    assert "stuck_member" not in patterns(both)
    # One that has nothing to read stands still and is well.
    idle = Story([0, 100], {"g": [Read(100), Read(100)]}, members=lambda *_: everybody(2, 2)).play()
    assert patterns(idle) == []


def test_the_only_member_of_a_group_may_be_stuck() -> None:
    view = one(100, since(900, 0, 100))
    assert patterns(view) == ["stuck_member"]
    assert told(view)[0][1].endswith("it reads nothing from 1 partition with 90,000 unread records")


@pytest.mark.parametrize(("times", "storm"), [(3, False), (5, True)])
def test_a_rebalance_storm(times: int, *, storm: bool) -> None:
    def state(left: float) -> str:
        number = round(left / INTERVAL)
        return "PreparingRebalance" if number % 2 and number < 2 * times else "Stable"

    view = one(100, 100, state=state)
    expected = [("rebalance_storm", f"rebalance storm: {times} rebalances in 10 min")]
    assert told(view) == (expected if storm else [])


def test_rebalances_of_an_hour_ago_are_no_storm() -> None:
    def state(left: float) -> str:
        return "PreparingRebalance" if left > 1200 and round(left / INTERVAL) % 2 else "Stable"

    assert told(one(100, 100, state=state)) == []


def test_idle_members() -> None:
    story = Story([100] * 3, {"g": [Read(100)] * 3}, members=lambda *_: everybody(5, 3), polls=3)
    assert told(story.play()) == [("idle_members", "2 idle members: 5 members for 3 partitions")]


@pytest.mark.parametrize(
    "changes",
    [
        {"members": lambda *_: everybody(3, 3)},
        {"state": lambda _left: "PreparingRebalance"},
        {"group": {"protocol_type": "connect"}},
        {"group": {"group_type": "share"}},
        # One that is not assigned anything yet, while others have two, is not too many.
        {"members": lambda *_: [*everybody(1, 3), ("new", "/10.0.3.9", [])]},
    ],
)
def test_members_that_are_not_idle(changes: dict[str, Any]) -> None:
    story = Story([100] * 3, {"g": [Read(100)] * 3}, members=lambda *_: everybody(5, 3), polls=3)
    assert told(replace(story, **changes).play()) == []


def left_at(seconds: float) -> dict[str, Any]:
    """All members leave so many seconds before the end."""
    return {
        "members": lambda _group, left: [] if left < seconds else everybody(1, 1),
        "state": lambda left: "Empty" if left < seconds else "Stable",
    }


def test_an_empty_group() -> None:
    view = one(100, since(900, 0, 100), **left_at(900))
    assert patterns(view) == ["empty_group"]
    assert re.fullmatch(
        "no members for 1[2-5] min: 90,000 records behind, in rate 100/s",
        told(view)[0][1],
    )


def test_an_empty_group_that_nothing_comes_in_for_or_whose_consumers_are_no_members() -> None:
    quiet = one(since(600, 0, 100), since(900, 0, 100), **left_at(900))
    assert late(quiet)
    assert patterns(quiet) == []
    simple = one(100, since(900, 0, 100), **left_at(5000), group={"protocol_type": ""})
    assert late(simple)
    assert "empty_group" not in patterns(simple)


# -------------------------------------------------------------------- offsets


def reset(seconds: float, by: float) -> Callable[[float], float]:
    """A reader that is set back by so many records, so many seconds before the end."""
    return lambda left: -by / INTERVAL if left == seconds else 100


def test_offsets_were_reset() -> None:
    view = one(100, reset(480, 200_000))
    assert patterns(view)[0] == "offsets_reset"
    assert told(view)[0][1] == "offsets were rewound 8 min ago by 200,000 records on 1 partition"
    assert (view.diagnoses.topic[0], view.diagnoses.partition[0]) == ("t", 0)


def test_resets_are_not_added_up() -> None:
    def twice(left: float) -> float:
        return -20_000 / INTERVAL if left == 480 else -18_000 / INTERVAL if left == 1200 else 100

    view = one(100, twice)
    assert (
        dict(told(view))["offsets_reset"]
        == "offsets were rewound 8 min ago by 20,000 records on 1 partition; 2 resets in the last hour"
    )
    (row,) = np.flatnonzero(view.diagnoses.pattern == "offsets_reset")
    assert dict(view.diagnoses.evidence[row])["records"] == 20_000
    assert (view.diagnoses.topic[row], view.diagnoses.partition[row]) == ("t", 0)


def test_a_reset_that_was_read_up_again_or_was_long_ago_is_not_told() -> None:
    small = one(100, lambda left: -2_000 / INTERVAL if left == 480 else 300)
    assert view_events(small) == ["offsets_reset"]
    assert patterns(small) == []
    long_ago = one(100, reset(4500, 200_000), polls=160)
    assert late(long_ago)
    assert "offsets_reset" not in patterns(long_ago)


def view_events(view: View) -> list[str]:
    return list(view.events.kind)


def test_retention_passed() -> None:
    story = Story(
        [100], {"g": [Read(since(900, 0, 100))]}, topic=lambda _left, ends: {"offsets": [(ends[0] - 30_000, ends[0])]}
    )
    view = story.play()
    assert patterns(view)[0] == "retention_passed"
    assert told(view)[0][1] == "60,000 records lost on t-0: deleted before the group read them"
    near = replace(story, topic=lambda _left, ends: {"offsets": [(min(ends[0] - 30_000, 1_120_000), ends[0])]}).play()
    assert late(near)
    assert "retention_passed" not in patterns(near)


@pytest.mark.parametrize(
    ("read", "behind", "in_words"),
    [
        # Nobody reads: it is when the next record is deleted.
        (
            since(900, 0, 100),
            0,
            "in 45 min at this rate: retention deletes the next record in 45 min; out rate 0.0/s, in rate 100/s",
        ),
        # A backlog that takes longer to read than it is kept.
        (150, 300_000, "draining takes"),
    ],
)
def test_deletion_overtakes(read: Rate, behind: float, in_words: str) -> None:
    view = one(100, read, behind=behind, retention_seconds=3600)
    assert "deletion_overtakes" in patterns(view)
    assert in_words in dict(told(view))["deletion_overtakes"]


@pytest.mark.parametrize(
    ("read", "changes"),
    [
        # Kept for a week: there is time.
        (since(900, 0, 100), {"retention_seconds": 604_800}),
        (since(900, 0, 100), {}),
        # Reads its backlog long before that is deleted, or is hardly behind.
        (200, {"retention_seconds": 3600, "behind": 300_000}),
        (since(120, 0, 100), {"retention_seconds": 3600}),
    ],
)
def test_deletion_that_does_not_overtake(read: Rate, changes: dict[str, Any]) -> None:
    assert "deletion_overtakes" not in patterns(one(100, read, **changes))


# -------------------------------------------------------------------- brokers


def on_brokers(groups: int, late: Callable[[int, int], bool]) -> View:
    """Groups that read 6 partitions, of which brokers 1, 2 and 3 lead two each; some rows stand still for 10 min."""
    stops = since(600, 0, 100)
    reads = {f"g{group}": [Read(stops if late(group, each) else 100) for each in range(6)] for group in range(groups)}
    return Story([100] * 6, reads, members=lambda *_: everybody(2, 6)).play()


def test_a_broker_at_fault() -> None:
    view = on_brokers(4, lambda _group, partition: partition % 3 == 1)
    sentence = (
        "broker 2 is the cause, not the consumers: 4 groups are behind on 8 of 8 partitions that it leads, "
        "and on 0 of 16 that other brokers lead"
    )
    for group in range(4):
        assert told(view, f"g{group}") == [("broker_at_fault", sentence)]
    assert set(view.diagnoses.broker.tolist()) == {2}


def test_what_is_late_of_one_group_or_everywhere_is_not_the_broker() -> None:
    for view in (
        on_brokers(4, lambda group, partition: group < 2 and partition % 3 == 1),
        on_brokers(4, lambda group, partition: partition % 3 == 1 or group < 2),
    ):
        assert late(view, "g0")
        assert "broker_at_fault" not in view.diagnoses.pattern


def test_a_group_that_is_late_elsewhere_as_well_has_reasons_of_its_own() -> None:
    view = on_brokers(8, lambda group, partition: partition % 3 == 1 or (group == 0 and partition == 0))
    assert patterns(view, "g1") == ["broker_at_fault"]
    assert "broker_at_fault" not in patterns(view, "g0")


def diagnosed(view: View, brokers: Mapping[int, Figures], group: str = "g") -> list[tuple[str, str]]:
    """What is told of a group where its brokers have these metrics."""
    measured_view = measured(view, brokers)
    return told(replace(measured_view, diagnoses=diagnose(measured_view)), group)


BUSY, IDLE = Figures(handlers=0.03), Figures()


def test_a_broker_that_is_slow_by_its_own_metrics_is_the_reason() -> None:
    view = on_brokers(1, lambda _group, partition: partition % 3 == 1)
    others = diagnosed(view, {}, "g0")
    sentence = "broker 2 is slow: request handlers 3 % idle; it leads 2 of 2 partitions on which the group is late"
    assert ("slow_broker", sentence) in diagnosed(view, {1: IDLE, 2: BUSY}, "g0")
    assert diagnosed(view, {1: IDLE, 2: IDLE, 3: IDLE}, "g0") == others
    assert diagnosed(view, {1: BUSY, 3: BUSY}, "g0") == others  # which lead what is read in time
    assert diagnosed(view, {2: Figures(handlers=np.nan)}, "g0") == others


def test_a_slow_broker_that_leads_only_a_part_of_what_is_late_is_not_told() -> None:
    view = on_brokers(1, lambda _group, partition: partition in (0, 1, 4))
    assert "slow_broker" not in dict(diagnosed(view, {2: BUSY}, "g0"))
    assert "slow_broker" in dict(diagnosed(view, {1: BUSY, 2: BUSY}, "g0"))


def test_consumers_that_slowed_are_told_that_it_is_not_the_broker_where_that_is_known() -> None:
    view = one(100, since(420, 40, 100))
    leaders = set(view.snapshot.partitions.leader.tolist())
    (plain,) = diagnosed(view, {})
    (known,) = diagnosed(view, dict.fromkeys(leaders, IDLE))
    assert known == (plain[0], f"{plain[1]}; its brokers are not slow")
    assert dict(diagnosed(view, dict.fromkeys(leaders, BUSY))).keys() == {"slow_broker"}


# -------------------------------------------------------------------- all


def test_the_worst_group_comes_first_and_the_gravest_pattern_of_a_group() -> None:
    reads = {"calm": [Read(100)], "lost": [Read(since(900, 0, 100))], "slow": [Read(since(420, 40, 100))]}
    story = Story([100], reads, members=lambda group, _left: everybody(3 if group == "lost" else 1, 1))
    view = replace(story, topic=lambda _left, ends: {"offsets": [(ends[0] - 80_000, ends[0])]}).play()
    assert view.snapshot.groups.group[view.diagnoses.group].tolist() == ["lost", "lost", "slow"]
    assert view.diagnoses.pattern.tolist() == ["retention_passed", "idle_members", "consumers_slowed"]


def test_a_group_that_no_pattern_explains_is_told_by_its_status() -> None:
    """Two of them were stuck with one word: nobody is there to read, or somebody is and commits nothing."""
    series = Series()
    for each in range(60):
        ends = dict.fromkeys("abcdef", 1000.0 + 10 * each) | {"c": 1000.0, "f": 20.0}
        read: dict[tuple[str, int], float | str | None] = {("a", 0): ends["a"], ("a", 1): 900}
        groups = [
            Group("left", read, [("m", "/h", [("a", 0)])]),
            Group("simple", {("b", 0): 900}, protocol_type="", state="Empty"),
            Group("empty", {("c", 0): 900}, state="Empty"),
            Group("both", {("d", 0): 900, ("d", 1): 900}, [("m", "/h", [("d", 0)]), ("n", "/h", [("d", 1)])]),
            Group("slow", {("e", 0): 900.0 + 5 * each}, [("m", "/h", [("e", 0)])]),
            Group("ahead", {("f", 0): 1000}, state="Empty"),
        ]
        topics = [Topic(name, [(0, end), (0, end)]) for name, end in ends.items()]
        view = series.poll(topics, groups, ages={("c", 0): 600.0 + 10 * each, ("d", 0): 600, ("d", 1): 600})
    told_of = {group.name: told(view, group.name)[-1] for group in groups}
    assert {name: pattern for name, (pattern, _) in told_of.items()} == {
        "left": "unassigned_partitions",
        "simple": "no_commits",
        "empty": "no_consumers",
        "both": "no_commits",
        "slow": "reads_too_slowly",
        "ahead": "commit_beyond_end",
    }
    sentences = {name: sentence for name, (_, sentence) in told_of.items()}
    assert sentences["left"].startswith("no member is assigned 1 partition with unread records for ")
    assert sentences["simple"].startswith("its consumers (manual assignment) commit no offsets for ")
    waits = "100 records behind on 1 partition, no new records"
    assert re.fullmatch(rf"no consumers for over \S+ min: {waits}", sentences["empty"])
    assert sentences["both"].startswith("its 2 members commit no offsets for ")
    assert re.fullmatch(
        r"\d+ records behind, out rate 0.5/s, in rate 1.0/s: does not drain at these rates",
        sentences["slow"],
    )
    assert sentences["ahead"] == (
        "committed offsets are beyond the log end on f-0 (1,000, log end 20): consumers fail or skip records there"
    )


@examples(max_examples=40)
@given(snapshots())
def test_one_poll_alone_tells_of_no_change(snapshot: Snapshot) -> None:
    """Without a past there are no rates, and nothing that needs them is told."""
    view = make_view(snapshot)
    assert set(view.diagnoses.pattern) <= {"retention_passed", "idle_members", "open_transaction", *BY_STATUS}
    assert all(not np.isnan(value) for evidence in view.diagnoses.evidence for _, value in evidence)
    unhealthy = np.flatnonzero(~np.isin(view.group_lags.status, (OK, UNKNOWN)))
    assert set(unhealthy.tolist()) <= set(view.diagnoses.group.tolist())


@examples(max_examples=25)
@given(any_text)
def test_no_name_leaves_the_line(name: str) -> None:
    series = Series()
    for poll in range(4):
        groups = [Group(name, {(name, 0): 100 + poll}, [(name, name, [(name, 0)]), (name, "/10.0.0.9", [])])]
        view = series.poll([Topic(name, [(90 + 10 * poll, 1000 * (poll + 1))])], groups)
    assert {"retention_passed", "idle_members"} <= set(view.diagnoses.pattern)
    assert all(each.isprintable() for each in view.diagnoses.sentence)


@pytest.mark.parametrize("pattern", [*(each.__name__ for each in PATTERNS), *BY_STATUS])
def test_every_pattern_is_explained(pattern: str, request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    assert f"| `{pattern}` |" in page

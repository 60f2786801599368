"""Problems: what is the matter, how bad it is, since when, and which problem explains which."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from details import GIB, detailed_view
from hostile import any_text
from hypothesis import given
from reasons import reasons
from series import Poll, watch
from snapshots import snapshots
from views import NOW, Group, Topic, shop_view, snapshot_of

from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs, Quorum, Transactions
from monitor.model.levels import OF_PROBLEMS as LEVELS
from monitor.model.snapshot import Brokers, Snapshot
from monitor.model.status import OK, STATUSES, WELL
from monitor.model.table import objects
from monitor.model.text import duration
from monitor.model.view import View

TIMED_OUT = "broker 2: timed out after 3.3 s"
KINDS = (
    "no_controller",
    "metadata_behind",
    "quorum_minority",
    "broker_down",
    "broker_silent",
    "offline",
    "under_min_isr",
    "under_replicated",
    "log_dir_offline",
    "disk_full",
    "no_full_answer",
    "transaction_hangs",
    "leader_imbalance",
    "broker_fenced",
)


def told(view: View, *, explained: bool = False) -> list[tuple[str, str, str]]:
    """(level, kind, sentence) of the problems that nothing explains, or of those that something does."""
    table = view.problems
    return [
        (table.level[row], table.kind[row], table.sentence[row])
        for row in range(len(table))
        if (table.cause[row] >= 0) == explained
    ]


def cause_of(view: View, kind: str) -> str | None:
    """Kind and subject of what explains the only problem of a kind."""
    table = view.problems
    (row,) = np.flatnonzero(table.kind == kind)
    cause = table.cause[row]
    return None if cause < 0 else f"{table.kind[cause]}: {table.subject[cause]}"


def without_broker(snapshot: Snapshot, node: int, *, fenced: bool = False) -> Snapshot:
    """A broker that is not there any more, or is there and fenced."""
    table = snapshot.brokers
    rows = [row for row, each in enumerate(table.broker) if fenced or each != node]
    columns = {each.name: getattr(table, each.name)[rows] for each in Brokers.schema()}
    columns["fenced"] = np.array([float(each == node) for each in columns["broker"]])
    return replace(snapshot, brokers=Brokers(**columns))


def shop(groups: Sequence[Group] = (), **topic: Any) -> Snapshot:
    return snapshot_of([Topic("orders", [(0, 10), (0, 10), (0, 10)], **topic)], list(groups))


READER = Group("pay", {("orders", 0): 10, ("orders", 1): 10, ("orders", 2): 10})
GONE = {"leaders": [1, 2, 1], "isr": [[1, 2], [2, 1], [1, 2]]}


def test_a_cluster_without_problems_has_none() -> None:
    assert len(make_view(shop([READER])).problems) == 0


# -------------------------------------------------------------------- causes


@pytest.mark.parametrize("fenced", [False, True])
def test_a_dead_broker_explains_its_under_replicated_partitions(*, fenced: bool) -> None:
    view = make_view(without_broker(shop([READER], **GONE), 3, fenced=fenced))
    down = "broker 3 is down (fenced)" if fenced else "broker 3 is down"
    whole = ("critical", "broker_down", f"{down}; 3 partitions under-replicated")
    assert told(view) == [whole]
    assert cause_of(view, "under_replicated") == "broker_down: broker 3"
    assert (view.verdict.level, view.verdict.sentence) == ("critical", whole[2])
    assert view.problems.partitions.row(1) == [0, 1, 2]


def test_a_fenced_broker_that_holds_nothing_needs_attention() -> None:
    snapshot = snapshot_of([Topic("t", [(0, 5)], replicas=[[1, 2, 3]])], [], brokers=4)
    fenced = replace(snapshot.brokers, fenced=np.array([0.0, 0.0, 0.0, 1.0]))
    view = make_view(replace(snapshot, brokers=fenced))
    assert told(view) == [("attention", "broker_fenced", "broker 4 is fenced and holds no replica")]
    assert view.verdict.level == "attention"


def test_who_is_out_of_sync_and_alive_is_no_effect_of_another_that_is_dead() -> None:
    isr = [[1], [2, 1], [1, 2]]
    view = make_view(without_broker(shop([READER], leaders=[1, 2, 1], isr=isr), 3))
    assert [each[2] for each in told(view)] == [
        "broker 3 is down; 3 partitions under-replicated",
        "broker 2 is out of sync on 1 partition, 1 of them with one in-sync replica left",
    ]
    assert view.verdict.sentence.endswith(" · 1 partition under-replicated")


def test_a_dead_broker_explains_offline_partitions_and_these_the_groups_on_them() -> None:
    alone = {"replicas": [[1, 2], [2, 1], [3]], "leaders": [1, 2, -1], "isr": [[1, 2], [2, 1], [3]]}
    topic = Topic("orders", [(0, 10), (0, 10), (None, None)], **alone)  # type: ignore[arg-type]
    view = make_view(without_broker(snapshot_of([topic], [READER]), 3))
    assert cause_of(view, "offline") == "broker_down: broker 3"
    assert cause_of(view, "group_unknown") == "offline: orders on broker 3"
    assert [kind for _, kind, _ in told(view)] == ["broker_down"]
    assert view.verdict.sentence == "broker 3 is down; 1 partition offline"


def test_an_offline_partition_without_a_dead_broker_stands_for_itself_and_explains_what_reads_it() -> None:
    topic = Topic("orders", [(0, 10), (0, 10), (None, None)], leaders=[1, 2, -1])
    other = Topic("audit", [(0, 10)])
    readers = [READER, Group("both", {("orders", 2): 4, ("audit", 0): None})]
    view = make_view(snapshot_of([topic, other], readers))
    assert told(view)[0] == ("critical", "offline", "partition orders-2 is offline; 1 group affected")
    # What is unknown of `both` is not all on the offline partition.
    assert [sentence for _, kind, sentence in told(view) if kind == "group_unknown"] == [
        f"both is unknown: {_why(view, 'both')}"
    ]


def _why(view: View, group: str) -> str:
    from monitor.analysis.derive.verdict import group_why

    return group_why(view, view.group_rows[group])


def test_a_coordinator_or_leader_that_does_not_answer_explains_unknown_groups_and_missing_answers() -> None:
    topic = Topic("orders", [(0, 10), (None, None), (0, 10)])
    asked = Group("pay", {("orders", 0): 10, ("orders", 1): 10, ("orders", 2): 10})
    unasked = Group("bill", reason=TIMED_OUT, commits_reason=TIMED_OUT)
    snapshot = snapshot_of(
        [topic], [asked, unasked], failed={"groups": TIMED_OUT, "end_offsets": f"{TIMED_OUT}; {TIMED_OUT}"}
    )
    groups = replace(snapshot.groups, coordinator=np.array([2, 1]))
    view = make_view(replace(snapshot, groups=groups, silent=reasons(TIMED_OUT)))
    assert told(view) == [
        ("degraded", "broker_silent", "broker 2 did not respond: timed out after 3.3 s; 2 groups affected")
    ]
    assert [kind for _, kind, _ in told(view, explained=True)] == ["no_full_answer", "group_unknown"]
    assert view.verdict.level == "degraded"


def test_an_answer_that_another_fault_cost_is_not_explained() -> None:
    snapshot = snapshot_of([], [], failed={"groups": f"{TIMED_OUT}; broker 1: denied", "commits": TIMED_OUT})
    view = make_view(replace(snapshot, silent=reasons(TIMED_OUT)))
    assert told(view)[1] == ("degraded", "no_full_answer", f"groups incomplete: {TIMED_OUT}; broker 1: denied")


def test_a_group_that_lost_records_is_not_excused_by_a_broker() -> None:
    topic = Topic("orders", [(5, 10), (0, 10), (0, 10)])
    group = Group("pay", {("orders", 0): 1, ("orders", 1): 10, ("orders", 2): 10})
    view = make_view(replace(snapshot_of([topic], [group]), silent=reasons("broker 1: timed out")))
    assert cause_of(view, "group_lost") is None


def test_while_the_cluster_is_unreachable_that_explains_everything_and_nothing_is_forgotten() -> None:
    first = shop_view()
    down = make_view(shop_view(1, error="refused").snapshot, last_good=first)
    still = make_view(shop_view(2, error="refused").snapshot, last_good=down)
    assert told(still) == [("critical", "cluster_unreachable", "the cluster is unreachable: refused")]
    assert len(still.problems) == len(first.problems) + 1
    assert set(still.problems.cause.tolist()) == {-1, 0}
    assert still.problems.since[0] == NOW + 10
    back = make_view(shop_view(3).snapshot, last_good=still)
    assert set(back.problems.since.tolist()) == {NOW}
    assert "cluster_unreachable" not in back.problems.kind


# -------------------------------------------------------------------- kinds


def test_every_problem_of_a_cluster_with_all_of_them() -> None:
    assert told(detailed_view()) == [
        ("critical", "broker_down", "broker 4 is down (fenced)"),
        ("critical", "offline", "partition audit-1 is offline"),
        ("critical", "under_min_isr", "partition payments-0 is under min ISR"),
        ("critical", "log_dir_offline", "log dir /data/a of broker 3: KAFKA_STORAGE_ERROR"),
        ("degraded", "disk_full", "disk of log dir /data/a of broker 2 is nearly full: 8 % free, 8.00 GiB"),
        ("degraded", "under_replicated", "broker 1 is out of sync on 1 partition"),
        (
            "degraded",
            "under_replicated",
            "broker 2 is out of sync on 2 partitions, 1 of them with one in-sync replica left",
        ),
        (
            "degraded",
            "under_replicated",
            "broker 3 is out of sync on 2 partitions, 1 of them with one in-sync replica left",
        ),
        ("attention", "group_behind", "ledger and 3 more are behind"),
    ]
    # Broker 4 is only being added to payments-0, so it is not to blame.
    assert cause_of(detailed_view(), "metadata_behind") == "broker_down: broker 4"


def quorum(behind: list[float], leader: int = 0) -> Snapshot:
    count = len(behind)
    times = NOW - np.array(behind)
    leads = np.arange(count) == leader
    table = Quorum(
        node=np.arange(1, count + 1),
        voter=np.ones(count, bool),
        leader=leads,
        log_end_offset=np.full(count, 9.0),
        last_fetch=times,
        last_caught_up=times,
    )
    return replace(snapshot_of([], []), quorum=table)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ([0, 29, 0], []),
        ([0, 31, 0], [("degraded", "quorum_minority", "2 of 3 controllers are caught up, 2 are needed for a quorum")]),
        ([0, 31, 31], [("critical", "quorum_minority", "1 of 3 controllers are caught up, 2 are needed for a quorum")]),
        ([0, 0, 0, 0, 90], []),
        ([0], []),
    ],
)
def test_a_quorum_that_cannot_lose_another_controller(behind: list[float], expected: list[Any]) -> None:
    found = [each for each in told(make_view(quorum(behind))) if each[1] == "quorum_minority"]
    assert found == expected


def test_controllers_that_fall_behind_and_a_quorum_without_a_leader() -> None:
    assert told(make_view(quorum([0, 0, 0, 0, 90]))) == [
        ("degraded", "metadata_behind", f"controller 5 is {duration(90)} behind the metadata log")
    ]
    sentence = "the metadata quorum has no leader, so there is no active controller"
    assert told(make_view(quorum([0, 0, 0], leader=-1))) == [("critical", "no_controller", sentence)]


@pytest.mark.parametrize(
    ("usable", "level"), [(15.0, None), (14.9, "degraded"), (5.0, "degraded"), (4.9, "critical"), (np.nan, None)]
)
def test_disks(usable: float, level: str | None) -> None:
    dirs = LogDirs(
        broker=np.array([1]),
        path=objects(["/data"]),
        total_bytes=np.array([100 * GIB]),
        usable_bytes=np.array([usable * GIB]),
        reason=np.array([0]),
    )
    assert [each[0] for each in told(make_view(replace(snapshot_of([], []), log_dirs=dirs)))] == (
        [level] if level else []
    )


@pytest.mark.parametrize(("age", "hangs"), [(1190, False), (1210, True)])
def test_a_transaction_hangs_when_no_coordinator_aborts_it(age: float, *, hangs: bool) -> None:
    table = Transactions(
        transactional_id=objects(["billing\n"]),
        producer_id=np.array([1.0]),
        state=objects(["Ongoing"]),
        coordinator=np.array([1]),
        started=np.array([NOW - age]),
        timeout_seconds=np.array([900.0]),
        reason=np.array([0]),
    )
    found = told(make_view(replace(snapshot_of([], []), transactions=table)))
    sentence = rf"transaction billing\n is hanging: open for {duration(age)}, timeout {duration(900)}"
    assert found == ([("degraded", "transaction_hangs", sentence)] if hangs else [])


def test_leaders_away_from_home_are_a_note() -> None:
    view = make_view(shop([READER], leaders=[2, 2, 3]))
    assert told(view) == [
        ("note", "leader_imbalance", "broker 1 is preferred leader of 1 partition and does not lead 1 of them")
    ]
    assert view.verdict.level == "ok"


def test_offline_partitions_of_a_topic_are_one_problem_and_those_of_many_topics_as_well() -> None:
    assert told(make_view(shop(leaders=[-1, -1, 3])))[0] == (
        "critical",
        "offline",
        "2 of 3 partitions of orders are offline",
    )
    many = [Topic(f"t{each}", [(0, 1)], leaders=[-1]) for each in range(30)]
    assert told(make_view(snapshot_of(many, []))) == [
        ("critical", "offline", "30 partitions of several topics are offline")
    ]


def test_groups_that_lost_records_stand_one_by_one_up_to_a_limit() -> None:
    topic = Topic("orders", [(5, 10)])
    view = make_view(snapshot_of([topic], [Group(f"g{each:02d}", {("orders", 0): 1}) for each in range(30)]))
    sentences = [sentence for _, _, sentence in told(view)]
    assert len(sentences) == 21
    assert sentences[0] == "g00 lost records: 4 records lost; no members; lost on orders-0: 5 records"
    assert sentences[-1] == "g20 and 9 more lost records"
    assert view.verdict.sentence == "g00 and 29 more lost records"


def group_problem(views: list[View]) -> tuple[str, str, float] | None:
    """Level, kind and seconds since when of the only problem of a group, in the last View."""
    table = views[-1].problems
    rows = [row for row in range(len(table)) if table.kind[row].startswith("group_")]
    if not rows:
        return None
    (row,) = rows
    return table.level[row], table.kind[row], views[-1].time - table.since[row]


def test_an_empty_group_explains_its_partitions_that_nobody_reads() -> None:
    reading = [Poll(end=100 * each, commit=100 * each) for each in range(1, 10)]
    left = [Poll(end=1000 + 100 * each, commit=900, members=0) for each in range(30)]
    assert group_problem(watch(reading)) is None
    level, kind, since = group_problem(watch([*reading, *left])) or ("", "", 0)
    assert (level, kind) == ("degraded", "group_stopped")
    assert 200 < since < 310
    # A group that had stopped before kmon began to poll is as bad as its next record is old.
    for age, expected in ((9000, "degraded"), (90_000, "attention")):
        assert (group_problem(watch([replace(each, age=age) for each in left])) or [""])[0] == expected


def test_a_group_that_stands_still_is_a_problem_since_it_does() -> None:
    polls = [Poll(end=100 * each, commit=100 * min(each, 9)) for each in range(1, 60)]
    level, kind, since = group_problem(watch(polls)) or ("", "", 0)
    assert (level, kind) == ("degraded", "group_stuck")
    assert 400 < since < 510


# -------------------------------------------------------------------- the list


def test_a_problem_keeps_the_time_when_it_was_first_seen() -> None:
    one, two = shop_view(0), shop_view(1)
    assert set(one.problems.since.tolist()) == {NOW}
    assert set(make_view(two.snapshot, last_good=one).problems.since.tolist()) == {NOW}
    healed = make_view(shop([READER]), last_good=one)
    again = make_view(two.snapshot, last_good=healed)
    assert set(again.problems.since.tolist()) == {NOW + 10}


@pytest.mark.parametrize(
    ("failed", "seconds", "since"),
    [({}, 10, NOW + 20), ({"configs": "timed out"}, 10, NOW), ({"configs": "timed out"}, 600, NOW + 610)],
)
def test_a_problem_that_an_incomplete_poll_lacks_for_a_moment_keeps_its_beginning(
    failed: dict[str, str], seconds: float, since: float
) -> None:
    one = shop_view()
    fine = snapshot_of([Topic("orders", [(0, 10), (0, 10), (0, 10)])], [READER], time=NOW + seconds, failed=failed)
    lacking = make_view(fine, last_good=one)
    again = make_view(replace(one.snapshot, time=NOW + seconds + 10), last_good=lacking)
    assert set(again.problems.since.tolist()) == {since}


def test_what_does_not_fit_into_the_sentence_is_counted() -> None:
    view = detailed_view()
    assert len(view.verdict.clauses) == 8
    assert [each.text for each in view.verdict.clauses][-2] == "1 other problem"


@given(snapshots(), snapshots())
def test_problems_are_ranked_causes_end_and_the_verdict_has_the_worst_level(one: Snapshot, two: Snapshot) -> None:
    before = make_view(one)
    view = make_view(two, last_good=before)
    table = view.problems
    levels = [LEVELS.index(each) for each in table.level]
    assert levels == sorted(levels)
    assert table.rank.tolist() == list(range(1, len(table) + 1))
    assert len(set(zip(table.kind, table.subject, strict=True))) == len(table)
    for row in range(len(table)):
        seen = {row}
        while (row := int(table.cause[row])) >= 0:
            assert row not in seen
            seen.add(row)
    unexplained = [level for level, _, _ in told(view)]
    expected = next(iter(unexplained), "note")
    assert view.verdict.level == ("ok" if expected == "note" else expected)
    if view.verdict.level == "ok":
        health, fenced = view.partition_health, two.brokers.fenced == 1
        assert not (view.group_lags.status != OK).any()
        assert not (health.offline | health.under_replicated | (health.under_min_isr == 1)).any()
        assert not fenced.any()
    assert make_view(two, last_good=before).problems.sentence.tolist() == table.sentence.tolist()


@given(any_text, any_text)
def test_no_name_leaves_the_line(group: str, topic: str) -> None:
    groups = [Group(group, {(topic, 0): 1, (topic, 1): None}), Group(group + "2", {(topic, 0): 7})]
    view = make_view(
        snapshot_of([Topic(topic, [(5, 10), (0, 9)], leaders=[1, -1])], groups, failed={"commits": f"lost {topic}"})
    )
    assert len(view.problems) >= 4
    for texts in (view.problems.sentence, view.problems.subject):
        assert all(each.isprintable() for each in texts)
    assert view.verdict.sentence.isprintable()


BAD = [each for code, each in enumerate(STATUSES) if code not in WELL]
"""The statuses with which a group is a problem."""


@pytest.mark.parametrize("kind", [*KINDS, "cluster_unreachable", *(f"group_{each}" for each in BAD)])
def test_every_kind_is_explained(kind: str, request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs" / "health.md").read_text(encoding="utf-8")
    assert f"| `{kind}` |" in page

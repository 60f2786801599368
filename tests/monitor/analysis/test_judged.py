"""Status, level and since of every subject: at the limits, and from poll to poll."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from details import GIB, detailed_snapshot
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.derive.judged.brokers import disk_used, fullest_disks, fullest_levels, log_dir_why
from monitor.analysis.derive.judged.groups import judge_lags, known_partitions
from monitor.analysis.derive.judged.order import worst_first
from monitor.analysis.derive.judged.subjects import judge_rows
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs
from monitor.model.levels import LEVELS
from monitor.model.limits import ABANDONED_SECONDS, DATA_LATE_POLLS, DATA_OLD_POLLS, Limits, data_level
from monitor.model.snapshot import Assignments
from monitor.model.table import objects
from monitor.model.view import View
from monitor.settings import load
from monitor.subjects.members import MEMBER

STOPPED, STUCK = 4, 5


def with_disks(*free: float) -> View:
    """A View in which broker 1 has a log dir of 100 GiB with each of these shares free, NaN where it does not tell."""
    count = len(free)
    sizes = np.where(np.isnan(free), math.nan, 100 * GIB)
    dirs = LogDirs(
        broker=np.ones(count, int),
        path=objects(f"/data/{each}" for each in range(count)),
        total_bytes=sizes,
        usable_bytes=sizes * np.array(free),
        reason=np.zeros(count, int),
    )
    return make_view(replace(detailed_snapshot(), log_dirs=dirs))


@pytest.mark.parametrize(
    ("free", "level"),
    [(1.0, "ok"), (0.15, "ok"), (0.149, "degraded"), (0.05, "degraded"), (0.049, "critical"), (0, "critical")],
)
def test_a_volume_is_judged_by_what_is_free(free: float, level: str) -> None:
    view = with_disks(free)
    assert view.judged.log_dirs.levels.tolist() == [level]
    assert fullest_levels(view)[0] == level
    assert bool(log_dir_why(view, 0)) == (level != "ok")
    kinds = {"disk_full"} if level != "ok" else set()
    assert {kind for kind in view.problems.kind if kind == "disk_full"} == kinds


def test_the_limits_of_disks_and_transactions_are_settings(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "health.md").read_text()
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example
    (tmp_path / "kmon.yaml").write_text(example[1])
    limits = load(tmp_path / "kmon.yaml", {}, {}).settings.cluster.health.limits
    assert limits == Limits(0.2, 0.1, 600.0)
    snapshot = with_disks(0.18, 0.08).snapshot
    assert make_view(snapshot, limits=limits).judged.log_dirs.levels.tolist() == ["degraded", "critical"]
    assert make_view(snapshot).judged.log_dirs.levels.tolist() == ["ok", "degraded"]
    hung = replace(snapshot.transactions, started=snapshot.transactions.started - 600)
    assert make_view(replace(snapshot, transactions=hung)).judged.transactions.words.tolist() == ["hanging"]
    assert make_view(replace(snapshot, transactions=hung), limits=limits).judged.transactions.words.tolist() == ["ok"]


def test_the_fullest_volume_is_unknown_while_one_is() -> None:
    assert fullest_disks(with_disks(0.4, 0.1))[0] == pytest.approx(0.9)
    view = with_disks(0.4, math.nan)
    assert np.isnan(fullest_disks(view)[0])
    assert disk_used(view).tolist() == [pytest.approx(0.6), pytest.approx(math.nan, nan_ok=True)]


def test_what_has_been_stopped_for_long_needs_attention_only() -> None:
    ages = np.array([10.0, ABANDONED_SECONDS - 1, ABANDONED_SECONDS, math.nan])
    status = np.full(4, STOPPED)
    judged = judge_lags(NOW, status, np.full(4, math.nan), ages, np.ones(4, bool))
    assert judged.levels.tolist() == ["degraded", "degraded", "attention", "attention"]
    assert set(judged.words) == {"stopped"}


def test_partitions_of_a_group_that_cannot_be_read_are_not_counted() -> None:
    denied = "denied: Describe on the group"
    groups = [
        Group("a", reason=denied, commits_reason=denied),
        Group("b", {("t", 0): 5}),
        Group("c"),
        Group("d", {("t", 0): 5}, commits_reason="broker 2: timed out after 3.0 s"),
    ]
    view = make_view(snapshot_of([Topic("t", [(0, 10)])], groups))
    assert str(known_partitions(view, "partitions").tolist()) == "[nan, 1.0, 0.0, nan]"


def shop(time: float, before: View | None, *, isr: list[int], topics: int = 1, error: str = "") -> View:
    names = [Topic("orders", [(0, 10), (0, 10)], isr=[isr, [2, 3, 1]])]
    names += [Topic("payments", [(0, 10)])] if topics > 1 else []
    return make_view(snapshot_of([] if error else names, [], time=time, error=error), last_good=before)


def test_since_is_carried_from_poll_to_poll() -> None:
    first = shop(NOW, None, isr=[1, 2, 3])
    assert np.isnan(first.judged.partitions.since).all()
    second = shop(NOW + 10, first, isr=[1], topics=2)
    assert second.judged.partitions.since.tolist()[0] == NOW + 10
    assert np.isnan(second.judged.partitions.since[1])
    assert second.judged.partitions.since[2] == NOW + 10, "a partition that was not there before"
    gone = shop(NOW + 20, second, isr=[1], error="no broker answered")
    third = shop(NOW + 30, gone, isr=[1], topics=2)
    assert third.judged.partitions.since.tolist()[0] == NOW + 10
    assert third.judged.topics.since.tolist()[0] == NOW + 10
    well = shop(NOW + 40, third, isr=[1, 2, 3])
    assert (well.judged.topics.words[0], well.judged.topics.since[0]) == ("ok", NOW + 40)
    assert well.judged.brokers.words.tolist() == ["ok"] * 3


def test_the_worst_come_first_and_the_unknown_last_among_their_like() -> None:
    severity, size = np.array([0, 3, 3, 3, 1]), np.array([9.0, math.nan, 1.0, 5.0, 7.0])
    assert worst_first(severity, size).tolist() == [3, 2, 1, 4, 0]
    assert worst_first(severity).tolist() == [1, 2, 3, 4, 0]


def test_data_is_late_and_then_old() -> None:
    assert [
        data_level(10.0 * polls, 10.0) for polls in (0, DATA_LATE_POLLS, DATA_LATE_POLLS + 0.1, DATA_OLD_POLLS + 1)
    ] == [
        "ok",
        "ok",
        "degraded",
        "critical",
    ]
    assert LEVELS.index("unknown") < LEVELS.index("attention")


def test_a_member_is_as_the_worst_partition_that_is_assigned_to_it() -> None:
    members = [
        ("idle", "h", []),
        ("fine", "h", [("t", 0)]),
        ("stuck", "h", [("t", 1), ("t", 2)]),
        ("unsure", "h", [("t", 3)]),
        ("moving", "h", []),
    ]
    group = Group("g", {("t", 0): 100, ("t", 1): 100, ("t", 2): 7, ("t", 3): "denied"}, members)
    snapshot = snapshot_of([Topic("t", [(0, 100)] * 4)], [group])
    member = snapshot.members.client_id.tolist().index("moving")
    target = Assignments(member=np.array([member]), topic=np.zeros(1, int), partition=np.array([2]))
    view = make_view(replace(snapshot, target_assignments=target))
    status = view.lag_statuses.status.copy()
    status[2] = STUCK
    paced = np.ones(len(status), bool)
    stuck = replace(view, lag_statuses=replace(view.lag_statuses, status=status, paced=paced))
    judged = judge_rows(stuck, None).members
    words = dict(zip(stuck.snapshot.members.client_id, zip(judged.words, judged.levels, strict=True), strict=True))
    assert words == {
        "idle": ("ok", "ok"),
        "fine": ("ok", "ok"),
        "stuck": ("stuck", "degraded"),
        "unsure": ("unknown", "unknown"),
        "moving": ("moving", "attention"),
    }
    rows = {row["client_id"]: row for row in MEMBER.plain(replace(stuck, judged=judge_rows(stuck, None)))}
    assert (rows["stuck"]["status"], rows["stuck"]["why"]) == ("stuck", "t-2: stuck")
    assert (rows["unsure"]["status"], rows["unsure"]["why"]) == ("unknown", "t-3: denied")

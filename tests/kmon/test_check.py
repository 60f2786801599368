"""kmon check: the line, the state and the performance data, for every way a cluster may stand."""

import argparse
import re
from collections.abc import Callable

import pytest
from views import Group, Topic, shop_view, snapshot_of

from kmon import cli
from kmon.commands.check import CRITICAL, OK, STATES, UNKNOWN, WARNING, judge_cluster, judge_rows, rows_of
from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.view import View

VALUE = r"[a-z_]+=(U|[0-9.]+s?);;[0-9.]*;0"
LINE = re.compile(rf"KMON (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+(\|{VALUE}( {VALUE})*)?\n")

T = Topic("t", [(0, 100), (10, 50)])


def view_of(groups: list[Group], *topics: Topic, failed: dict[str, str] | None = None, error: str = "") -> View:
    return make_view(snapshot_of([T, *topics], groups, failed=failed, error=error))


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command on a View: its exit code, and what it said, which must be one line of the convention."""

    def run(view: View, *args: str) -> tuple[int, str]:
        monkeypatch.setattr("monitor.poll.poller.poll_once", lambda *_: view)
        code = cli.main(["check", "-b", "127.0.0.1:1", *args])
        told = capsys.readouterr()
        assert told.err == ""
        assert LINE.fullmatch(told.out), told.out
        assert told.out.startswith(f"KMON {STATES[code]} - ")
        return code, told.out.removeprefix(f"KMON {STATES[code]} - ").rstrip("\n")

    return run


Check = Callable[..., tuple[int, str]]


def perfdata(text: str) -> dict[str, str]:
    """The performance data by label."""
    return dict(each.split("=") for each in text.partition("|")[2].split())


# -------------------------------------------------------------------- the cluster


def test_a_cluster_that_keeps_up_is_ok(check: Check) -> None:
    code, text = check(view_of([Group("a", {("t", 0): 100}), Group("b", {("t", 1): 50})]))
    assert (code, text.partition("|")[0]) == (OK, "all 2 groups keep up")
    counts = {"brokers": 3, "groups": 2, "groups_unknown": 0, "lag": 0}
    counts |= {"offline_partitions": 0, "under_replicated_partitions": 0}
    assert perfdata(text) == {name: f"{number};;;0" for name, number in counts.items()}


def test_lag_alone_is_ok_without_a_limit(check: Check) -> None:
    assert check(view_of([Group("a", {("t", 0): 0})]))[0] == OK


def test_a_degraded_cluster_is_a_warning(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 100})], Topic("u", [(0, 1)], isr=[[1, 2]]))
    code, text = check(view)
    assert (code, text.partition("|")[0]) == (WARNING, view.verdict.sentence)


def test_a_critical_cluster_is_critical_although_a_part_is_unknown(check: Check) -> None:
    groups = [Group("a", {("t", 1): 0}), Group("b", commits_reason="denied", reason="denied")]
    view = view_of(groups)
    code, text = check(view)
    assert code == CRITICAL
    assert text.startswith(f"{view.verdict.sentence}; lag of b ")
    assert perfdata(text)["lag"] == "U;;;0"


@pytest.mark.parametrize(
    "view",
    [
        view_of([Group("a", {("t", 0): 100})], failed={"commits": "broker 2: timed out"}),
        view_of([Group("a", {("t", 0): 100})], failed={"quorum": "broker 2: timed out"}),
        view_of([Group("a", {("t", 0): "denied"})]),
        view_of([Group("a", commits_reason="denied", reason="denied")]),
        view_of([Group("a", {("t", 0): 100}, reason="denied")]),
        view_of([Group("a", {("u", 0): 1})], Topic("u", [(0, None)])),
    ],
)
def test_partial_data_are_unknown_and_never_ok(check: Check, view: View) -> None:
    assert check(view)[0] == UNKNOWN


def test_no_commit_is_an_answer(check: Check) -> None:
    assert check(view_of([Group("a", {("t", 0): None})]))[0] == OK


def test_a_cluster_that_is_not_there_is_unknown(check: Check) -> None:
    view = view_of([], error="kafka:9092: connection refused | \x1b[2J")
    for args in ((), ("--max-lag", "5"), ("--group", "a")):
        assert check(view, *args) == (UNKNOWN, r"kafka:9092: connection refused \x7c \x1b[2J")


# -------------------------------------------------------------------- limits


def test_lag_at_the_limit_is_ok_and_above_it_critical(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 40, ("t", 1): 49})])
    code, text = check(view, "--max-lag", "60")
    assert (code, text.partition("|")[0]) == (OK, "2 partitions of 1 group within limits")
    numbers = {"partitions": "2;;;0", "breaking": "0;;;0", "unknown": "0;;;0"}
    assert perfdata(text) == {**numbers, "max_lag": "60;;60;0", "max_lag_seconds": "U;;;0"}
    code, text = check(view, "--max-lag", "59")
    assert code == CRITICAL
    assert text.partition("|")[0].endswith(": a on t-0 (lag 60)")
    assert perfdata(text).items() >= {**numbers, "breaking": "1;;;0"}.items()


def test_limits_add_up(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 40}), Group("b", {("t", 0): 90})])
    assert check(view, "--max-lag", "60", "--where", 'group == "b" and lag > 10')[0] == OK
    assert check(view, "--max-lag", "59", "--where", 'group == "b" and lag > 10')[0] == CRITICAL
    assert check(view, "--max-lag", "60", "--where", 'group == "b" and lag > 9')[0] == CRITICAL


def test_the_worst_rows_are_named(check: Check) -> None:
    code, text = check(view_of([Group(f"g{lag}", {("t", 0): 100 - lag}) for lag in (5, 9, 7, 8, 6)]), "--max-lag", "4")
    assert code == CRITICAL
    named = "g9 on t-0 (lag 9), g8 on t-0 (lag 8), g7 on t-0 (lag 7), and 2 more"
    assert text.startswith("5 partitions ")
    assert f": {named}|" in text


def test_an_age_that_is_not_known_is_unknown_unless_another_limit_is_broken(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 40}), Group("done", {("t", 0): 100})])
    code, text = check(view, "--max-lag-seconds", "5m")
    assert code == UNKNOWN
    assert f" lag_seconds is unknown: {NOT_DATED}|" in text
    assert "max_lag_seconds=U;;300;0" in text
    assert check(view, "--max-lag-seconds", "5m", "--max-lag", "59")[0] == CRITICAL
    assert check(view, "--max-lag-seconds", "5m", "--group", "done")[0] == OK


def test_what_could_not_be_read_is_unknown_only_for_who_asked_for_it(check: Check) -> None:
    view = view_of(
        [Group("a", {("t", 0): 100}), Group("b", {("t", 0): "denied"}), Group("c", commits_reason="x", reason="x")],
        failed={"commits": "broker 2: timed out"},
    )
    assert check(view, "--max-lag", "5", "--group", "a")[0] == OK
    for group in ("b", "c", "[ab]"):
        assert check(view, "--max-lag", "5", "--group", group)[0] == UNKNOWN
        assert check(view, "--group", group)[0] == UNKNOWN
    lost = view_of([Group("a", {("t", 0): 100})], failed={"groups": "broker 2: timed out"})
    assert check(lost, "--max-lag", "5", "--group", "a")[0] == UNKNOWN


def test_what_one_poll_cannot_tell_is_unknown(check: Check) -> None:
    code, text = check(view_of([Group("a", {("t", 0): 1})]), "--where", "consume_rate < 1")
    assert code == UNKNOWN
    assert "(--for)|" in text


def test_no_commit_breaks_no_limit_and_can_be_asked_for(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): None, ("t", 1): 50})])
    code, text = check(view, "--max-lag", "5")
    assert code == OK
    assert "max_lag=0;;5;0" in text
    code, text = check(view, "--where", "lag is unknown")
    assert code == CRITICAL
    assert ": a on t-0 (unknown: no commit)|" in text


def test_partitions_of_these_rows_that_are_short_of_replicas_are_a_warning(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 100}), Group("b", {("u", 0): 1})], Topic("u", [(0, 1)], isr=[[1, 2]]))
    assert check(view, "--max-lag", "5", "--group", "a")[0] == OK
    code, text = check(view, "--max-lag", "5")
    assert code == WARNING
    assert text.partition("|")[0].endswith(": u-0")
    assert check(view, "--max-lag", "5", "--topic", "u")[0] == WARNING


def test_a_name_that_nothing_has_is_unknown(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 100})])
    assert check(view, "--group", "b")[1].startswith("--group b: ")
    assert check(view, "--group", "a", "--topic", "x.*", "--max-lag", "5")[0] == UNKNOWN
    assert check(view, "--group", "a|b", "--topic", "t")[0] == OK


def test_a_group_without_limits_is_critical_when_it_lost_records(check: Check) -> None:
    view = shop_view()
    code, text = check(view, "--group", "payments.*")
    assert code == CRITICAL
    assert text.startswith("1 partition above the limits: payments-ledger on payments-0 (lag 11,500, 400 records lost)")
    assert check(view, "--group", "word-count")[0] == OK


def test_a_commit_beyond_the_log_end_is_a_warning(check: Check) -> None:
    view = view_of([Group("a", {("t", 0): 1000})], Topic("u", [(0, 1)]))
    ahead = "1 commit beyond the log end: a on t-0 (1,000, log end 100)"
    for args in (["--group", "a"], ["--max-lag", "5"], ["--topic", "t", "--max-lag-seconds", "5m"]):
        code, text = check(view, *args)
        assert (code, text.partition("|")[0]) == (WARNING, ahead)
    code, text = check(view)
    assert (code, text.partition("|")[0]) == (WARNING, "a ahead of the log end")
    assert check(view, "--where", "ahead > 0")[0] == CRITICAL


def test_hostile_names_keep_the_line(check: Check) -> None:
    name = "a|b\n\x1b[31m'=1;2"
    code, text = check(view_of([Group(name, {("t", 0): 40})]), "--max-lag", "5")
    assert code == CRITICAL
    assert r"a\x7cb\n\x1b[31m'=1;2 on t-0" in text
    long = view_of([Group("x" * 10_000, {("t", 0): 40})])
    assert len(check(long, "--max-lag", "5")[1]) < 400


# -------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--max-lag", "5m"], "--max-lag: 5m is not a number of records"),
        (["--max-lag", "-1"], "--max-lag: -1 is not a number of records"),
        (["--max-lag-seconds", "5MiB"], "--max-lag-seconds: 5MiB is not a number of seconds"),
        (["--max-lag-seconds", "inf"], "--max-lag-seconds: inf is not a number of seconds"),
        (["--max-lag-seconds", "soon"], "--max-lag-seconds: soon is not a number"),
        (["--where", "lagg > 5"], "--where: unknown column lagg: did you mean lag?"),
        (["--group", "("], "--group: is not a regular expression"),
        (["--interval", "0"], "--interval: is not a duration"),
    ],
)
def test_bad_usage_is_unknown(args: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "-b", "127.0.0.1:1", *args]) == UNKNOWN
    told = capsys.readouterr()
    assert told.out.startswith(f"KMON UNKNOWN - {text}")
    assert told.out.count("\n") == 1
    assert ("^" in told.err) == ("--where" in args)


@pytest.mark.parametrize("args", [["--nope"], ["--group"], ["extra"]])
def test_options_that_are_not_there_are_unknown_too(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", *args]) == UNKNOWN
    assert capsys.readouterr().err.startswith("kmon")
    assert cli.main(["lag", *args]) == cli.BAD_USAGE


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--help"]) == OK
    assert "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN" in capsys.readouterr().out


def test_what_nobody_foresaw_is_unknown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> View:
        raise RuntimeError("no\nidea")

    monkeypatch.setattr("monitor.poll.poller.poll_once", broken)
    assert cli.main(["check", "-b", "127.0.0.1:1"]) == UNKNOWN
    assert capsys.readouterr().out == "KMON UNKNOWN - unexpected error: RuntimeError: no\\nidea\n"


def test_of_several_findings_the_worst_is_the_state() -> None:
    view = shop_view()
    asked = rows_of(argparse.Namespace(group=None, topic=None, where=None, max_lag="1M", max_lag_seconds=None))
    assert asked is not None
    verdict = judge_rows(view, asked)
    assert {each.state for each in verdict.findings} == {UNKNOWN, WARNING, OK}
    assert verdict.state == UNKNOWN
    assert {each.state for each in judge_cluster(view).findings} == {CRITICAL, UNKNOWN}
    assert judge_cluster(view).state == CRITICAL

"""kmon lag: rows of a View worst first, what counts as partial, and the four outputs."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import Group, Topic, shop_view, snapshot_of

from kmon import cli
from kmon.commands.lag import HEADERS, RENDERERS, render_csv, render_json, render_table, render_wide
from kmon.commands.lag_rows import Row, lag_rows, missing_of
from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import RecordTimes, TopicConfigs
from monitor.model.patterns import Pattern
from monitor.model.table import Flags, objects
from monitor.model.text import width
from monitor.model.view import View
from monitor.subjects.column import INFINITY, Columns
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG

HOSTILE = 'a"b,c\nd\x1b[31m<b>\u202e=1+1\t漢字'

REASON, DENIED = "broker 2: timed out after 3.3 s", "denied: Describe on the group"
"""Why something of `shop_view` is unknown."""


def view_of(groups: list[Group], *topics: Topic, failed: dict[str, str] | None = None) -> View:
    return make_view(snapshot_of([Topic("t", [(0, 100), (10, 50)]), *topics], groups, failed=failed))


def brief(rows: list[Row]) -> list[tuple[object, ...]]:
    return [(row["group"], row["topic"], row["partition"], row["lag"], row["status"]) for row in rows]


def test_rows_are_worst_first_and_unknown_is_worse_than_ok_only() -> None:
    assert brief(lag_rows(shop_view())) == [
        ("payments-ledger", "payments", 0, 11_500, "lost"),
        ("clicks-sessionizer", "clicks", 0, 70_000, "behind"),
        ("payments-ledger", "payments", 1, 2_000, "behind"),
        ("inventory-sync", "orders", 0, 100, "behind"),
        ("orders-fulfilment", "orders", 1, 2, "behind"),
        ("audit-archiver", "audit", 0, None, "unknown"),
        ("clicks-sessionizer", "clicks", 1, None, "unknown"),
        ("secret-group", None, None, None, "unknown"),
        ("orders-fulfilment", "orders", 0, 0, "ok"),
        ("orders-fulfilment", "orders", 2, 0, "ok"),
        ("word-count", "orders", 1, 0, "ok"),
    ]


MAIN = (
    *("cluster", "group", "group_type", "topic", "partition", "committed_offset", "start_offset", "end_offset"),
    *("lag", "lost", "status", "reason", "member_id", "client_id", "host", "stable_lag", "lag_seconds"),
    *("lag_seconds_error", "lag_method", "produce_rate", "consume_rate", "eta_seconds", "headroom_seconds"),
    *("since", "ahead", "why"),
)
"""Keys that scripts read."""


def test_a_row_has_every_key_and_numbers_are_whole() -> None:
    (first, *_) = lag_rows(shop_view())
    assert {name: first[name] for name in MAIN} == {
        "cluster": "demo",
        "group": "payments-ledger",
        "group_type": "classic",
        "topic": "payments",
        "partition": 0,
        "committed_offset": 100,
        "start_offset": 500,
        "end_offset": 12_000,
        "lag": 11_500,
        "lost": 400,
        "status": "lost",
        "reason": NOT_DATED,
        "member_id": None,
        "client_id": None,
        "host": None,
        "stable_lag": 11_500,
        "lag_seconds": None,
        "lag_seconds_error": None,
        "lag_method": None,
        "produce_rate": None,
        "consume_rate": None,
        "eta_seconds": None,
        "headroom_seconds": None,
        "since": None,
        "ahead": 0,
        "why": (f"lost: 400 records lost; no members; 11,500 records behind; time lag unknown ({NOT_DATED})"),
    }
    row = next(row for row in lag_rows(shop_view()) if row["group"] == "orders-fulfilment")
    assert (row["member_id"], row["client_id"], row["host"]) == ("fulfil-1-4f2a", "fulfil-1", "/10.0.3.17")
    assert list(row) == list(LAG.schema)


def test_unknown_is_none_with_its_reason_never_a_number() -> None:
    rows = {(row["group"], row["partition"]): row for row in lag_rows(shop_view())}
    no_commit = rows["audit-archiver", 0]
    assert (no_commit["committed_offset"], no_commit["lag"], no_commit["reason"]) == (None, None, "no commit")
    assert rows["clicks-sessionizer", 1]["reason"] == REASON
    assert rows["clicks-sessionizer", 1]["committed_offset"] == 66_000
    assert rows["secret-group", None]["reason"] == DENIED


def test_patterns_match_whole_names() -> None:
    view = shop_view()
    assert {row["group"] for row in lag_rows(view, Pattern("orders"))} == set()
    assert {row["group"] for row in lag_rows(view, Pattern("orders-.*|word-count"))} == {
        "orders-fulfilment",
        "word-count",
    }
    topics = {row["topic"] for row in lag_rows(view, None, Pattern("pay.*"))}
    assert topics == {"payments", None}  # what secret-group reads is unknown
    assert lag_rows(view, Pattern("none")) == []


def test_no_commit_alone_is_complete_and_failures_are_partial() -> None:
    idle = view_of([Group("g", {("t", 0): None, ("t", 1): 50})])
    assert missing_of(idle, lag_rows(idle)) == []
    view = shop_view()
    assert missing_of(view, lag_rows(view)) == [
        f"lag of clicks-sessionizer is unknown: {REASON}",
        f"lag of secret-group is unknown: {DENIED}",
    ]
    failed = view_of([Group("g", {("t", 1): 50})], failed={"groups": "broker 3: timed out"})
    assert missing_of(failed, lag_rows(failed)) == ["groups: broker 3: timed out"]


def test_a_failure_elsewhere_is_not_partial_for_who_asked_for_less() -> None:
    view = view_of([Group("a", {("t", 1): 50}), Group("b", {("t", 1): "denied"})], failed={"commits": "denied"})
    rows = lag_rows(view, Pattern("a"))
    assert missing_of(view, rows, filtered=True) == []
    assert len(missing_of(view, lag_rows(view))) == 2
    lost = view_of([Group("a", {("t", 1): 50})], failed={"groups": "broker 3: timed out"})
    assert missing_of(lost, lag_rows(lost, Pattern("a")), filtered=True) == ["groups: broker 3: timed out"]


def test_unknown_members_are_told_although_lag_is_known() -> None:
    view = view_of([Group("a", {("t", 1): 50}, reason="denied")])
    assert missing_of(view, lag_rows(view)) == ["members of a are unknown: denied"]


def test_many_groups_with_one_reason_are_one_line() -> None:
    view = view_of([Group(f"g{number}", reason="denied", commits_reason="denied") for number in range(2_000)])
    assert missing_of(view, lag_rows(view)) == [f"lag of g0, g1, g10 and {1_997:,} more groups is unknown: denied"]


def test_the_table_aligns_numbers_and_shows_unknown_as_a_dash() -> None:
    lines = render_table(lag_rows(shop_view())).splitlines()
    header = ["GROUP", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "LOST", "AGE", "STATUS", "WHY"]
    assert lines[0].split() == header
    why = "lost: 400 records lost; no members; 11,500 records behind; time lag unknown (re…"
    ledger = ["payments-ledger", "payments", "0", "100", "12,000", "11,500", "400", "–", "lost", why]
    assert lines[1].split(maxsplit=9) == ledger
    assert lines[-4].split(maxsplit=9)[1:] == ["–"] * 7 + ["unknown", f"unknown: {DENIED}"]
    ends = {line.index(word) + len(word) for line, word in zip(lines[:3], ("LAG", "11,500", "70,000"), strict=False)}
    assert len(ends) == 1


def test_hostile_names_are_spelled_out_in_tables_and_exact_elsewhere() -> None:
    view = view_of(
        [Group(HOSTILE, {("t", 0): 1}, [(HOSTILE, HOSTILE, [("t", 0)])]), Group("x" * 10_000, {("t", 0): 1})]
    )
    rows = lag_rows(view)
    for rendered in (render_table(rows), render_wide(rows)):
        assert len(rendered.splitlines()) == 3
        assert "\x1b" not in rendered
        assert "\u202e" not in rendered
    assert max(map(width, render_table(rows).splitlines())) < 220
    assert {row["group"] for row in json.loads(render_json(rows))} == {HOSTILE, "x" * 10_000}
    assert {row["group"] for row in csv.DictReader(io.StringIO(render_csv(rows), newline=""))} == {
        HOSTILE,
        "x" * 10_000,
    }


@given(st.lists(st.text(min_size=1).filter(lambda name: "\0" not in name), unique=True, max_size=4))
def test_json_and_csv_are_read_back_as_they_are(names: list[str]) -> None:
    rows = lag_rows(view_of([Group(name, {("t", 0): 7}) for name in names]))
    assert json.loads(render_json(rows), parse_constant=pytest.fail) == rows
    assert render_json(rows).isascii()
    read = list(csv.reader(io.StringIO(render_csv(rows), newline="")))
    assert read == [
        list(LAG.schema),
        *([("" if value is None else str(value)) for value in row.values()] for row in rows),
    ]


def test_nothing_is_a_header_or_an_empty_array() -> None:
    assert render_table([]).count("\n") == 1
    assert render_table([]).startswith("GROUP")
    assert json.loads(render_json([])) == []
    assert render_csv([]) == ",".join(LAG.schema) + "\r\n"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """The View that the next poll gives, put into the list by the test."""
    views: list[View] = []
    monkeypatch.setattr("monitor.poll.poller.poll_once", lambda *_: views[0])
    return views


def run(*args: str) -> int:
    return cli.main(["lag", "-b", "127.0.0.1:1", *args])


def test_complete_is_0(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(view_of([Group("g", {("t", 0): 40})]))
    assert run("-o", "json") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert brief(json.loads(told.out)) == [("g", "t", 0, 60, "behind")]


@pytest.mark.parametrize(
    ("groups", "args", "why"),
    [
        ([], (), "No groups: no group on this cluster has members or committed offsets"),
        ([Group("g")], (), "No lag: no group has committed offsets or assigned partitions"),
        ([Group("g", {("t", 0): 40})], ("--where", "lag > 60"), "No row matches"),
        ([Group("g", {("t", 0): 40})], ("--topic", "u"), "No row matches"),
    ],
)
def test_an_empty_table_says_why(
    answer: list[View], capsys: pytest.CaptureFixture[str], groups: list[Group], args: tuple[str, ...], why: str
) -> None:
    answer.append(view_of(groups, Topic("u", [(0, 1)])))
    assert run(*args) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") == 1
    assert told.err == f"kmon lag: {why}\n"


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize(
    ("args", "lines"),
    [
        (("--group", "G"), ["--group G: does not match any group"]),
        (("--group", "g", "--topic", "T.*"), ["--topic T.*: does not match any topic"]),
        (
            ("--group", "", "--topic", "a\nb"),
            ["--group : does not match any group", r"--topic a\nb: does not match any topic"],
        ),
    ],
)
def test_an_option_that_does_not_match_any_name_is_reported_with_exit_code_1(
    answer: list[View], capsys: pytest.CaptureFixture[str], args: tuple[str, ...], lines: list[str], output: str
) -> None:
    answer.append(view_of([Group("g", {("t", 0): 40})]))
    assert run(*args, "-o", output) == 1
    told = capsys.readouterr()
    assert told.out == (render_table([]) if output == "table" else render_json([]))
    assert told.err == "".join(f"kmon lag: {line}\n" for line in lines)


@pytest.mark.parametrize("render", [render_table, render_wide])
def test_no_two_groups_look_alike_and_none_is_a_blank_cell(render: Callable[[list[Row]], str]) -> None:
    names = ["", " ", '""', "a\nb", r"a\nb", "a b", "a b "]
    rows = lag_rows(view_of([Group(name, {("t", 0): 40}) for name in names]))
    header, *lines = render(rows).splitlines()
    place, end = header.index("GROUP"), header.index("TYPE" if render is render_wide else "TOPIC")
    shown = [line[place:end].rstrip() for line in lines]
    assert set(shown) == {'""', '" "', '""""', r"a\nb", r"a\\nb", "a b", '"a b "'}


def test_groups_without_a_visible_name_are_named_in_what_is_missing() -> None:
    view = view_of([Group(name, {("t", 0): "denied"}) for name in ("", " ")])
    assert any('"", " "' in line for line in missing_of(view, lag_rows(view)))


def test_without_a_list_of_groups_an_empty_table_is_partial(
    answer: list[View], capsys: pytest.CaptureFixture[str]
) -> None:
    answer.append(make_view(snapshot_of([Topic("t", [(0, 1)])], [], failed={"groups": "why"})))
    assert run() == 1
    assert capsys.readouterr().err == "kmon lag: partial: groups: why\n"


def test_partial_is_1_and_stderr_says_why(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(shop_view())
    assert run() == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 12
    assert [line[:17] for line in told.err.splitlines()] == ["kmon lag: partial"] * 2


def test_a_filter_that_matches_nothing_is_complete(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(shop_view())
    assert run("--where", 'group = "none"') == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_unreachable_is_2_with_one_line(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(make_view(snapshot_of([], [], brokers=0, error="kafka:9092: connection refused\x1b[2J")))
    assert run() == 2
    assert capsys.readouterr() == ("", "kmon lag: kafka:9092: connection refused\\x1b[2J\n")


@pytest.mark.parametrize("output", list(RENDERERS))
def test_every_output_is_printed(answer: list[View], capsys: pytest.CaptureFixture[str], output: str) -> None:
    answer.append(shop_view())
    assert run("-o", output, "--group", "orders.*") == 0
    assert "orders-fulfilment" in capsys.readouterr().out


# -------------------------------------------------------------------- ages, filters


def dated(ages: dict[tuple[str, int, float], tuple[float, float]]) -> View:
    """A View of two partitions whose records at (topic, partition, offset) are between so many seconds old."""
    groups = [Group("g", {("t", 0): 40, ("t", 1): 50}), Group("h", {("t", 0): 30})]
    snapshot = snapshot_of([Topic("t", [(0, 100), (10, 50)])], groups)
    keys = sorted(ages)
    times = RecordTimes(
        topic=np.zeros(len(keys), np.int32),
        partition=np.array([partition for _, partition, _ in keys], np.int32),
        offset=np.array([offset for _, _, offset in keys]),
        earliest=np.array([snapshot.time - ages[key][1] for key in keys]),
        latest=np.array([snapshot.time - ages[key][0] for key in keys]),
        unordered=np.zeros(len(keys), np.bool_),
    )
    one = np.ones(1)
    configs = TopicConfigs(
        min_insync_replicas=one,
        retention_seconds=1000 * one,
        retention_bytes=np.inf * one,
        local_retention_seconds=np.nan * one,
        cleanup_policy=objects(["delete"]),
        unclean_election=0 * one,
        timestamp_type=objects(["CreateTime"]),
        remote_storage=0 * one,
        digest=objects([None]),
        reason=np.zeros(1, np.int32),
    )
    return make_view(replace(snapshot, topic_configs=configs), record_times=times)


def where(text: str) -> Callable[[Columns], Flags]:
    return Filter.of(text, LAG.schema).rows


def test_an_age_has_its_error_its_method_and_what_is_left_until_deletion() -> None:
    late, undated, done = lag_rows(dated({("t", 0, 30): (190, 194)}))
    assert (late["group"], late["partition"]) == ("h", 0)
    assert (late["lag_seconds"], late["lag_seconds_error"], late["lag_method"]) == (192, 2, "create time")
    assert late["headroom_seconds"] == 1000 - 194
    assert late["reason"] is None
    assert (undated["lag"], undated["lag_seconds"], undated["lag_method"]) == (60, None, None)
    assert (undated["headroom_seconds"], undated["reason"]) == (None, NOT_DATED)
    assert (done["lag"], done["lag_seconds"], done["lag_method"]) == (0, 0, "nothing to read")
    assert (done["eta_seconds"], done["headroom_seconds"]) == (0, INFINITY)
    rates = {row[key] for row in (late, undated, done) for key in ("produce_rate", "consume_rate", "since")}
    assert rates == {None}
    assert {late["eta_seconds"], undated["eta_seconds"]} == {None}


def test_the_table_writes_ages_and_every_output_writes_infinity() -> None:
    rows = lag_rows(dated({("t", 0, 30): (190, 194), ("t", 0, 40): (3, 3)}))
    table = [re.split("  +", line) for line in render_table(rows).splitlines()]
    assert [line[7] for line in table[1:]] == ["3.2 min ± 2 s", "3 s", "0 s"]
    assert [row["headroom_seconds"] for row in json.loads(render_json(rows), parse_constant=pytest.fail)] == [
        806,
        997,
        "Infinity",
    ]
    read = list(csv.DictReader(io.StringIO(render_csv(rows), newline="")))
    assert [row["headroom_seconds"] for row in read] == ["806", "997", "Infinity"]
    assert [row["eta_seconds"] for row in read] == ["", "", "0"]
    header, *lines = render_wide(rows).splitlines()
    at = header.index(HEADERS["headroom_seconds"])
    assert [re.split("  +", line[: at + 8].rstrip())[-1] for line in lines] == ["13.4 min", "16.6 min", "never"]
    assert set(header.split()) == {HEADERS.get(key, key.upper()) for key in LAG.schema}


def test_where_keeps_the_rows_that_certainly_fit() -> None:
    view = shop_view()
    assert brief(lag_rows(view, pick=where("lag > 1000"))) == [
        ("payments-ledger", "payments", 0, 11_500, "lost"),
        ("clicks-sessionizer", "clicks", 0, 70_000, "behind"),
        ("payments-ledger", "payments", 1, 2_000, "behind"),
    ]
    unknown = lag_rows(view, pick=where("lag is unknown"))
    assert [row["group"] for row in unknown] == ["audit-archiver", "clicks-sessionizer", "secret-group"]
    assert [row["group"] for row in lag_rows(view, pick=where('reason ~ "denied.*"'))] == ["secret-group"]
    assert lag_rows(view, Pattern("orders.*"), None, where("lag > 1000")) == []


def test_what_a_filter_cannot_tell_is_told(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(dated({("t", 0, 30): (190, 194)}))
    assert run("--where", "lag_seconds > 300") == 1
    told = capsys.readouterr()
    assert told.out.count("\n") == 1
    assert told.err == f"kmon lag: partial: whether 1 of g fit: lag_seconds is unknown: {NOT_DATED}\n"
    assert run("--where", "lag_seconds > 300 and lag > 60", "-o", "json") == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("[]\n", "kmon lag: No row matches\n")
    assert run("--where", "produce_rate > 1 or eta_seconds > 5") == 1
    told = capsys.readouterr()
    both, one = (line.partition(" fit: ")[2] for line in told.err.splitlines())
    assert both.startswith("produce_rate, eta_seconds are unknown: ")
    assert one.startswith("produce_rate is unknown: ")
    assert "--for" in both


def test_no_commit_is_an_answer_that_fits_nothing(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(view_of([Group("g", {("t", 0): None, ("t", 1): 50})]))
    assert run("--where", "lag > 0", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run("--where", "lag is unknown", "-o", "json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_a_group_that_could_not_be_read_may_fit(answer: list[View], capsys: pytest.CaptureFixture[str]) -> None:
    answer.append(view_of([Group("g", commits_reason="denied", reason="denied")]))
    assert run("--where", "lag > 0") == 1
    assert "whether 1 of g fit: lag is unknown: denied" in capsys.readouterr().err
    assert run("--where", 'lag > 0 and group == "x"') == 0


def test_a_wrong_filter_is_bad_usage_and_shows_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--where", "lag > 5 and lagg < 9") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "--where: unknown column lagg: did you mean lag?",
        "  lag > 5 and lagg < 9",
        "              ^^^^",
    ]


def test_unread_configs_are_no_missing_part_of_lag() -> None:
    view = view_of([Group("g", {("t", 1): 50})], failed={"configs": "broker 3: timed out"})
    assert missing_of(view, lag_rows(view)) == []

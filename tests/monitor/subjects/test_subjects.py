"""Subjects: every column of every one against the tables of a View, as filter, JSON, CSV and DataFrame see it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from details import detailed_view
from reasons import reason
from tables_page import PAGE, page
from views import Group, Topic, shop_view, snapshot_of

from monitor.analysis.derive.times import NOT_DATED
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Replicas
from monitor.model.lag import METHODS
from monitor.model.reasons import NO_REASON
from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.column import ALL, INFINITY, Lists, Names, Numbers, Subject
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.frames import frame
from monitor.subjects.kinds import Type
from monitor.subjects.lag import LAG
from monitor.subjects.shown import shown
from monitor.subjects.topics import PARTITION, TOPIC

DOC = Path(__file__).parents[3] / "docs" / "filter.md"


def texts(view: View, name: str) -> list[str | None]:
    column = LAG.read(view)[name]
    assert isinstance(column, Names)
    return [column.values[code] if code >= 0 else None for code in column.codes]


def picked(view: View, text: str) -> list[tuple[str, str, int]]:
    """Group, topic and partition of the rows that fit."""
    rows = np.flatnonzero(Filter.of(text, LAG.schema).rows(LAG.read(view)))
    groups, topics = view.snapshot.groups.group, view.snapshot.topics.topic
    return [
        (str(groups[view.lag.group[row]]), str(topics[view.lag.topic[row]]), int(view.lag.partition[row]))
        for row in rows
    ]


VIEWS = [shop_view(), detailed_view(), make_view(snapshot_of([], []))]
VALUES = {Type.NUMBER: Numbers, Type.FLAG: Numbers, Type.TEXT: Names, Type.LIST: Lists | Names}


@pytest.mark.parametrize("view", VIEWS, ids=["shop", "detailed", "empty"])
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_every_column_has_a_value_for_every_row(subject: Subject, view: View) -> None:
    count = subject.count(view)
    assert set(subject.key) <= set(subject.schema)
    for column in subject.columns:
        values = column.read(view, ALL)
        assert isinstance(values, VALUES[column.type]), column.name
        assert len(values) == count, column.name
        if isinstance(values, Names):
            assert ((values.codes >= -1) & (values.codes < max(1, len(values.values)))).all(), column.name
        for name in filter(None, (column.reason, column.error, column.at_least)):
            assert name in subject.schema, f"{column.name}: {name}"
    assert list(frame(view, subject.name).columns) == list(subject.schema)
    assert len(frame(view, subject.name)) == count
    json.dumps(subject.plain(view), allow_nan=False)


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_chosen_rows_are_those_of_the_whole(subject: Subject) -> None:
    view = detailed_view()
    rows = np.arange(subject.count(view))[::-2]
    whole = subject.plain(view)
    assert subject.plain(view, rows) == [whole[row] for row in rows]
    assert subject.plain(view, slice(1, 3)) == whole[1:3]


def test_numbers_have_the_form_of_their_kind() -> None:
    eta, rate, flag, node = (
        LAG.schema["eta_seconds"],
        LAG.schema["produce_rate"],
        TOPIC.schema["internal"],
        LAG.schema["coordinator"],
    )
    assert eta.plain(Numbers(np.array([np.nan, np.inf, 2.0, 1.23456]))) == [None, INFINITY, 2, 1.235]
    assert rate.plain(Numbers(np.array([1 / 3]))) == [0.333333]
    assert flag.plain(Numbers(np.array([1.0, 0.0, np.nan]))) == [True, False, None]
    assert node.plain(node.read(make_view(snapshot_of([Topic("t", [(0, 1)])], [Group("g", {("t", 0): 0})])), ALL)) == [
        1
    ]


def test_a_list_cannot_be_filtered_and_says_so() -> None:
    with pytest.raises(FilterError, match="isr is a list"):
        Filter.of("isr == 1", SUBJECTS["partition"].schema)


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="'lags'"):
        frame(shop_view(), "lags")


def test_a_frame_has_units_and_unknowns() -> None:
    lag = frame(shop_view(), "lag").set_index(["group", "topic", "partition"])
    assert lag.lag["payments-ledger", "payments", 0] == 11_500
    unknown = dict(lag.xs(("audit-archiver", "audit", 0)))
    assert np.isnan(float(unknown["lag"]))
    assert unknown["reason"] == "no commit"
    assert lag.attrs["units"]["lag"] == "records"


def test_the_page_of_tables_is_what_the_subjects_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/support/tables_page.py"


def test_numbers_are_those_of_the_tables() -> None:
    view = shop_view()
    columns = LAG.read(view)
    for name in ("partition", "committed_offset", "start_offset", "end_offset", "lag", "lost", "stable_lag"):
        np.testing.assert_array_equal(columns[name].values, getattr(view.lag, name))
    for name in ("lag_seconds", "lag_seconds_error", "produce_rate", "eta_seconds", "headroom_seconds"):
        np.testing.assert_array_equal(columns[name].values, getattr(view.lag_times, name))


def test_texts_are_those_of_group_topic_and_member() -> None:
    view = shop_view()
    rows = list(zip(texts(view, "group"), texts(view, "topic"), texts(view, "client_id"), strict=True))
    assert ("orders-fulfilment", "orders", "fulfil-1") in rows
    assert ("payments-ledger", "payments", None) in rows
    assert set(texts(view, "cluster")) == {"demo"}
    assert set(texts(view, "lag_method")) == {None, METHODS[1]}
    assert set(texts(view, "status")) == {"ok", "behind", "lost", "unknown"}


def test_a_shop_is_filtered() -> None:
    view = shop_view()
    assert picked(view, 'lag > 1000 and topic ~ "pay.*" and state == "Empty"') == [
        ("payments-ledger", "payments", 0),
        ("payments-ledger", "payments", 1),
    ]
    assert picked(view, 'status == "lost"') == [("payments-ledger", "payments", 0)]
    assert picked(view, 'reason == "no commit"') == [("audit-archiver", "audit", 0)]
    assert picked(view, 'group_type in ("share", "streams")') == [
        ("inventory-sync", "orders", 0),
        ("word-count", "orders", 1),
    ]
    assert picked(view, "member_id is unknown and lag < 5k") == [
        ("inventory-sync", "orders", 0),
        ("payments-ledger", "payments", 1),
    ]
    assert picked(view, "lag_seconds == 0 and eta_seconds == 0 and headroom_seconds == inf") == picked(view, "lag == 0")


def test_a_reason_is_that_of_lag_or_else_of_its_age() -> None:
    view = make_view(
        snapshot_of([Topic("t", [(0, 100)])], [Group("a", {("t", 0): 1}), Group("b", {("t", 0): "denied"})])
    )
    assert texts(view, "reason") == [NOT_DATED, "denied"]
    done = make_view(snapshot_of([Topic("t", [(0, 100)])], [Group("a", {("t", 0): 100})]))
    assert texts(done, "reason") == [""]


def test_examples_of_the_page_are_filters() -> None:
    text = DOC.read_text(encoding="utf-8")
    examples = [
        line.strip() for block in re.findall(r"```filter\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    assert len(examples) > 5
    for example in examples:
        Filter.of(example, LAG.schema)


def follower_lag(*lags: float) -> tuple[str, str]:
    """The lag of a partition's followers on brokers 1 and 2, and why it is unknown, from rows of their log dirs."""
    snapshot = snapshot_of([Topic("orders", [(0, 9)], isr=[[1, 2]], replicas=[[1, 2]])], [])
    none = np.zeros(len(lags), np.int32)
    replicas = Replicas(
        log_dir=none,
        broker=np.arange(1, len(lags) + 1),
        topic=none,
        partition=none,
        size_bytes=np.zeros(len(lags)),
        offset_lag=np.array(lags),
        offset_lag_reason=np.isnan(lags).astype(np.int32),
        future=np.zeros(len(lags), bool),
    )
    view = make_view(replace(snapshot, replicas=replicas, reasons=(NO_REASON, reason("broker 2: timed out"))))
    found = shown(PARTITION.read(view), "follower_lag")
    return found.text(0), found.why(0)


def test_the_lag_of_followers_is_a_lower_bound_while_the_lag_of_a_replica_is_unknown() -> None:
    assert follower_lag(3, 5) == ("5", "")
    assert follower_lag(3, np.nan) == ("≥ 3", "broker 2: timed out")
    assert follower_lag(0, np.nan) == ("–", "broker 2: timed out")
    assert follower_lag(3)[0] == "≥ 3", "broker 2 did not report the replica"
    assert follower_lag(3, 5, 9) == ("5", ""), "broker 3 keeps a replica that is not assigned to it"


def test_members_whose_assignment_may_be_unknown_have_no_number_of_partitions() -> None:
    members = [("a", "/10.0.0.1", [("t", 0)]), ("b", "/10.0.0.2", [])]
    why = "the assignment of member b cannot be decoded"
    groups = [
        Group("g", {("t", 0): 4}, members),
        Group("odd", {("t", 0): 4}, members, assignments_reason=why),
        Group("secret", {("t", 0): 4}, reason="Describe on the group is denied"),
    ]
    view = make_view(snapshot_of([Topic("t", [(0, 9)])], groups))
    rows = [
        (row["group"], row["partitions"], row["lag"], row["reason"])
        for row in SUBJECTS["member"].plain(view, names=["group", "partitions", "lag", "reason"])
    ]
    assert rows == [("g", 1, 5, None), ("g", 0, 0, None), ("odd", 1, 5, None), ("odd", None, None, why)]
    read = SUBJECTS["group_topic"].plain(view, names=["group", "members", "members_reason"])
    assert [tuple(row.values()) for row in read] == [
        ("g", 1, None),
        ("odd", None, why),
        ("secret", None, "Describe on the group is denied"),
    ]

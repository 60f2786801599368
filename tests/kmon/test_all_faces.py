"""All faces agree on every subject: on its numbers, its status and level, the reason, and the order of its rows.

Each face is read by itself, so the tests fail when any one of them judges, counts or sorts for itself.
"""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import faces
import pytest
from face_views import VIEWS, healthy
from faces import JsonFace, Row, of_metric, sign_of
from metric_samples import Samples
from views import shop_view

import dashboards
from monitor.model.levels import LEVELS, OF_VERDICTS
from monitor.model.view import View

every_view = pytest.mark.parametrize("name", VIEWS)


@cache
def view_of(name: str) -> View:
    return VIEWS[name]()


@cache
def json_of(name: str) -> JsonFace:
    return JsonFace(view_of(name))


@cache
def page_of(name: str) -> Samples:
    return faces.metrics(view_of(name))


def same(faces_: list[list[Row]], *, keys: tuple[str, ...] = ("key", "status", "level")) -> None:
    """Rows of several faces agree, in their order."""
    first, *others = ([tuple(row[key] for key in keys) for row in rows] for rows in faces_)
    for each in others:
        assert each == first


def signs(rows: list[Row]) -> None:
    for row in rows:
        assert row["glyph"] == sign_of(row["status"], row["level"]), row


def reasons(said: list[Row], told: list[Row]) -> None:
    """The terminal says `why`, and behind it why numbers are unknown, which the others say beside these."""
    for one, two in zip(said, told, strict=True):
        assert str(one["why"]).startswith(two["why"] or ""), one


def keyed(rows: list[Row], name: str) -> list[Row]:
    return [{**row, "key": row[name]} for row in rows]


def by_key(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["key"])


@every_view
def test_groups(name: str) -> None:
    view, page = view_of(name), page_of(name)
    told = keyed(json_of(name).get("/groups")["groups"], "group")
    terminal, web = faces.tui_groups(view.shown), keyed(faces.web_groups_rows(view.shown), "id")
    same([terminal, web])
    same([by_key(told), by_key(terminal)])
    signs(terminal + web)
    reasons(by_key(terminal), by_key(told))
    assert [row["why"] for row in by_key(web)] == [row["why"] for row in by_key(told)]
    for one, two, three in zip(by_key(told), by_key(web), by_key(terminal), strict=True):
        assert (one["since"] is None) == (two["since"] is None)
        for number in ("lag", "lost", "partitions"):
            assert one[number] == two[number], one["key"]
        assert three["partitions"] == ("–" if one["partitions"] is None else f"{one['partitions']:,}")
        assert (three["lag"][0] in "–≥") == (one["lag"] is None)
        assert one["lag"] is None or three["lag"] == f"{one['lag']:,}"
    if not view.up:
        return
    assert current(page, "kmon_group_status", "group") == {(row["key"], row["status"]) for row in told}
    assert of_metric(page, "kmon_group_lag", "group") == numbers(told, "lag")
    assert of_metric(page, "kmon_group_partitions", "group") == numbers(told, "partitions")


def current(page: Samples, name: str, *labels: str) -> set[tuple[str, ...]]:
    """The labels and the status of every line of a state set that is 1."""
    return {key for key, value in of_metric(page, name, *labels, "status").items() if value}


def numbers(rows: list[Row], name: str, *keys: str) -> dict[Any, float]:
    """What is known of a column, by key."""
    return {
        (tuple(str(row[key]) for key in keys) if keys else row["key"]): row[name]
        for row in rows
        if row[name] is not None
    }


@every_view
def test_lag(name: str) -> None:
    view, page = view_of(name), page_of(name)
    told = json_of(name).get("/lag?limit=100000")["lag"]
    listed = [row for row in faces.cli_lag(view.shown) if row["topic"] is not None]
    for row in (*told, *listed):
        row["key"] = row["group"], row["topic"], row["partition"]
        row["reason"] = row["reason"] or row.get("age_reason")
    same([told, listed], keys=("key", "status", "lag", "lost", "reason", "lag_seconds"))
    for group in view.shown.group_rows:
        mine = [{**row, "key": (row["topic"], row["partition"])} for row in told if row["group"] == group]
        terminal = faces.tui_lag(view.shown, group)
        web = [{**row, "key": (row["topic"], row["partition"])} for row in faces.web_lag(view.shown, group)]
        same([mine, terminal, web])
        signs(terminal + web)
        reasons(terminal, web)
        for one, two, three in zip(mine, web, terminal, strict=True):
            assert (one["lag"], one["lost"]) == (two["lag"], two["lost"])
            assert three["lag"] == ("–" if one["lag"] is None else f"{one['lag']:,}")
    if view.up:
        assert of_metric(page, "kmon_group_partition_lag", "group", "topic", "partition") == numbers(
            told, "lag", "group", "topic", "partition"
        )


def test_groups_that_cannot_be_read_stand_among_the_unknown() -> None:
    status = [row["status"] for row in faces.cli_lag(shop_view())]
    assert status == sorted(status, key=lambda each: {"unknown": 1, "ok": 2}.get(each, 0))
    assert faces.cli_lag(shop_view())[status.index("ok") - 1]["group"] == "secret-group"


PARTITION_METRICS = {
    "offline": ("kmon_topic_offline_partitions", "offline_partitions"),
    "under min ISR": ("kmon_topic_under_min_isr_partitions", "under_min_isr_partitions"),
    "under-replicated": ("kmon_topic_under_replicated_partitions", "under_replicated_partitions"),
}


@every_view
def test_topics_and_their_partitions(name: str) -> None:
    view, page = view_of(name), page_of(name)
    told = keyed(json_of(name).get("/topics")["topics"], "topic")
    terminal, web = faces.tui_topics(view.shown), keyed(faces.web_topics_rows(view.shown), "id")
    same([terminal, web])
    same([by_key(told), by_key(terminal)])
    signs(terminal + web)
    reasons(by_key(terminal), by_key(told))
    assert [row["why"] for row in by_key(web)] == [row["why"] for row in by_key(told)]
    if view.up:
        described = [row for row in told if row["partitions"] is not None and row["status"] != "ok"]
        assert current(page, "kmon_topic_status", "topic") == {(row["key"], row["status"]) for row in described}
        for metric, number in PARTITION_METRICS.values():
            assert of_metric(page, metric, "topic") == numbers(told, number)
    for topic in (row["key"] for row in told):
        partitions(view, page, json_of(name), topic)


FLAGS = {
    "offline": "kmon_partition_offline",
    "under min ISR": "kmon_partition_under_min_isr",
    "at min ISR": "kmon_partition_at_min_isr",
    "under-replicated": "kmon_partition_out_of_sync_replicas",
    "reassigning": "kmon_partition_reassigning",
}
"""The family that has a line for each partition of a status, and maybe for those of worse ones."""


def partitions(view: View, page: Samples, face: JsonFace, topic: str) -> None:
    terminal = faces.tui_partitions(view.shown, topic)
    web = keyed(faces.web_partitions(view.shown, topic), "partition")
    same([terminal, web])
    signs(terminal + web)
    reasons(terminal, web)
    if not web or not topic:
        return
    told = keyed(face.get(f"/topics/{quoted(topic)}")["topic_partitions"], "partition")
    same([by_key(told), by_key(web)], keys=("key", "status", "level", "why"))
    for row in told if view.up else ():
        if row["status"] != "ok":
            lines = of_metric(page, FLAGS[row["status"]], "topic", "partition")
            assert lines.get((topic, str(row["key"]))), row
    worst = max(web, key=lambda row: row["severity"])
    assert worst["status"] == next(row["status"] for row in faces.tui_topics(view.shown) if row["key"] == topic)


def quoted(text: str) -> str:
    return "".join(f"%{each:02X}" for each in text.encode("utf-8", "surrogatepass"))


@every_view
def test_brokers_and_their_log_dirs(name: str) -> None:
    view, page = view_of(name), page_of(name)
    told = keyed(json_of(name).get("/brokers")["brokers"], "broker")
    terminal, web = faces.tui_brokers(view.shown), keyed(faces.web_broker_rows(view.shown), "broker")
    same([told, terminal, web])
    signs(terminal + web)
    reasons(terminal, told)
    assert [row["why"] for row in web] == [row["why"] for row in told]
    dirs = [{**each, "key": (row["key"], each["path"])} for row in told for each in row["log_dirs"]]
    listed = faces.web_log_dirs(view.shown)
    same([by_key(dirs), by_key(listed)])
    assert [row["why"] or None for row in by_key(listed)] == [row["why"] for row in by_key(dirs)]
    for one, three, two in zip(told, terminal, web, strict=True):
        mine = [row for row in listed if row["key"][0] == one["key"]]
        shown = faces.tui_log_dirs(view.shown, one["key"])
        same([[{**row, "key": row["key"][1]} for row in mine], shown])
        signs(mine + shown)
        assert (three["disk_used"] == "–") == (two["fullest"] is None)
        assert two["fullest"] is None or three["disk_used"] == f"{math.floor(two['fullest'] * 100)} %"
        if two["fullest"] is not None:
            # What colours a volume is the level of its log dir, and the fullest has the worst of them.
            assert (three["disk_used_kind"] or "ok") == two["disk_level"]
            assert two["disk_level"] in {row["level"] for row in mine}
        for row in mine:
            inks = next(each for each in shown if each["key"] == row["key"][1])
            assert row["used_level"] in (None, row["level"])
            if row["status"] == "nearly full":
                assert (row["used_level"], inks["used_kind"]) == (row["level"], row["level"])
            if row["status"] == "ok":
                assert row["used_level"] is None
                assert inks["used_kind"] in {"", "dim"}
    if view.up:
        assert current(page, "kmon_broker_status", "broker") == {(str(row["key"]), row["status"]) for row in told}
        assert current(page, "kmon_log_dir_status", "broker", "path") == {
            (str(row["key"][0]), row["key"][1], row["status"]) for row in dirs
        }
        fenced = of_metric(page, "kmon_broker_fenced", "broker")
        assert {str(row["key"]) for row in told if row["fenced"]} == {key for key, value in fenced.items() if value}
        errors = of_metric(page, "kmon_log_dir_error", "broker", "path")
        assert set(errors) == {(str(row["key"][0]), row["key"][1]) for row in dirs if row["status"] == "offline"}


@every_view
def test_transactions(name: str) -> None:
    view, page = view_of(name), page_of(name)
    told = keyed(json_of(name).get("/transactions")["transactions"], "transactional_id")
    terminal, web = faces.tui_transactions(view.shown), faces.web_transactions(view.shown)
    same([told, terminal, web])
    signs(terminal + web)
    assert [row["why"] or None for row in terminal] == [row["why"] for row in told]
    if view.up:
        ages = of_metric(page, "kmon_transaction_age_seconds", "transactional_id")
        assert ages == pytest.approx(numbers(told, "age_seconds"))


@every_view
def test_the_quorum(name: str) -> None:
    view = view_of(name)
    told = keyed(json_of(name).get("/quorum")["quorum"], "node")
    terminal, web = faces.tui_quorum(view.shown), faces.web_quorum(view.shown)
    same([told, terminal, web])
    signs(terminal + web)


@every_view
def test_problems(name: str) -> None:
    view = view_of(name)
    told = keyed(json_of(name).get("/problems")["problems"], "subject")
    terminal, web = faces.tui_problems(view), faces.web_problems(view)
    same([told, web], keys=("key", "level"))
    assert [row["why"] for row in web] == [row["sentence"] for row in told]
    levels = {(row["kind"], row["key"]): (row["level"], row["level"], row["sentence"]) for row in told}
    assert {row["key"]: (row["status"], row["level"], row["why"]) for row in terminal} == levels
    signs(terminal + web)


@every_view
def test_diagnosed_groups_stand_as_they_do_elsewhere(name: str) -> None:
    view = view_of(name)
    groups = {row["key"]: (row["status"], row["level"]) for row in faces.tui_groups(view.shown)}
    for row in faces.tui_diagnoses(view):
        assert (row["status"], row["level"]) == groups[row["key"][0]]


def test_the_scripts_and_styles_of_the_web_know_levels_only() -> None:
    """What the browser adds to the rows that it is sent: no status, no limit, and a colour for each level."""
    assets = Path(dashboards.__file__).parent / "assets"
    texts = {each.name: each.read_text() for each in assets.iterdir() if each.suffix in {".js", ".css"}}
    words = {word for each in vars(healthy().judged).values() for word in each.WORDS}
    words -= {"gone", "lost", "left", *LEVELS, *OF_VERDICTS}  # the status of a cluster is a level
    for name, text in texts.items():
        assert not [word for word in words if re.search(rf"[\"'.-]{re.escape(word)}[\"' ,.{{:]", text)], name
    assert not re.search(r"[<>]=? ?\d", texts["dashAgGridComponentFunctions.js"])
    assert not re.search(r"intervals [<>]=? ?\d", texts["age.js"])
    coloured = set(re.findall(r"\.level-(\w+)", texts["kmon.css"]))
    assert coloured >= {"ok", "attention", "degraded", "critical"}
    assert coloured <= {*LEVELS, "unreachable"}


def test_every_status_and_level_is_seen_by_these_tests() -> None:
    """So that no face is right by chance."""
    seen: dict[str, set[str]] = {}
    for name in VIEWS:
        judged = view_of(name).shown.judged
        for subject, table in vars(judged).items():
            seen.setdefault(subject, set()).update(table.words.tolist())
    assert seen["brokers"] == {"ok", "slow", "out of sync", "silent", "fenced", "dir offline", "gone"}
    assert seen["log_dirs"] == {"ok", "nearly full", "offline"}
    assert seen["transactions"] == {"ok", "unknown", "hanging"}
    assert seen["quorum"] == {"ok", "unknown", "behind"}
    assert seen["partitions"] >= {"ok", "reassigning", "under-replicated", "at min ISR", "under min ISR", "offline"}
    assert seen["topics"] >= {
        "ok",
        "reassigning",
        "unknown",
        "under-replicated",
        "at min ISR",
        "under min ISR",
        "offline",
    }
    assert seen["lag"] >= {"ok", "behind", "stopped", "lost", "unknown"}

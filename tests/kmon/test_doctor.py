"""What kmon doctor says of addresses, permissions and APIs, and the lines that it tells an administrator to run."""

import json
import math
import shlex
import socket
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hostile import any_text
from hypothesis import given
from real_kmon import kmon
from reasons import whys
from views import Topic, snapshot_of

from kmon.commands.doctor import (
    HOW_TO_GRANT,
    MISSING,
    NOTE,
    OK,
    UNKNOWN_PRINCIPAL,
    Check,
    Report,
    checks_of,
    how_to_grant,
    lines_of,
    principal_notes,
    principal_of,
    summary,
)
from monitor.analysis.view import make_view
from monitor.collect.collectors import COLLECTORS
from monitor.collect.requests import PERMISSIONS, READ_TOPIC, Grant
from monitor.kafka.client.reach import Reached
from monitor.model.cluster_tables import Capabilities
from monitor.model.table import objects
from monitor.model.view import View
from monitor.settings.model import ClusterSettings
from monitor.settings.security import SecuritySettings

SENT = {each.api for collector in COLLECTORS if not collector.opt_in for each in collector.sends}
SERVED = {each.key: (0, 99) for each in SENT}
NAMES = [each.capability for each in PERMISSIONS]
ANSWERS = [Reached(node, f"10.0.0.{node}:9092", served=SERVED) for node in (1, 2, 3)]


def cluster_of(security: SecuritySettings | None = None, **changes: Any) -> ClusterSettings:
    settings = {"bootstrap_servers": ("kafka-1:9092", "kafka-2:9092"), "security": security or SecuritySettings()}
    return ClusterSettings(**{**settings, **changes})


def sasl(mechanism: str = "SCRAM-SHA-512", **changes: Any) -> SecuritySettings:
    given = {"username": "reader", "password": "secret"} if mechanism not in ("OAUTHBEARER", "AWS_MSK_IAM") else {}
    return SecuritySettings(protocol="SASL_SSL", sasl_mechanism=mechanism, **{**given, **changes})  # type: ignore[arg-type]


def view_of(available: dict[str, float] | None = None, failed: dict[str, str] | None = None) -> View:
    """A View of a cluster whose permissions are granted but for those that are `available` otherwise."""
    given = {**dict.fromkeys(NAMES, 1.0), **(available or {})}
    table = Capabilities(
        capability=objects(given),
        available=np.array(list(given.values())),
        why_not=whys(*("why" for _ in given)),
    )
    snapshot = snapshot_of([Topic("t", [(0, 1)])], [], failed=failed)
    return make_view(replace(snapshot, capabilities=table))


def found(checks: list[Check], kind: str) -> dict[str, tuple[str, str]]:
    return {each.name: (each.level, each.state) for each in checks if each.kind == kind}


def test_a_cluster_that_shows_everything() -> None:
    checks = checks_of(cluster_of(), view_of(), ANSWERS)
    assert {each.level for each in checks} == {OK}
    assert len([each for each in checks if each.kind == "api"]) == len(SENT)
    assert summary(checks) == ""


def test_each_permission_that_is_denied_is_told_with_its_loss_and_its_line() -> None:
    checks = checks_of(cluster_of(sasl()), view_of(dict.fromkeys(NAMES, 0.0)), ANSWERS)
    denied = [each for each in checks if each.kind == "permission"]
    assert [each.name for each in denied] == [str(each.grant) for each in PERMISSIONS]
    assert {(each.level, each.state) for each in denied} == {(MISSING, "denied")}
    assert all(each.without for each in denied)
    assert [each.fix for each in denied] == [
        "kafka-acls.sh --bootstrap-server kafka-1:9092,kafka-2:9092 --command-config admin.properties --add"
        f" --allow-principal User:reader --operation {rest}"
        for rest in (
            "Describe --cluster",
            "Describe --topic '*'",
            "Describe --group '*'",
            "DescribeConfigs --topic '*'",
            "DescribeConfigs --cluster",
            "Describe --transactional-id '*'",
        )
    ]
    assert summary(checks) == "6 permissions are denied"


def test_a_permission_that_could_not_be_asked_is_unknown_and_nothing_is_to_be_granted() -> None:
    checks = checks_of(cluster_of(), view_of({"describe_cluster": math.nan}), ANSWERS)
    (unknown,) = [each for each in checks if each.level != OK]
    assert (unknown.level, unknown.state, unknown.why, unknown.fix) == (MISSING, "unknown", "why", "")
    assert summary(checks) == "1 permission is unknown"


def test_read_is_asked_for_only_where_the_settings_switch_on_what_needs_it() -> None:
    view, read = view_of({"producers": 0.0}), "Read on Topic '*'"
    assert read not in found(checks_of(cluster_of(), view, ANSWERS), "permission")
    switched_on = cluster_of(collect={"producers": True})
    assert found(checks_of(switched_on, view, ANSWERS), "permission")[read] == (MISSING, "denied")
    not_yet = view_of({"producers": math.nan})
    assert found(checks_of(switched_on, not_yet, ANSWERS), "permission")[read] == (NOTE, "unknown")


def test_addresses_that_do_not_answer_say_why() -> None:
    reached = [*ANSWERS[:2], Reached(3, "10.0.0.3:9092", "cannot resolve"), Reached(None, "old:9092", "refused")]
    checks = checks_of(cluster_of(), view_of(), reached)
    assert found(checks, "address") == {
        "broker 1 at 10.0.0.1:9092": (OK, "reachable"),
        "broker 2 at 10.0.0.2:9092": (OK, "reachable"),
        "broker 3 at 10.0.0.3:9092": (MISSING, "unreachable"),
        "bootstrap at old:9092": (MISSING, "unreachable"),
    }
    assert {each.why for each in checks if each.level == MISSING} == {"cannot resolve", "refused"}
    assert {level for level, _ in found(checks, "api").values()} == {OK}  # of those that answer
    assert summary(checks).startswith("2 addresses ")


def test_a_fenced_broker_is_told_although_it_answers() -> None:
    view = view_of()
    brokers = replace(view.snapshot.brokers, fenced=np.array([0.0, 1.0, 0.0]))
    view = make_view(replace(view.snapshot, brokers=brokers))
    checks = checks_of(cluster_of(), view, ANSWERS)
    assert found(checks, "address")["broker 2 at 10.0.0.2:9092"] == (MISSING, "fenced")


def test_an_api_that_an_older_broker_lacks_is_a_note_with_the_kafka_that_has_it() -> None:
    older = {**SERVED, 16: (0, 4)}
    older.pop(77)
    checks = checks_of(cluster_of(), view_of(), [ANSWERS[0], Reached(2, "b", served=older)])
    lacking = {each.name: each for each in checks if each.level != OK}
    assert set(lacking) == {"ListGroups v5", "ShareGroupDescribe v1"}
    assert {(each.level, each.state) for each in lacking.values()} == {(NOTE, "not served")}
    assert lacking["ListGroups v5"].why.startswith("by broker 2; ")
    assert summary(checks) == ""
    everywhere = checks_of(cluster_of(), view_of(), [Reached(2, "b", served=older)])
    assert {each.why for each in everywhere if each.name == "ListGroups v5"} == {"needs Kafka 3.8 or later"}


def test_collectors_with_the_same_trouble_stand_together() -> None:
    failed = {"groups": "broker 2: timed out", "commits": "broker 2: timed out", "quorum": "denied"}
    checks = checks_of(cluster_of(), view_of(failed=failed), ANSWERS)
    assert found(checks, "answer") == {
        "groups, commits": (MISSING, "incomplete"),
        "quorum": (MISSING, "incomplete"),
    }
    assert summary(checks).startswith("2 responses ")


@pytest.mark.parametrize(
    ("security", "principal"),
    [
        (sasl(), "User:reader"),
        (sasl("PLAIN", username="a b'c"), "User:a b'c"),
        (sasl(username="x\x1b[1m"), UNKNOWN_PRINCIPAL),
        (sasl("OAUTHBEARER", oauth_token_file="/t"), UNKNOWN_PRINCIPAL),
        (SecuritySettings(protocol="SSL", ssl_certfile="/c"), UNKNOWN_PRINCIPAL),
        (SecuritySettings(protocol="SSL"), "User:ANONYMOUS"),
        (SecuritySettings(), "User:ANONYMOUS"),
    ],
)
def test_for_whom_a_line_grants(security: SecuritySettings, principal: str) -> None:
    assert principal_of(security) == principal
    words = shlex.split(how_to_grant(cluster_of(security), Grant("Describe", "Group")))
    assert words[words.index("--allow-principal") + 1] == principal
    assert words[-2:] == ["--group", "*"]
    assert ("--command-config" in words) == (security.protocol != "PLAINTEXT")


def test_what_to_know_of_a_principal() -> None:
    assert principal_notes(sasl()) == []
    assert "distinguished name" in principal_notes(SecuritySettings(protocol="SSL", ssl_certfile="/c"))[0]
    assert "subject" in principal_notes(sasl("OAUTHBEARER", oauth_token_file="/t"))[0]
    assert "everyone" in principal_notes(SecuritySettings())[0]


def test_amazon_s_iam_is_given_actions_instead_of_acls() -> None:
    cluster = cluster_of(sasl("AWS_MSK_IAM", aws_region="eu-west-1"))
    fixes = {str(each.grant): how_to_grant(cluster, each.grant) for each in (*PERMISSIONS, READ_TOPIC)}
    assert fixes["Describe on Topic '*'"] == "kafka-cluster:DescribeTopic"
    assert len(set(fixes.values())) == len(fixes)
    assert "IAM" in principal_notes(cluster.security)[0]


def report_of(*checks: Check, **changes: Any) -> Report:
    given = ("c", "degraded", "", "id", ("4.4",), "User:reader", checks)
    return replace(Report(*given), **changes)


def test_the_table_has_all_checks_then_the_lines_then_how_it_stands() -> None:
    denied = Check("permission", "Describe on Topic '*'", MISSING, "denied", "", "topics are hidden", "kafka-acls.sh …")
    fine = Check("api", "ListGroups v4", OK, "served", "", "groups are unknown")
    assert lines_of(report_of(denied, fine), ["A note."]) == [
        "cluster c, id id, Kafka 4.4, as User:reader",
        "",
        "   WHAT                   STATE   REASON AND WHAT IT HIDES",
        "✘  Describe on Topic '*'  denied  topics are hidden",
        "●  ListGroups v4          served",
        "",
        HOW_TO_GRANT,
        "",
        "  kafka-acls.sh …",
        "",
        "A note.",
        "",
        "degraded: 1 permission is denied",
    ]
    assert lines_of(report_of(fine, status="ok"), ["A note."])[-1] == "ok: nothing is missing"
    assert "A note." not in lines_of(report_of(fine, status="ok"), ["A note."])


@given(any_text, any_text)
def test_nothing_that_a_broker_says_moves_the_cursor(one: str, other: str) -> None:
    check = Check("address", f"broker 1 at {one}", MISSING, "unreachable", other, "", "")
    lines = lines_of(report_of(check, cluster=one, cluster_id=other, kafka=(one,), principal=other), [])
    assert all(line.isprintable() for line in lines)


def refused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def test_an_unreachable_cluster_is_exit_2_with_the_reason() -> None:
    server = refused()
    table = kmon("doctor", "-b", server)
    assert (table.returncode, table.stdout) == (2, "")
    assert table.stderr.startswith(f"kmon doctor: {server}: connection refused")
    as_json = kmon("doctor", "-b", server, "-o", "json")
    assert as_json.returncode == 2
    report = json.loads(as_json.stdout)
    assert (report["status"], report["checks"]) == ("unreachable", [])
    assert "connection refused" in report["error"]

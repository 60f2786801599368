"""A user of a real Kafka who may see half of it: that is complete, what is hidden is said, doctor's lines mend it."""

import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from heartbeats import HeartbeatMember, heartbeats
from kafka_cluster import commit, make_topic, member, produce, unique, wait_until
from real_kmon import kmon, rows_of
from secure_cluster import SecureKafka

from kmon.commands.doctor import examine
from monitor.analysis.derive.lag import HIDDEN_COMMITS
from monitor.collect.collectors.permissions import HIDDEN_GROUPS, HIDDEN_TOPICS
from monitor.collect.requests import PERMISSIONS
from monitor.model.view import View
from monitor.subjects.cluster import CLUSTER, TOTALS

pytestmark = pytest.mark.kafka

CONFIGS = {"describe_topic_configs", "describe_broker_configs"}
"""What the user may see all of."""


class Half:
    """Two topics and groups that read them; `user` may describe the topic `seen` and all of the groups but `hidden`."""

    def __init__(self, secure: SecureKafka) -> None:
        self.secure, cluster = secure, secure.cluster
        self.seen, self.secret = make_topic(cluster, "seen"), make_topic(cluster, "secret")
        for topic in (self.seen, self.secret):
            produce(cluster, topic, count=10)
        self.left, self.reader, self.both, self.modern, self.hidden = map(
            unique, ("left", "reader", "both", "modern", "hidden")
        )
        for group in (self.left, self.both, self.hidden):
            commit(cluster, group, {(self.seen, 0): 4, (self.secret, 0): 3})
        commit(cluster, self.reader, {(self.seen, 0): 4})
        self.user = secure.make_user(
            "half",
            ("DESCRIBE", "TOPIC", self.seen),
            ("DESCRIBE_CONFIGS", "TOPIC", "*"),
            ("DESCRIBE_CONFIGS", "CLUSTER", "kafka-cluster"),
            *(("DESCRIBE", "GROUP", group) for group in (self.left, self.reader, self.both, self.modern)),
        )

    def view(self, user: str) -> View:
        with self.secure.polling(user) as poller:
            return poller.poll()


@pytest.fixture(scope="module")
def half(secure_kafka: SecureKafka) -> Iterator[Half]:
    half = Half(secure_kafka)
    with ExitStack() as running:
        running.enter_context(member(secure_kafka.cluster, half.reader, half.seen))
        running.enter_context(member(secure_kafka.cluster, half.both, half.seen, half.secret))
        modern = HeartbeatMember(running.enter_context(heartbeats(secure_kafka.cluster)), half.modern, half.secret)
        modern.beat({})
        wait_until(modern.beat, "an assignment")
        yield half


AT_ITS_TIME = dict.fromkeys(("lag_seconds", "lag_seconds_error", "headroom_seconds", "since_at_latest"))
"""What is another number a moment later."""


def lag_of(view: View, group: str) -> tuple[float | None, float | None, str]:
    """Total, known part of it, and why the total is unknown."""
    row, lags = view.group_rows[group], view.group_lags
    total, known = (None if np.isnan(each) else float(each) for each in (lags.lag[row], lags.lag_at_least[row]))
    return total, known, view.reasons[lags.reason[row]]


def test_what_may_be_seen_is_complete_and_what_is_hidden_is_said(half: Half) -> None:
    view, everything = half.view(half.user), half.view("admin")
    available = dict(zip(view.snapshot.capabilities.capability, view.snapshot.capabilities.available, strict=True))
    names = [each.capability for each in PERMISSIONS]
    assert {name: available[name] for name in names} == {name: name in CONFIGS for name in names}
    assert view.snapshot.notices[-2:] == (HIDDEN_TOPICS, HIDDEN_GROUPS)
    assert view.verdict.sentence.endswith(f"{HIDDEN_TOPICS} · {HIDDEN_GROUPS}")

    assert half.hidden in everything.group_rows
    assert half.hidden not in view.group_rows
    for group in (half.left, half.reader, half.both):
        seen, all_of_it = ({**rows_of(each, group)[half.seen, 0], **AT_ITS_TIME} for each in (view, everything))
        assert seen == all_of_it

    # With members it is known what a group reads, without them it is not.
    assert lag_of(view, half.reader) == (6, 6, "")
    assert lag_of(view, half.left) == (None, 6, str(HIDDEN_COMMITS))
    total, known, why = lag_of(view, half.both)
    assert (total, known) == (None, 6)
    assert "Describe on the topic is denied" in why
    assert lag_of(view, half.modern)[0] is None
    assert "TOPIC_AUTHORIZATION_FAILED" in view.reasons[view.snapshot.groups.reason[view.group_rows[half.modern]]]
    assert lag_of(everything, half.left) == (13, 13, "")


def test_nothing_is_claimed_of_the_whole_cluster(half: Half) -> None:
    view, everything = half.view(half.user), half.view("admin")
    totals = CLUSTER.plain(view, names=[each.name for each in TOTALS])[0]
    assert {name for name, value in totals.items() if value is not None} <= {"brokers", "fenced", "lag_at_least"}
    assert totals["lag_at_least"] == 18
    assert None not in {CLUSTER.plain(everything)[0][name] for name in ("topics", "partitions", "groups")}


def test_the_lines_that_doctor_prints_make_it_content(half: Half) -> None:
    properties = str(half.secure.client_properties(half.user))
    before = kmon("doctor", "--command-config", properties, "--timeout", "10s")
    assert before.returncode == 1, before.stderr
    lines = [line.strip() for line in before.stdout.splitlines() if line.strip().startswith("kafka-acls.sh ")]
    assert len(lines) == len(PERMISSIONS) - len(CONFIGS)
    settings = half.secure.settings(half.user)
    assert [each.fix for each in examine(settings).checks if each.fix] == lines

    admin = str(half.secure.client_properties("admin"))

    def grant(line: str) -> None:
        _, *words = shlex.split(line)
        words[words.index("admin.properties")] = admin
        half.secure.cluster.run_tool(".AclCommand", *words)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(grant, lines))
    wait_until(lambda: examine(settings).status == "ok", "the broker to know the ACLs")
    after = kmon("doctor", "--command-config", properties, "--timeout", "10s")
    assert after.returncode == 0, after.stdout
    assert after.stdout.endswith("ok: nothing is missing\n")
    assert half.hidden in half.view(half.user).group_rows


def test_a_bootstrap_address_that_does_not_answer_is_told_apart_from_the_brokers(half: Half) -> None:
    settings = half.secure.settings("watcher")
    plaintext = half.secure.bootstrap("ADMIN")
    wrong = settings.model_copy(update={"bootstrap_servers": (*settings.bootstrap_servers, plaintext)})
    report = examine(wrong)
    assert report.status == "degraded"
    (trouble,) = [each for each in report.checks if each.level == "missing"]
    assert (trouble.name, trouble.state) == (f"bootstrap at {plaintext}", "unreachable")
    assert trouble.why == "speaks plaintext, but security.protocol is SASL_SSL"


def test_a_password_that_is_refused_is_no_missing_permission(half: Half) -> None:
    settings = half.secure.settings("watcher")
    wrong = settings.model_copy(update={"security": half.secure.security("watcher", password="wrong")})
    report = examine(wrong)
    assert (report.status, report.checks) == ("unreachable", ())
    assert "authentication failed" in report.error

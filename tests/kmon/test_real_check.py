"""kmon check and kmon lag --where on a real cluster: groups at known offsets of records whose ages are known."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from breakable import Cluster
from kafka import KafkaProducer
from kafka_cluster import broker_paused, commit, make_topic, produce, unique
from real_kmon import kmon, kmon_lag

from kmon import cli
from kmon.commands.check import CRITICAL, OK, UNKNOWN, WARNING

pytestmark = pytest.mark.kafka

AGES_MINUTES = (300, 200, 110, 90, 30, 5)
"""How old the records at offsets 0, 1, … are."""
OLD, NEAR, DONE = 2, 3, len(AGES_MINUTES)
"""Offsets that groups have committed: the next record is beyond 100 minutes, just not beyond, and there is none."""


class Groups:
    """A topic with records of known ages, and a group at each of three offsets."""

    def __init__(self, cluster: Cluster) -> None:
        self.topic = make_topic(cluster, "aged", partitions=2)
        now_ms = time.time() * 1000
        with closing(KafkaProducer(bootstrap_servers=cluster.bootstrap)) as producer:
            for minutes in AGES_MINUTES:
                producer.send(self.topic, b"x", partition=0, timestamp_ms=int(now_ms - 60_000 * minutes))
            producer.flush()
        self.name = unique("check")
        for what, offset in (("old", OLD), ("near", NEAR), ("done", DONE)):
            commit(cluster, f"{self.name}-{what}", {(self.topic, 0): offset, (self.topic, 1): 0})


@pytest.fixture(scope="module")
def groups(kafka: Cluster) -> Groups:
    return Groups(kafka)


@pytest.fixture
def check(kafka: Cluster, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(*args: str) -> tuple[int, str]:
        code = cli.main(["check", "-b", kafka.bootstrap, "--timeout", "10s", *args])
        return code, capsys.readouterr().out

    return run


Check = Callable[..., tuple[int, str]]


def test_an_old_record_is_found_and_a_near_miss_is_not(groups: Groups, check: Check) -> None:
    code, line = check("--group", f"{groups.name}-.*", "--max-lag-seconds", "100m")
    assert code == CRITICAL
    found = re.match(
        r"KMON CRITICAL - 1 partition above the limits: (\S+)-old on (\S+) \(lag (\d+), time lag (1\.[89] h|2 h)", line
    )
    assert found, line
    assert found.groups()[:3] == (groups.name, f"{groups.topic}-0", str(DONE - OLD))
    assert check("--group", f"{groups.name}-(near|done)", "--max-lag-seconds", "100m")[0] == OK
    assert check("--group", f"{groups.name}-.*", "--max-lag-seconds", "130m")[0] == OK
    assert check("--group", f"{groups.name}-near", "--max-lag-seconds", "80m")[0] == CRITICAL


def test_lag_is_found_at_the_record(groups: Groups, check: Check) -> None:
    group, lag = f"{groups.name}-old", DONE - OLD
    code, line = check("--group", group, "--max-lag", str(lag))
    assert (code, f" max_lag={lag};;{lag};0 " in line) == (OK, True)
    assert check("--group", group, "--max-lag", str(lag - 1))[0] == CRITICAL
    assert check("--where", f'group == "{group}" and lag >= {lag} and state == "Empty"')[0] == CRITICAL
    assert check("--where", f'group == "{group}" and lag > {lag}')[0] == OK


def test_the_command_as_scripts_run_it(kafka: Cluster, groups: Groups) -> None:
    done = kmon("check", "-b", kafka.bootstrap, "--group", f"{groups.name}-.*", "--max-lag-seconds", "100m")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (CRITICAL, "", 1)
    assert done.stdout.startswith("KMON CRITICAL - ")


def test_lag_where_picks_the_same_rows(kafka: Cluster, groups: Groups) -> None:
    rows = kmon_lag(kafka.bootstrap, "--where", f'group ~ "{groups.name}-.*" and lag_seconds > 100m')
    assert [(row["group"], row["partition"], row["lag"]) for row in rows] == [(f"{groups.name}-old", 0, DONE - OLD)]
    age, error = rows[0]["lag_seconds"], rows[0]["lag_seconds_error"]
    assert isinstance(age, int | float)
    assert isinstance(error, int | float)
    assert error <= 0.02 * age


def test_a_commit_beyond_the_log_end_is_a_warning_and_is_told_everywhere(kafka: Cluster, check: Check) -> None:
    topic, group = make_topic(kafka, "ahead", partitions=1), unique("ahead")
    end = produce(kafka, topic, 0)
    commit(kafka, group, {(topic, 0): end + 980})
    offsets = f"committed offset {end + 980:,} is 980 beyond the log end {end:,}"
    (row,) = kmon_lag(kafka.bootstrap, "--group", group)
    assert (row["lag"], row["ahead"], row["status"]) == (0, 980, "ahead")
    assert row["why"] == f"ahead: {offsets}"
    code, line = check("--group", group)
    assert (code, f"1 commit beyond the log end: {group} on {topic}-0 (" in line) == (WARNING, True)


@pytest.fixture
def fragile(kafka: Cluster) -> Iterator[tuple[str, str]]:
    """A topic without replicas, with a partition on every broker, and a group that has read it."""
    topic, group = make_topic(kafka, "fragile", partitions=3, replicas=1), unique("fragile")
    ends = {(topic, partition): produce(kafka, topic, partition) for partition in range(3)}
    commit(kafka, group, ends)
    yield topic, group
    # Its partitions would be offline in every other test that breaks a broker.
    with closing(kafka.admin()) as admin:
        admin.delete_topics([topic])


def test_while_a_broker_hangs_nothing_is_ok(kafka: Cluster, fragile: tuple[str, str], check: Check) -> None:
    topic, group = fragile
    asked = "--group", group, "--topic", topic, "--max-lag", "5", "--timeout", "2s"
    assert check(*asked)[0] == OK
    with broker_paused(kafka, 2):
        code, line = check(*asked)
        assert (code, line.startswith("KMON UNKNOWN - ")) == (UNKNOWN, True)
    code, line = check("-b", "127.0.0.1:1", "--max-lag", "5")
    assert (code, "connection refused" in line) == (UNKNOWN, True)

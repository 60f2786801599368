"""Group ids that break what is not careful, committed to a real Kafka: every face shows each once and exactly."""

import csv
import io
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from urllib.parse import quote

import pytest
from breakable import Cluster
from hostile import HOSTILE
from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError
from kafka_cluster import commit, make_topic, produce, unique
from real_kmon import COMMAND_SECONDS, Serve, command, environment

from kmon.demo import readiness
from monitor.model.text import clip, name_of, visible

pytestmark = pytest.mark.kafka

NAMES = (
    *HOSTILE,
    "'; DROP TABLE groups; --",
    "[bold red]not markup[/]",
    "\x1b]0;title\x07\x1b[2J\x9b31m",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER FINAL MEM}",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
    "z\N{COMBINING CIRCUMFLEX ACCENT}" + "\N{COMBINING GRAVE ACCENT}" * 50,
    "a/b?c=d&e#f%00",
    "..",
    "=1+1",
    "{{7*7}}",
    "null",
    "é",
    "e\N{COMBINING ACUTE ACCENT}",
)


@pytest.fixture(scope="module")
def names(kafka: Cluster) -> Iterator[dict[str, int]]:
    """The names that Kafka took as group ids, with the lag of each: all are different."""
    topic = make_topic(kafka, "hostile")
    produce(kafka, topic, count=len(NAMES))
    taken: dict[str, int] = {}
    commit(kafka, unique("harmless"), {(topic, 0): 0})  # its coordinator is awake from here on
    with closing(kafka.admin()) as admin:
        for lag, name in enumerate(NAMES):
            wanted = {TopicPartition(topic, 0): OffsetAndMetadata(len(NAMES) - lag, "", -1)}
            with suppress(KafkaError):
                readiness.commit(admin, name, wanted)
                taken[name] = lag
    yield taken
    with closing(kafka.admin()) as admin:
        admin.delete_groups(list(taken))


def lag(kafka: Cluster, output: str, *more: str) -> str:
    argv = command("lag", "-b", kafka.bootstrap, "--timeout", "10s", "-o", output, *more)
    done = subprocess.run(argv, capture_output=True, timeout=COMMAND_SECONDS, check=False, env=environment())
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_kafka_takes_all_of_them(names: dict[str, int]) -> None:
    assert set(names) == set(NAMES)


def test_json(kafka: Cluster, names: dict[str, int]) -> None:
    text = lag(kafka, "json")
    assert text.isascii()
    rows = [row for row in json.loads(text) if row["group"] in names]
    assert sorted((row["group"], row["lag"]) for row in rows) == sorted(names.items())


def test_csv(kafka: Cluster, names: dict[str, int]) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(lag(kafka, "csv"), newline="")) if row["group"] in names]
    assert sorted((row["group"], int(row["lag"])) for row in rows) == sorted(names.items())


@pytest.mark.parametrize("output", ["table", "wide"])
def test_tables(kafka: Cluster, names: dict[str, int], output: str) -> None:
    """A line a row, and nothing in it that a terminal would obey."""
    text = lag(kafka, output, "--name", "hostile")
    assert [each for each in text if each != "\n" and visible(each) != each] == []
    lines = text.split("\n")[1:-1]
    shown = Counter(clip(name_of(name), 60) if output == "table" else name_of(name) for name in names)
    before = "" if output == "table" else "hostile  "
    for name, count in shown.items():
        assert sum(line.startswith(f"{before}{name} ") for line in lines) == count, name
    assert output == "table" or max(shown.values()) == 1, "names that look alike"
    assert len(lines) >= len(names)


def test_served(kafka: Cluster, names: dict[str, int]) -> None:
    with Serve("-b", kafka.bootstrap, "--interval", "1h", "--timeout", "10s") as serve:
        serve.wait_up()
        lags = serve.metrics()["kmon_group_lag"]
        told = {dict(labels)["group"]: value for labels, value in lags.items()}
        assert {name: told.get(name) for name in names} == names
        groups = Counter(row["group"] for row in serve.json("/api/v1/groups")["groups"])
        assert {name: groups[name] for name in names} == dict.fromkeys(names, 1)
        rows = [row for row in serve.json("/api/v1/lag?limit=100000")["lag"] if row["group"] in names]
        assert sorted((row["group"], row["lag"]) for row in rows) == sorted(names.items())
        for name, behind in names.items():
            if name == "..":  # a client resolves it before it asks
                continue
            answer = serve.json(f"/api/v1/groups/{quote(name, safe='')}")
            assert (answer["group"], answer["lag"]) == (name, behind)
        assert all(visible(line) == line for line in serve.said.splitlines())

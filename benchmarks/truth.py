"""Time lag as klag-exporter, in both its modes, and kmon report it, against the times at which records were sent."""

import re
import statistics
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from benchmarks.peer import INTERVAL_SECONDS, klag_exporter
from benchmarks.process import serving
from kmon.demo.readiness import commit

HISTORY_SECONDS = 60.0
"""Producers write for so long before the first commit."""

SAMPLES = 26
BETWEEN_SAMPLES_SECONDS = 1.38 * INTERVAL_SECONDS
"""Not a multiple of the interval, so that samples are taken at different times after a poll."""
COMMITTED_EVERY = 6
"""Samples between two commits; each commit is followed by a pause until every exporter has polled it."""

LAG_SECONDS = re.compile(
    r'^(?:kafka_consumergroup_group_lag_seconds|kmon_group_lag_seconds)\{[^}]*\bgroup="([^"]+)"[^}]*\} (\S+)',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Rhythm:
    """A producer: `pace` gives how many records it sends at some second, and its pause after them.

    Its group stands `behind` the last record by so many.
    """

    name: str
    behind: int
    pace: Callable[[float], tuple[int, float]]
    at_first: int = 0


RHYTHMS = (
    Rhythm("steady", 400, lambda _: (1, 0.05)),
    Rhythm("slow", 4, lambda _: (1, 5.0)),
    Rhythm("bursts", 450, lambda _: (300, 20.0)),
    Rhythm("slowed-down", 800, lambda second: (1, 0.02 if second < HISTORY_SECONDS else 1.0)),
    Rhythm("stopped", 100, lambda _: (0, 5.0), at_first=500),
)


@dataclass(frozen=True)
class Errors:
    """How far the reported time lags of a group are from the true ones, seconds; and how often none was reported."""

    differences: Sequence[float]
    missing: int

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.missing} missing"
        median, worst = statistics.median(self.differences), max(self.differences)
        return f"median {median:.1f} s, at most {worst:.1f} s, {self.missing} missing"


class Producers:
    """A topic and a producer for each of RHYTHMS, which remember when each record was sent (unix seconds)."""

    def __init__(self, bootstrap: str) -> None:
        self.sent: dict[str, list[float]] = {each.name: [] for each in RHYTHMS}
        self.committed: dict[str, int] = {}
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        self._admin.create_topics({name: {"num_partitions": 1, "replication_factor": 1} for name in self.sent})
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(each,)) for each in RHYTHMS]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in self._threads:
                thread.join()
            self._producer.close()
            self._admin.close()

    def _run(self, rhythm: Rhythm) -> None:
        self._send(rhythm.name, rhythm.at_first)
        began = time.monotonic()
        while not self._ending.is_set():
            count, pause = rhythm.pace(time.monotonic() - began)
            self._send(rhythm.name, count)
            self._ending.wait(pause)

    def _send(self, name: str, count: int) -> None:
        for _ in range(count):
            sent = int(time.time() * 1000)
            self._producer.send(name, b"x" * 50, timestamp_ms=sent)
            self.sent[name].append(sent / 1000)

    def commit(self) -> None:
        """Let each group stand as far behind the last record as its rhythm says."""
        for rhythm in RHYTHMS:
            at = max(0, len(self.sent[rhythm.name]) - rhythm.behind)
            offset = {TopicPartition(rhythm.name, 0): OffsetAndMetadata(at, "", -1)}
            commit(self._admin, rhythm.name, offset)
            self.committed[rhythm.name] = at

    def true_lag(self, name: str, now: float) -> float:
        """Seconds since the record was sent that the group reads next."""
        return now - self.sent[name][self.committed[name]]


def measure_truth(program: Path, bootstrap: str) -> Iterator[tuple[str, tuple[float, float], Mapping[str, Errors]]]:
    """For each rhythm: the least and the most of the true time lags, and the errors of each exporter, by its name."""
    producers = Producers(bootstrap)
    with producers.running(), ExitStack() as stack:
        time.sleep(HISTORY_SECONDS)
        producers.commit()
        groups = "|".join(producers.sent)
        _, rate = stack.enter_context(klag_exporter(program, bootstrap, groups=groups))
        _, message = stack.enter_context(klag_exporter(program, bootstrap, groups=groups, mode="message", port=19902))
        _, host, port = stack.enter_context(serving(bootstrap, "--interval", f"{INTERVAL_SECONDS}s", "--no-dashboard"))
        urls = {
            "klag-exporter, rate": rate,
            "klag-exporter, message": message,
            "kmon": f"http://{host}:{port}/metrics",
        }
        true, found = defaultdict[str, list[float]](list), defaultdict[tuple[str, str], list[float | None]](list)
        for number in range(SAMPLES):
            if number % COMMITTED_EVERY == 0:
                producers.commit()
                time.sleep(2 * INTERVAL_SECONDS)
            time.sleep(BETWEEN_SAMPLES_SECONDS)
            for exporter, url in urls.items():
                reported = _reported(url)
                now = time.time()
                for name in producers.sent:
                    true[name].append(producers.true_lag(name, now))
                    told = reported.get(name)
                    found[name, exporter].append(None if told is None else abs(told - true[name][-1]))
    for name in producers.sent:
        errors = {
            exporter: Errors(
                [each for each in found[name, exporter] if each is not None], found[name, exporter].count(None)
            )
            for exporter in urls
        }
        yield name, (min(true[name]), max(true[name])), errors


def _reported(url: str) -> dict[str, float]:
    """The time lag of each group on a page of metrics."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            page = answer.read().decode()
    except OSError:
        return {}
    return {group: float(value) for group, value in LAG_SECONDS.findall(page)}

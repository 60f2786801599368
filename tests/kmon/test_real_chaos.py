"""A real cluster in chaos: whatever kmon says of it at any moment is right or unknown, never false.

The short form breaks each thing once. The long form breaks things by chance for KMON_CHAOS_SECONDS, in the order that
KMON_CHAOS_SEED gives: `make chaos` sets both.
"""

import gc
import logging
import math
import os
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, cycle

import pytest
from alert_fixtures import rule_of
from chaos_checks import THRESHOLD, Seen, alerts, falsehoods, forgotten, remember, resolutions
from chaos_scenario import SHORT, Stage, Step, drawn, play
from chaos_truth import Ledger
from chaos_workload import prepare, writing
from cut_cluster import CutCluster
from kafka_cluster import wait_until
from real_kmon import settings_of

from alerts.evaluator import Evaluator
from alerts.notice import Notice
from kmon.commands.lag_rows import lag_rows, missing_of
from monitor.analysis.view import with_alerts
from monitor.model.alert_counters import Counters
from monitor.model.view import View
from monitor.poll.loop import PollLoop
from monitor.poll.poller import poll_once
from monitor.poll.source import Memory

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves the sockets of clients that found nobody to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

SETTINGS = {"interval_seconds": 2.0, "request_timeout_seconds": 1.0}
ONCE_EVERY_SECONDS = 2.0
RULES = (rule_of("Behind", THRESHOLD), rule_of("BehindForSome", THRESHOLD, for_seconds=4.0))

LONG_SECONDS = float(os.environ.get("KMON_CHAOS_SECONDS", "0"))
SEED = int(os.environ.get("KMON_CHAOS_SEED", "11"))


@dataclass(frozen=True)
class Said:
    """A View that kmon made, and when it was ready. `run` numbers kmon's lives; None for a kmon of one poll."""

    view: View
    ended: float
    run: int | None
    resolved: tuple[tuple[str, str, str], ...] = ()


class Told:
    """A receiver of alerts that keeps what it is told is resolved."""

    name = "told"

    def __init__(self) -> None:
        self.resolved: list[tuple[str, str, str]] = []

    def offer(self, notices: Iterable[Notice], valid_seconds: float = 0.0) -> None:
        for each in notices:
            labels = dict(each.labels)
            if each.resolved and not each.again:
                self.resolved.append((labels["alertname"], labels["group"], dict(each.annotations)["resolution"]))

    @property
    def counters(self) -> Counters:
        return Counters(self.name)

    def close(self, within_seconds: float) -> None: ...

    def join(self, timeout_seconds: float) -> bool:
        return True


class Kmon:
    """The kmon that watches: polls, evaluates rules and hands every View on. It can be restarted."""

    def __init__(self, bootstrap: str, said: "queue.SimpleQueue[Said]") -> None:
        self._settings, self._said = settings_of(bootstrap, name="chaos", **SETTINGS), said
        self._run = 0
        self._loop: PollLoop | None = None

    def start(self) -> None:
        told, run = Told(), self._run
        evaluator = Evaluator(RULES, [told])  # type: ignore[list-item]  # it is one in all that is used of it
        memory = Memory("chaos", SETTINGS["interval_seconds"])

        def show(view: View) -> None:
            resolved, told.resolved = tuple(told.resolved), []
            self._said.put(Said(view, time.monotonic(), run, resolved))

        memory.subscribe(show)
        self._loop = PollLoop(self._settings, memory, lambda view: with_alerts(view, evaluator.observe(view)))
        self._loop.start()

    def stop(self) -> None:
        assert self._loop is not None
        self._loop.stop()

    def restart(self) -> None:
        self.stop()
        self._run += 1
        self.start()


class Judge:
    """Holds what was said to what is so. `false` are all falsehoods, with the step in which they were said."""

    def __init__(self, ledger: Ledger, said: "queue.SimpleQueue[Said]") -> None:
        self._ledger, self._said = ledger, said
        self._seen: dict[int, Seen] = {}
        self.step = ""
        self.false: list[tuple[str, str]] = []
        self.views: Counter[bool] = Counter()

    def hear(self, seconds: float) -> Said | None:
        """Judge the next View, if one comes in time."""
        try:
            said = self._said.get(timeout=seconds)
        except queue.Empty:
            return None
        truth = self._ledger.truth(said.view.snapshot.started, said.ended)
        found = falsehoods(said.view, truth)
        if said.run is not None:
            before = self._seen.get(said.run, Seen())
            found += chain(
                forgotten(before, said.view, truth),
                alerts(before, said.view, truth),
                resolutions(said.resolved, truth),
            )
            self._seen[said.run] = remember(before, said.view)
        self.views[said.view.complete] += 1
        self.false += [(f"{self.step}{'' if said.run is not None else ' (once)'}", each) for each in found]
        return said

    def report(self) -> str:
        """Falsehoods that differ by numbers only are told once, with how often they were said."""
        alike: dict[tuple[str, str], list[str]] = {}
        for step, text in self.false:
            alike.setdefault((step, re.sub(r"[\d,.]+", "#", text)), []).append(text)
        return "\n".join(f"{len(texts):4} times in {step}: {texts[0]}" for (step, _), texts in alike.items())


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """kafka-python logs every broken connection; and its sockets are collected before the next test begins."""
    logger = logging.getLogger("kafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)
    gc.collect()


@pytest.fixture
def cluster(kafka_here: None) -> Iterator[CutCluster]:
    """A cluster of its own, which notices soon that a broker is away."""
    config = {
        "broker.session.timeout.ms": 2500,
        "broker.heartbeat.interval.ms": 500,
        "controller.quorum.election.timeout.ms": 1000,
        "controller.quorum.fetch.timeout.ms": 2000,
    }
    with CutCluster(brokers=3, config=config) as cluster:
        yield cluster


def polled_once(cluster: CutCluster, said: "queue.SimpleQueue[Said]", ended: threading.Event) -> None:
    """A kmon of one poll again and again, such as kmon lag: each knows nothing, and starts from another broker."""
    for broker in cycle(cluster.ids):
        if ended.wait(ONCE_EVERY_SECONDS):
            return
        view = poll_once(settings_of(cluster.address(broker), **SETTINGS))
        said.put(Said(view, time.monotonic(), None))


def known(said: Said | None, groups: int) -> bool:
    """Whether a View knows all there is to know."""
    if said is None or said.run is None or not said.view.complete:
        return False
    view = said.view
    return view.totals.groups == groups and view.totals.lag is not None and not missing_of(view, lag_rows(view))


def run(cluster: CutCluster, steps: Iterable[Step], seconds: float = math.inf) -> Judge:
    """Play these steps, as far as they begin within some seconds, and judge all that is said meanwhile."""
    ledger, said, ended = Ledger(), queue.SimpleQueue[Said](), threading.Event()
    prepare(cluster, ledger)
    kmon, judge = Kmon(cluster.bootstrap, said), Judge(ledger, said)
    stage = Stage(cluster, ledger, kmon.restart)
    once = threading.Thread(target=polled_once, args=(cluster, said, ended))
    failed: list[BaseException] = []

    def play_all() -> None:
        try:
            until = time.monotonic() + seconds
            for step in steps:
                if time.monotonic() > until:
                    break
                judge.step = str(step)
                play(stage, step)
            judge.step = "the end"
        except BaseException as error:  # noqa: BLE001 - raised by the test's own thread
            failed.append(error)

    with writing(cluster, ledger):
        kmon.start()
        once.start()
        try:
            wait_until(lambda: known(judge.hear(5), len(ledger.commits)), "all to be known before the chaos")
            playing = threading.Thread(target=play_all)
            playing.start()
            while playing.is_alive():
                judge.hear(0.5)
            playing.join()
            if failed:
                raise failed[0]
            wait_until(lambda: known(judge.hear(5), len(ledger.commits)), "all to be known after the chaos", 120)
        finally:
            ended.set()
            kmon.stop()
            once.join()
    return judge


def test_nothing_false_is_said(cluster: CutCluster) -> None:
    judge = run(cluster, drawn(SEED), LONG_SECONDS) if LONG_SECONDS else run(cluster, SHORT)
    assert not judge.false, f"{len(judge.false)} falsehoods in {judge.views.total()} views:\n{judge.report()}"

"""The poll: runs the collectors of one cluster in their steps, times and isolates each, and makes the View."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.earlier_polls.past import Past
from monitor.analysis.earlier_polls.takeover import Believed, believe_commits
from monitor.analysis.events.log import EventLog
from monitor.analysis.view import make_view
from monitor.collect.assemble import Assembler
from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.draft import Draft
from monitor.kafka.client.client import Ask, Batch, Client
from monitor.kafka.client.diagnose import diagnose
from monitor.kafka.client.wire import Answer
from monitor.model.lag import Lag
from monitor.model.snapshot import Outcome, Snapshot
from monitor.model.view import View
from monitor.poll.identity import ClusterName
from monitor.poll.next_records import record_times, undated
from monitor.poll.record_times import RECORDS_A_POLL, Dater
from monitor.poll.worker import log_failure
from monitor.settings.client_options import client_options
from monitor.settings.model import ClusterSettings

log = logging.getLogger(__name__)

DATING_SHARE = 0.2
REQUESTS_A_BROKER, REQUESTS_BESIDE = 9, 4
"""What a poll may ask before slow collectors wait for the next: so much of each broker, and beside that."""


@dataclass
class _Turn:
    """One collector's part of one poll; `seconds` holds the waiting and the `reading`.

    `ran` is False while it gives out what an earlier poll had collected, or was not given its turn.
    """

    collector: Collector
    asks: list[Ask] = field(default_factory=list)
    batch: Batch | None = None
    seconds: float = 0.0
    reading: float = 0.0
    answered: bool = False
    ran: bool = False
    missing: list[str] = field(default_factory=list)


def client_of(settings: ClusterSettings) -> Client:
    """A client of the cluster. Raises SettingsError when a file that the settings name cannot be used."""
    return Client(
        settings.bootstrap_servers,
        partial(client_options, settings),
        # A broker that hangs is not asked again in its poll; what is left of the poll is for the others.
        request_timeout_seconds=min(settings.request_timeout_seconds, settings.interval_seconds / 2),
        max_answer_bytes=settings.max_answer_bytes,
        max_inflight_bytes=settings.max_inflight_bytes,
        client_id=settings.client_id,
        stamp=settings.security.stamp,
    )


class Poller:
    """Polls one cluster, one poll at a time. Not for more than one thread at once, but for `close`."""

    def __init__(
        self,
        settings: ClusterSettings,
        collectors: Sequence[type[Collector]] = COLLECTORS,
        name: ClusterName | None = None,
    ) -> None:
        """`name` is given by who polls the cluster with more than one Poller, so that all call it the same."""
        self.settings = settings
        self._name = name or ClusterName(settings.name, settings.title)
        self._client = client_of(settings)
        self._choice = settings.choice
        self._collectors = [make() for make in collectors]
        self._assembler = Assembler()
        self.parts: dict[str, float] = {}
        """Seconds of the last poll's parts: asking (waiting included), decoding, deriving."""
        self.overruns = 0
        """Polls that were skipped so far because the one before took too long."""
        self._collected_at: dict[str, float] = {}
        self._ran: set[str] = set()
        self._asked = 0
        self._past = Past()
        self._believed: Believed | None = None
        self._events = EventLog()
        self._dater = Dater()
        self._last: View | None = None

    def poll(self, deadline_seconds: float | None = None, *, dating_share: float = DATING_SHARE) -> View:
        """Ask everything once; the View of it, whatever failed. Ends after `deadline_seconds`, or else the interval.

        Dating records that no earlier poll saw come may take `dating_share` of the interval.
        """
        started = time.monotonic()
        self._client.refresh()
        seconds = deadline_seconds or self.settings.interval_seconds
        draft = Draft(
            str(self._name),
            time.time(),
            started,
            started + seconds,
            self._choice,
            self.settings.interval_seconds,
            self.overruns,
        )
        turns = self._ask_all(draft)
        draft.cluster = self._name.settle(draft.cluster_id)
        asked = time.monotonic()
        decoding = sum(turn.reading for turn in turns)
        outcomes = tuple(self._outcome(turn, draft) for turn in turns)
        requests = self._client.tally.table()
        if draft.error:
            draft.error = diagnose(
                self._client.bootstrap_servers, self.settings.security.protocol, draft.error, draft.deadline
            )
            snapshot = Snapshot(
                draft.cluster,
                draft.time,
                started,
                draft.error,
                requests=requests,
                interval_seconds=draft.interval_seconds,
                overruns=draft.overruns,
                outcomes=outcomes,
            )
        else:
            snapshot = self._assembler.snapshot(draft, outcomes, requests)
            snapshot, self._believed = believe_commits(self._believed, snapshot)
        assembled = time.monotonic()
        dating, lag = 0.0, derive_lag(snapshot)
        if not snapshot.error:
            until = min(draft.deadline, assembled + dating_share * self.settings.interval_seconds)
            snapshot, dating = self._date(snapshot, lag[0], asked - started, until)
        changes = self._events.changes
        self._last = make_view(
            snapshot,
            last_good=self._last,
            past=self._past,
            lag=lag,
            changes=changes,
            limits=self.settings.health.limits,
        )
        self.parts = {
            "asking": asked - started - decoding,
            "decoding": decoding + assembled - asked,
            "dating": dating,
            "deriving": time.monotonic() - assembled - dating,
        }
        return self._last

    def poll_patiently(self) -> View:
        """A poll that somebody waits for and none follows at once: with time for slow answers and for all dating."""
        seconds = max(self.settings.interval_seconds, 3 * self.settings.request_timeout_seconds)
        return self.poll(seconds, dating_share=1.0)

    def _date(self, snapshot: Snapshot, lag: Lag, took: float, until: float) -> tuple[Snapshot, float]:
        """The snapshot with the times of the records that groups read next, and the seconds that asking for them took.

        Only what no earlier poll saw come is asked, `until` a time of the monotonic clock.
        """
        self._past.add(snapshot, lag, took)
        self._events.add(snapshot, lag)
        wanted, rows = undated(snapshot, lag, self._past, RECORDS_A_POLL)
        began = time.monotonic()
        found = self._dater.date(self._client, wanted, snapshot.time, until)
        return replace(snapshot, record_times=record_times(snapshot, wanted, rows, found)), time.monotonic() - began

    @property
    def crashed(self) -> bool:
        """Whether the client's I/O thread has ended by an exception: no poll of this Poller can succeed any more."""
        return self._client.crashed

    def close(self) -> None:
        self._client.close()

    def _ask_all(self, draft: Draft) -> list[_Turn]:
        """All turns in order. The replies of a step are decoded while the next step's questions are under way."""
        turns = [_Turn(collector) for collector in self._collectors]
        self._asked = 0
        discover, starts, commits, ends = ([turn for turn in turns if turn.collector.step is step] for step in Step)
        if not self._client.nodes:  # the first poll: who could be asked for groups is not known before metadata
            self._begin(discover[:1], draft)
            self._finish(discover[:1], draft)
            discover = discover[1:]
        self._begin(discover, draft)
        self._finish(discover, draft)
        if draft.error:
            return turns
        self._begin(starts, draft)
        self._finish(starts, draft)
        self._begin(commits, draft)
        replies = [self._wait(turn) for turn in commits]
        self._begin(ends, draft)
        for turn, each in zip(commits, replies, strict=True):
            self._read(turn, draft, each)
        self._finish(ends, draft)
        return turns

    def _begin(self, turns: Sequence[_Turn], draft: Draft) -> None:
        for turn in turns:
            began = time.monotonic()
            try:
                turn.asks = turn.collector.ask(self._client, draft)
                # Slow collectors that fall due together take turns, so that no poll is a heavy one.
                if self._asked + len(turn.asks) > _request_limit(draft) and turn.collector.postpone():
                    turn.asks = []
            except Exception as error:  # noqa: BLE001 - isolation is the point
                self._broken(turn, draft, error)
            else:
                self._asked += len(turn.asks)
                turn.batch = self._client.start(turn.asks, draft.deadline)
            turn.seconds += time.monotonic() - began

    def _wait(self, turn: _Turn) -> list[Reply]:
        began = time.monotonic()
        replies = turn.batch.wait() if turn.batch else []
        turn.seconds += time.monotonic() - began
        return replies

    def _finish(self, turns: Sequence[_Turn], draft: Draft) -> None:
        for turn in turns:
            self._read(turn, draft, self._wait(turn))
            if draft.error:
                return

    def _read(self, turn: _Turn, draft: Draft, replies: list[Reply]) -> None:
        if turn.batch is None:
            return
        began = time.monotonic()
        turn.answered = any(isinstance(reply, Answer) for reply in replies)
        try:
            turn.missing += turn.collector.read(self._client, draft, turn.asks, replies)
            turn.ran = not turn.collector.kept
        except Exception as error:  # noqa: BLE001 - isolation is the point
            self._broken(turn, draft, error)
        turn.reading = time.monotonic() - began
        turn.seconds += turn.reading

    def _broken(self, turn: _Turn, draft: Draft, error: Exception) -> None:
        """A collector's own fault costs its own rows, and is reported like any other.

        Raises it where the client is closed or its I/O thread has ended: that says nothing of the cluster.
        """
        if self._client.closed or self._client.crashed:
            raise error
        log_failure(log, "collector %s of cluster %s failed", turn.collector.name, draft.cluster)
        reason = f"collector {turn.collector.name} failed: {type(error).__name__}: {error}"
        turn.answered, turn.ran = False, True
        turn.missing.append(reason)
        turn.collector.fail(draft, reason)

    def _outcome(self, turn: _Turn, draft: Draft) -> Outcome:
        name = turn.collector.name
        if turn.ran:
            self._ran.add(name)
        ran = turn.ran or (name in self._ran and not draft.error)
        if draft.error and not turn.missing:
            turn.missing.append(draft.error)
        if turn.answered or not (turn.missing or turn.collector.kept):
            self._collected_at[name] = time.time()
        error = "; ".join(dict.fromkeys(turn.missing))
        seconds = turn.seconds if turn.ran else None
        return Outcome(name, not turn.missing, seconds, self._collected_at.get(name), error, ran)


def poll_once(settings: ClusterSettings, collectors: Sequence[type[Collector]] = COLLECTORS) -> View:
    """One poll with connections of its own; `view.up` tells whether any of the cluster answered."""
    poller = Poller(settings, collectors)
    try:
        return poller.poll_patiently()
    finally:
        poller.close()


def _request_limit(draft: Draft) -> int:
    return REQUESTS_A_BROKER * len(draft.brokers) + REQUESTS_BESIDE

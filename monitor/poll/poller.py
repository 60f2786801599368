"""The poll: asks one cluster, assembles the Snapshot, and makes the View with what is remembered of earlier polls."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from monitor.analysis.earlier_polls.freshness import Counters
from monitor.collect.assemble import Assembler
from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector
from monitor.collect.draft import Draft
from monitor.kafka.client.client import Client
from monitor.kafka.client.reach import diagnose, name_foreign
from monitor.model.cluster_tables import Certificates
from monitor.model.snapshot import Outcome, Snapshot
from monitor.model.view import View
from monitor.poll.asking import Asking, Collected, outcomes
from monitor.poll.identity import ClusterName
from monitor.poll.pipeline import Remembered, step
from monitor.poll.record_times import Dates, date_records
from monitor.settings.client_options import client_options
from monitor.settings.model import ClusterSettings
from monitor.settings.owners import owner_rules
from monitor.settings.slos import slos_of

DATING_SHARE = 0.2


class Clock(NamedTuple):
    """What tells the time: unix seconds, and monotonic ones."""

    unix: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


SYSTEM_CLOCK = Clock()


class KeptCounters(Protocol):
    """Where the counters of freshness are kept, so that burn rates go on in another Poller or process."""

    def load(self, unix: float, monotonic: float) -> Counters:
        """Those that were kept last, as of now; `unix` and `monotonic` are what the clocks show."""
        ...

    def offer(self, counters: Counters, offset: float) -> None:
        """Keep these; never waits. `offset` makes a time of theirs, which is monotonic, a unix time."""
        ...


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
        clock: Clock = SYSTEM_CLOCK,
        *,
        kept: KeptCounters | None = None,
        state_trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`name` is given by who polls the cluster with more than one Poller, so that all call it the same.

        `kept` is what an earlier Poller left of the counters of freshness; without it they begin anew. `state_trouble`
        tells why the state of alerts is not kept: see View.
        """
        self.settings = settings
        self.name = name or ClusterName(settings.name, settings.title)
        self._client = client_of(settings)
        self._choice = settings.choice
        self._owners, self._slos = owner_rules(settings.owners), slos_of(settings.slos)
        self._collectors = [make() for make in collectors]
        self._assembler = Assembler()
        self._clock = clock
        self.parts: dict[str, float] = {}
        """Seconds of the last poll's parts: asking (waiting included), decoding, dating, deriving."""
        self.overruns = 0
        """Polls that were skipped so far because the one before took too long."""
        self._collected = Collected()
        self._kept, self._state_trouble = kept, state_trouble
        counters = kept.load(clock.unix(), clock.monotonic()) if kept is not None else Counters()
        self._remembered = Remembered(counters=counters)
        self._foreign: dict[str, str] = {}  # what advertised addresses speak that failed in the last poll

    @property
    def dates(self) -> Dates:
        """What the last poll asked to date the records that groups read next."""
        return self._remembered.dates

    def poll(self, deadline_seconds: float | None = None, *, dating_share: float = DATING_SHARE) -> View:
        """Ask everything once; the View of it, whatever failed. Ends after `deadline_seconds`, or else the interval.

        Dating records that no earlier poll saw come may take `dating_share` of the interval.
        """
        interval, clock = self.settings.interval_seconds, self._clock.monotonic
        started = clock()
        self._client.refresh()
        deadline = started + (deadline_seconds or interval)
        now = self._clock.unix()
        draft = Draft(str(self.name), now, started, deadline, self._choice, interval, self.overruns)
        asking = Asking(self._client, self._collectors, draft, clock)
        asking.run()
        self.name = self.name.settle(draft.cluster_id)
        draft.cluster = str(self.name)
        asked = clock()
        protocol = self.settings.security.protocol
        if draft.errors:
            draft.errors = diagnose(self._client.bootstrap_servers, protocol, draft.errors, deadline)
        else:
            draft.failed, self._foreign = name_foreign(draft.failed, protocol, self._foreign, deadline)
        self._collected, fared = outcomes(self._collected, asking.turns, draft.errors, self._clock.unix())
        snapshot = self._assemble(draft, fared)
        assembled = clock()
        until = min(deadline, assembled + dating_share * interval)
        date = partial(date_records, self._client, until=until, clock=clock)
        self._remembered, view = step(
            self._remembered,
            snapshot,
            took=asked - started,
            date=date,
            limits=self.settings.health.limits,
            owners=self._owners,
            slos=self._slos,
            asked=(asking.commits_asked_at - started, asking.ends_asked_at - started),
            state_trouble=self._state_trouble(),
        )
        if self._kept is not None and view.up:
            self._kept.offer(self._remembered.counters, view.time - snapshot.started)
        decoding = sum(turn.reading for turn in asking.turns)
        dating = 0.0 if snapshot.errors else self.dates.seconds
        self.parts = {
            "asking": asked - started - decoding,
            "decoding": decoding + assembled - asked,
            "dating": dating,
            "deriving": clock() - assembled - dating,
        }
        return view

    def poll_patiently(self) -> View:
        """A poll that somebody waits for and none follows at once: with time for slow answers and for all dating."""
        seconds = max(self.settings.interval_seconds, 3 * self.settings.request_timeout_seconds)
        return self.poll(seconds, dating_share=1.0)

    def _assemble(self, draft: Draft, fared: tuple[Outcome, ...]) -> Snapshot:
        requests = self._client.tally.table()
        if not draft.errors:
            draft.certificates = Certificates.of_rows(sorted(self._client.certificates().items()))
            return self._assembler.snapshot(draft, fared, requests)
        return Snapshot(
            draft.cluster,
            draft.time,
            draft.started,
            draft.errors,
            requests=requests,
            interval_seconds=draft.interval_seconds,
            overruns=draft.overruns,
            outcomes=fared,
        )

    @property
    def crashed(self) -> bool:
        """Whether the client's I/O thread has ended by an exception: no poll of this Poller can succeed any more."""
        return self._client.crashed

    def close(self) -> None:
        self._client.close()


def poll_once(settings: ClusterSettings, collectors: Sequence[type[Collector]] = COLLECTORS) -> View:
    """One poll with connections of its own; `view.up` tells whether any of the cluster answered."""
    poller = Poller(settings, collectors)
    try:
        return poller.poll_patiently()
    finally:
        poller.close()

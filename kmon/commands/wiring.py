"""Puts polls and alerts together, for every command that watches clusters: `kmon serve`, `kmon tui`, `kmon demo`."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from alerts.delivery import Receiver
from alerts.effective import rules_of
from alerts.evaluator import Evaluator, Kept, PageUrl
from alerts.kept_alerts import KeptAlerts
from alerts.kept_freshness import KeptFreshness
from alerts.mutes import Mutes
from alerts.outbox import Box
from alerts.rule_rows import rule_rows
from alerts.state_directory import state_directory
from alerts.store import NewerFileError, Store
from kmon.commands.poll import memory_of
from kmon.remembered import preview
from monitor.analysis.view import with_alerts
from monitor.model.alert_counters import AlertCounters
from monitor.model.time_scale import SCALE, VARIABLE
from monitor.model.view import View
from monitor.poll.identity import ClusterName
from monitor.poll.loop import PollLoop, stop_all
from monitor.poll.recording import Recording
from monitor.poll.source import Memory, Source
from monitor.poll.worker import log_failure
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings

if TYPE_CHECKING:
    from alerts.heartbeat import Heartbeat

log = logging.getLogger("kmon")


@dataclass(frozen=True)
class Monitor:
    """Clusters that are being polled, each by a thread of its own: `memories` are the Sources of their faces."""

    memories: tuple[Memory, ...]
    loops: tuple[PollLoop, ...]
    evaluator: Evaluator
    recordings: tuple[Recording, ...] = ()
    heartbeat: "Heartbeat | None" = None

    @property
    def counters(self) -> AlertCounters:
        """How alerting fares, the heartbeat included."""
        found = self.evaluator.counters
        if self.heartbeat is None:
            return found
        return replace(found, receivers=(*found.receivers, self.heartbeat.counters))

    @property
    def memory(self) -> Memory:
        """The first cluster's."""
        return self.memories[0]

    def troubles(self) -> list[str]:
        """Why parts of kmon have stopped working, in words; empty while all of them work."""
        checks = (*(each.trouble for each in self.loops), *(each.trouble for each in self.evaluator.receivers))
        return [reason for check in checks if (reason := check())]

    def preview(self, source: Source, files: Mapping[str, str], since: float) -> dict[str, Any]:
        """When the rules of files would have fired on the polls of a memory since unix time `since`: see `remembered`.

        Raises SettingsError with everything that is wrong in the files.
        """
        recording = next(kept for each, kept in zip(self.memories, self.recordings, strict=True) if each is source)
        return preview(files, recording, since, self.evaluator.rules)

    def start(self) -> None:
        """Begin to poll. Raises SettingsError when a file that the settings name cannot be used."""
        for loop in self.loops:
            loop.start()


@contextmanager
def polling(
    settings: Settings,
    clusters: Sequence[ClusterSettings],
    page_url: PageUrl | None = None,
    *,
    memories: Sequence[Memory] | None = None,
    notify: bool = True,
    print_alerts: bool = True,
) -> Iterator[Monitor]:
    """Poll clusters into `memories`, one each, and evaluate the alert rules on each View while the context lasts.

    Notifications go to the Alertmanagers; without any they are printed, unless `print_alerts` is False. Without
    `notify` nothing is sent or printed, no polls are remembered for previews, and the file that keeps the state over a
    restart is neither read nor written: a second kmon may watch the same clusters. Nothing is asked of Kafka before
    `start()`, so that the faces can subscribe first.
    """
    if SCALE != 1:
        log.warning("%s=%g: limits of time are %g times shorter than documented", VARIABLE, SCALE, SCALE)
    alerts = settings.alerts
    rules = rules_of(alerts)
    store, state_trouble = _store(alerts) if notify else (None, _no_state)
    try:
        kept = _kept(store, clusters)
        mutes = Mutes(store)
        receivers = _receivers(alerts, store, mutes, printed=bool(rules) and print_alerts) if notify else []
    except BaseException:
        _close(store)
        raise
    evaluator = Evaluator(
        rules,
        receivers,
        interval_seconds=max(each.interval_seconds for each in clusters),
        page_url=page_url,
        kept=kept,
        store=store,
        mutes=mutes,
    )

    def loop(cluster: ClusterSettings, memory: Memory, name: ClusterName, recording: Recording | None) -> PollLoop:
        def judged(view: View) -> View:
            if recording is not None:
                _record(recording, view)
            found = evaluator.observe(view, cluster.title)
            return with_alerts(view, found, mutes.silences(), rule_rows(evaluator.rules, found))

        kept_freshness = freshness.get(cluster.title)
        return PollLoop(cluster, memory, judged, name, kept=kept_freshness, state_trouble=state_trouble)

    freshness = {each.title: KeptFreshness(store, each.title) for each in clusters} if store is not None else {}
    names = [_name(each, kept.get(each.title)) for each in clusters]
    memories = tuple(memories or map(memory_of, clusters, map(str, names)))
    recordings = [Recording() if notify else None for _ in clusters]
    loops = tuple(map(loop, clusters, memories, names, recordings))
    monitor = Monitor(memories, loops, evaluator, tuple(filter(None, recordings)))
    heartbeat = None
    try:
        heartbeat = _heartbeat(alerts, monitor) if notify else None
        yield replace(monitor, heartbeat=heartbeat)
    finally:
        if heartbeat is not None:
            heartbeat.close()
        stop_all(loops)
        for each in freshness.values():
            each.save()
        evaluator.stop(within_seconds=1.0)
        _close(store)


def _record(recording: Recording, view: View) -> None:
    """Remember a View as it is before rules are evaluated on it. Never raises: the poll matters more."""
    try:
        recording.add(view)
    except Exception:  # noqa: BLE001 - as above
        log_failure(log, "a poll of cluster %s cannot be remembered", view.cluster)


def _no_state() -> None:
    """Nothing is to be kept, so that nothing is wrong where it is not."""


def _store(alerts: AlertSettings) -> tuple[Store | None, Callable[[], str | None]]:
    """The file of alerting, None where nothing can or is to be kept, and what tells why nothing is kept: see View.

    Raises SettingsError where a newer kmon wrote it.
    """
    if not alerts.keep_state:
        return None, _no_state
    try:
        directory = state_directory(alerts.state_directory, os.environ)
    except RuntimeError as error:
        trouble = f"cannot keep alerts over a restart: {error}: set alerts.state_directory"
        log.warning("%s", trouble)
        return None, lambda: trouble
    try:
        store = Store(directory)
    except NewerFileError as error:
        raise SettingsError(
            f"alerts.state_directory: {error}: run that version, move the file away, or set another directory"
        ) from None
    store.keep_only([each.name for each in alerts.receivers])
    return store, lambda: store.trouble


def _close(store: Store | None) -> None:
    if store is not None:
        store.close(within_seconds=1.0)


def _receivers(alerts: AlertSettings, store: Store | None, mutes: Mutes, *, printed: bool) -> list[Receiver]:
    """Where notifications go. Raises SettingsError when a file or package that a receiver needs cannot be used."""
    from alerts.notifiers import open_receiver, receiver_of  # noqa: PLC0415 - the HTTP client is slow to import

    try:
        receivers = [
            receiver_of(each, start=False, box=Box(store, each.name) if store else None, mutes=mutes)
            for each in alerts.receivers
        ]
    except SettingsError as error:
        raise SettingsError(*(f"alerts.receivers: {problem}" for problem in error.problems)) from None
    for each in receivers:
        each.start()
    receivers += [open_receiver("alertmanager", url) for url in alerts.alertmanagers]
    if printed and (alerts.print or not receivers):
        receivers.append(open_receiver("stdout", mutes=mutes))
    return receivers


def _heartbeat(alerts: AlertSettings, monitor: Monitor) -> "Heartbeat | None":
    """What requests the URL of the settings while polls, rules and receivers work. Raises SettingsError."""
    if alerts.heartbeat.url is None:
        return None
    from alerts.heartbeat import Heartbeat  # noqa: PLC0415 - the HTTP client is slow to import

    clusters = len(monitor.loops)
    try:
        heartbeat = Heartbeat(alerts.heartbeat, lambda: [*monitor.troubles(), *monitor.evaluator.troubles(clusters)])
    except SettingsError as error:
        raise SettingsError(*(f"alerts.heartbeat: {problem}" for problem in error.problems)) from None
    heartbeat.start()
    return heartbeat


def _kept(store: Store | None, clusters: Sequence[ClusterSettings]) -> dict[str, Kept]:
    """Where each cluster's alerts are kept, with what the last run left."""
    if store is None:
        return {}
    parts = [(each.title, KeptAlerts(store, each.title)) for each in clusters]
    return {title: Kept(part, part.load(time.time())) for title, part in parts}


def _name(cluster: ClusterSettings, kept: Kept | None) -> ClusterName:
    """What a cluster is called; the id that the last run knew stands for it until it responds."""
    known = kept.saved.cluster_id if kept is not None and kept.saved is not None else None
    return ClusterName(cluster.name, cluster.title, known)

"""Puts polls and alerts together, for every command that watches clusters: `kmon serve`, `kmon tui`, `kmon demo`."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from alerts.delivery import Receiver
from alerts.effective import rules_of
from alerts.evaluator import Evaluator, Kept
from alerts.outbox import Outbox
from alerts.state_file import StateFile, state_directory
from kmon.commands.poll import memory_of
from monitor.analysis.view import with_alerts
from monitor.model.time_scale import SCALE, VARIABLE
from monitor.poll.identity import ClusterName
from monitor.poll.loop import PollLoop, stop_all
from monitor.poll.source import Memory
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings

log = logging.getLogger("kmon")


@dataclass(frozen=True)
class Monitor:
    """Clusters that are being polled, each by a thread of its own: `memories` are the Sources of their faces."""

    memories: tuple[Memory, ...]
    loops: tuple[PollLoop, ...]
    evaluator: Evaluator

    @property
    def memory(self) -> Memory:
        """The first cluster's."""
        return self.memories[0]

    def troubles(self) -> list[str]:
        """Why parts of kmon have stopped working, in words; empty while all of them work."""
        checks = (*(each.trouble for each in self.loops), *(each.trouble for each in self.evaluator.receivers))
        return [reason for check in checks if (reason := check())]

    def start(self) -> None:
        """Begin to poll. Raises SettingsError when a file that the settings name cannot be used."""
        for loop in self.loops:
            loop.start()


@contextmanager
def polling(
    settings: Settings,
    clusters: Sequence[ClusterSettings],
    page_url: Callable[[str, str | None], str] | None = None,
    *,
    memories: Sequence[Memory] | None = None,
    notify: bool = True,
    print_alerts: bool = True,
) -> Iterator[Monitor]:
    """Poll clusters into `memories`, one each, and evaluate the alert rules on each View while the context lasts.

    Notifications go to the Alertmanagers; without any they are printed, unless `print_alerts` is False. Without
    `notify` nothing is sent or printed, and the file that keeps the alerts over a restart is neither read nor written:
    a second kmon may watch the same clusters. Nothing is asked of Kafka before `start()`, so that the faces can
    subscribe first.
    """
    if SCALE != 1:
        log.warning("%s=%g: limits of time are %g times shorter than documented", VARIABLE, SCALE, SCALE)
    alerts = settings.alerts
    rules = rules_of(alerts)
    kept = _kept(alerts, clusters) if notify else {}
    outbox = _outbox(alerts) if notify else None
    try:
        receivers = _receivers(alerts, outbox, printed=bool(rules) and print_alerts) if notify else []
    except BaseException:
        _close(outbox)
        raise
    evaluator = Evaluator(
        rules,
        receivers,
        interval_seconds=max(each.interval_seconds for each in clusters),
        page_url=page_url,
        kept=kept,
    )

    def loop(cluster: ClusterSettings, memory: Memory, name: ClusterName) -> PollLoop:
        return PollLoop(cluster, memory, lambda view: with_alerts(view, evaluator.observe(view, cluster.title)), name)

    names = [_name(each, kept.get(each.title)) for each in clusters]
    memories = tuple(memories or map(memory_of, clusters, map(str, names)))
    loops = tuple(map(loop, clusters, memories, names))
    try:
        yield Monitor(memories, loops, evaluator)
    finally:
        stop_all(loops)
        evaluator.stop(within_seconds=1.0)
        _close(outbox)


def _outbox(alerts: AlertSettings) -> Outbox | None:
    """The file of what waits for receivers, None where nothing is to be kept."""
    if not alerts.receivers or not alerts.keep_state:
        return None
    try:
        return Outbox(state_directory(alerts.state_directory, os.environ), [each.name for each in alerts.receivers])
    except RuntimeError:  # which is logged for the alerts
        return None


def _close(outbox: Outbox | None) -> None:
    if outbox is not None:
        outbox.close()


def _receivers(alerts: AlertSettings, outbox: Outbox | None, *, printed: bool) -> list[Receiver]:
    """Where notifications go. Raises SettingsError when a file or package that a receiver needs cannot be used."""
    from alerts.notifiers import open_receiver, receiver_of  # noqa: PLC0415 - the HTTP client is slow to import

    try:
        receivers = [
            receiver_of(each, start=False, box=outbox.box(each.name) if outbox else None) for each in alerts.receivers
        ]
    except SettingsError as error:
        raise SettingsError(*(f"alerts.receivers: {problem}" for problem in error.problems)) from None
    for each in receivers:
        each.start()
    receivers += [open_receiver("alertmanager", url) for url in alerts.alertmanagers]
    if printed and (alerts.print or not receivers):
        receivers.append(open_receiver("stdout"))
    return receivers


def _kept(alerts: AlertSettings, clusters: Sequence[ClusterSettings]) -> dict[str, Kept]:
    """The file of each cluster's alerts with what the last run left; none where it cannot be used, which is logged."""
    if not alerts.keep_state:
        return {}
    try:
        directory = state_directory(alerts.state_directory, os.environ)
    except RuntimeError as error:
        log.warning("cannot keep alerts over a restart: %s: set alerts.state_directory", error)
        return {}
    files = [(each.title, StateFile(directory, each.title)) for each in clusters]
    return {title: Kept(file, file.load(time.time())) for title, file in files if file.usable}


def _name(cluster: ClusterSettings, kept: Kept | None) -> ClusterName:
    """What a cluster is called; the id that the last run knew stands for it until it responds."""
    known = kept.saved.cluster_id if kept is not None and kept.saved is not None else None
    return ClusterName(cluster.name, cluster.title, known)

"""Puts the rooms together: polls, alerts, memories, metrics and dashboard of one or more clusters."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from alerts.cluster_rules import ClusterRule
from alerts.evaluator import Evaluator, Kept
from alerts.notifiers import open_receiver
from alerts.rules import Rule
from alerts.state_file import StateFile, state_directory
from exporters.family import Process
from exporters.listen import check_listen, serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from monitor.derive.verdict import count_groups
from monitor.derive.view import with_alerts
from monitor.identity import ClusterName
from monitor.model.view import View
from monitor.patterns import Pattern
from monitor.poll_loop import PollLoop, stop_all
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, AlertSettings, RuleSettings
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.values import is_loopback
from monitor.source import Memory
from monitor.text import at_least, plural, visible

log = logging.getLogger("kmon")

REMEMBERED_SECONDS = 3 * 3600
"""How much of the past the charts show without a history on disk."""


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
    print_alerts: bool = True,
) -> Iterator[Monitor]:
    """Poll clusters and evaluate the alert rules on each while the context lasts.

    Alerts go to the Alertmanagers; without any they are printed, unless `print_alerts` is False. Nothing is asked of
    Kafka before `start()`, so that the faces can subscribe first.
    """
    alerts = settings.alerts
    receivers = [open_receiver("alertmanager", url) for url in alerts.alertmanagers]
    rules = rules_of(alerts)
    if rules and print_alerts and (alerts.print or not receivers):
        receivers.append(open_receiver("stdout"))
    kept = _kept(alerts, clusters)
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
    memories = tuple(map(_memory, clusters, map(str, names)))
    loops = tuple(map(loop, clusters, memories, names))
    try:
        yield Monitor(memories, loops, evaluator)
    finally:
        stop_all(loops)
        evaluator.stop(within_seconds=1.0)


def _kept(alerts: AlertSettings, clusters: Sequence[ClusterSettings]) -> dict[str, Kept]:
    """The file of each cluster's alerts with what the last run left; none where it cannot be used, which is logged."""
    if not alerts.keep_state:
        return {}
    try:
        directory = state_directory(alerts.state_directory, os.environ)
    except RuntimeError as error:
        log.warning("cannot keep alerts over a restart: %s: give alerts.state_directory", error)
        return {}
    files = [(each.title, StateFile(directory, each.title)) for each in clusters]
    return {title: Kept(file, file.load(time.time())) for title, file in files if file.usable}


def _name(cluster: ClusterSettings, kept: Kept | None) -> ClusterName:
    """What a cluster is called; the id that the last run knew stands for it until it responds."""
    known = kept.saved.cluster_id if kept is not None and kept.saved is not None else None
    return ClusterName(cluster.name, cluster.title, known)


def _memory(cluster: ClusterSettings, name: str) -> Memory:
    points = round(REMEMBERED_SECONDS / cluster.interval_seconds)
    return Memory(
        name,
        cluster.interval_seconds,
        points=max(60, min(points, 10_800)),
        named=cluster.name is not None,
    )


@contextmanager
def serving(
    settings: Settings,
    clusters: Sequence[ClusterSettings],
    *,
    insecure_allow_open: bool = False,
    print_alerts: bool = True,
    lost: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Monitor, str]]:
    """Poll, and serve metrics, API and dashboard, while the context lasts; gives the monitor and the server's URL.

    The address is taken before anything is asked of Kafka. `lost` is called on another thread when the server fails
    meanwhile. Raises SettingsError or ListenError.
    """
    host, port = check_listen(settings.listen, insecure_allow_open=insecure_allow_open)
    shown = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    page_url = _page_url(shown, several=len(clusters) > 1) if settings.dashboard else None
    with polling(settings, clusters, page_url, print_alerts=print_alerts) as monitor:
        sources = monitor.memories
        process = Process(web_open=insecure_allow_open and not is_loopback(host))
        page = MetricsPage(sources, process, lambda: monitor.evaluator.counters)
        receivers = monitor.evaluator.receivers
        troubles = [*(each.trouble for each in monitor.loops), *(each.trouble for each in receivers)]
        app = create_server(sources, page, host, troubles)
        if settings.dashboard:
            from dashboards.app import attach  # noqa: PLC0415 - slow and large; --no-dashboard saves it

            attach(app, sources)
        with serve(app, host, port, websockets=settings.dashboard, lost=lost) as url:
            monitor.start()
            yield monitor, url
        page.close()


def _page_url(base: str, *, several: bool) -> Callable[[str, str | None], str]:
    from dashboards.links import OVERVIEW, group_path, on_cluster  # noqa: PLC0415 - only where there is a dashboard

    def page(cluster: str, group: str | None) -> str:
        path = OVERVIEW if group is None else group_path(group)
        return base + (on_cluster(path, cluster) if several else path)

    return page


def rules_of(alerts: AlertSettings) -> list[Rule | ClusterRule]:
    """The alert rules of the settings, those that kmon brings itself among them."""
    rules: list[Rule | ClusterRule] = [rule_of(each) for each in alerts.rules]
    lost, dog = alerts.unreachable, alerts.watchdog
    if lost.enabled:
        rules.append(ClusterRule(UNREACHABLE, lost.for_seconds, lost.severity, lost.labels, lost.annotations))
    if dog.enabled:
        rules.append(ClusterRule(WATCHDOG, 0.0, dog.severity, dog.labels, dog.annotations))
    return rules


def rule_of(settings: RuleSettings) -> Rule:
    """An alert rule from its settings."""
    return Rule(
        name=settings.name,
        lag_above=settings.lag_above,
        for_seconds=settings.for_seconds,
        keep_firing_for_seconds=settings.keep_firing_for_seconds,
        over=settings.over,
        severity=settings.severity,
        labels=settings.labels,
        annotations=settings.annotations,
        group=Pattern(settings.group) if settings.group else None,
        topic=Pattern(settings.topic) if settings.topic else None,
    )


def line_of(view: View, now: float | None = None) -> str:
    """One poll in one line, for a log: what kmon demo prints without a terminal."""
    clock = time.strftime("%H:%M:%S", time.localtime(view.time if now is None else now))
    totals, verdict = view.totals, view.verdict
    groups = ", ".join(f"{number:,} {status}" for status, number in count_groups(view).items() if number)
    figures = (
        plural(totals.brokers, "broker"),
        plural(totals.partitions, "partition"),
        plural(totals.groups, "group") + (f" ({groups})" if groups else ""),
        f"lag {at_least(totals.lag, totals.lag_at_least)}",
    )
    said = [*(figures if view.up else ()), verdict.sentence]
    return f"{clock}  {visible(view.cluster)} {verdict.level}: {' · '.join(said)}"

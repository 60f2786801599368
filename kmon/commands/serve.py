"""kmon serve: polls a cluster, serves metrics, API and dashboard, and sends alerts, until it is told to stop."""

import argparse
import ctypes
import gc
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dashboards.links import about_alert
from exporters.listen import ListenError, check_listen, serve
from exporters.preview_api import PreviewApi
from exporters.prometheus import MetricsPage, Process
from exporters.server import create_server
from exporters.silencing_api import SilencingApi
from exporters.writes import Writes
from kmon.commands.options import clusters_from
from kmon.commands.reload import Reload
from kmon.commands.signals import ending
from kmon.commands.wiring import Monitor, polling
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.log_pace import Pace
from monitor.poll.source import Source
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.values import is_loopback

if TYPE_CHECKING:
    from exporters.otlp import Push

log = logging.getLogger("kmon")

SWITCH_SECONDS = 0.0002
"""How long Python lets one thread run while others wait: a scrape takes several turns beside whoever is busy."""


_M_MMAP_THRESHOLD, _THRESHOLD_BYTES = -3, 128 * 1024


def run(args: argparse.Namespace) -> int:
    """Serve until a signal but SIGHUP ends it: 0, 1 when the HTTP server failed, 2 when it cannot listen."""
    settings, clusters = clusters_from(args)
    _give_memory_back()
    sys.setswitchinterval(SWITCH_SECONDS)
    if args.insecure_allow_open:
        log.warning("%s is open to other machines without TLS and authentication", settings.listen)
    failed, reloads = threading.Event(), list[Reload]()

    def hangup() -> None:
        for each in reloads:
            each.ask()

    with ending(hangup=hangup) as end:

        def lost() -> None:
            failed.set()
            end.set()

        try:
            with serving(settings, clusters, insecure_allow_open=args.insecure_allow_open, lost=lost) as (monitor, url):
                for cluster, memory in zip(clusters, monitor.memories, strict=True):
                    memory.subscribe(_Changes())
                    log.info("polling %s every %g s", cluster.title, cluster.interval_seconds)
                log.info(
                    "metrics at %s/metrics%s",
                    url,
                    f", dashboard at {settings.external_url or url}/" if settings.dashboard else "",
                )
                with reloading(args, settings, monitor) as reload:
                    reloads.append(reload)
                    with frozen():
                        end.wait()
                log.info("stopping")
        except ListenError as error:
            print(f"kmon serve: {visible(str(error))}", file=sys.stderr)
            return 2
    if failed.is_set():
        print("kmon serve: the HTTP server failed: see the log for the reason", file=sys.stderr)
        return 1
    return 0


@contextmanager
def reloading(args: argparse.Namespace, settings: Settings, monitor: Monitor) -> Iterator[Reload]:
    """Take up changed rules while the context lasts."""
    config = args.config or os.environ.get("KMON_CONFIG") or None
    reload = Reload(monitor.evaluator, settings.alerts, lambda: clusters_from(args)[0].alerts, config)
    reload.start()
    try:
        yield reload
    finally:
        reload.close()


class _Changes:
    """Logs what goes wrong with the polls, at once and again at a slow pace while it lasts, and when it is over."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told: object = None
        self._pace = Pace()

    def __call__(self, view: View) -> None:
        snapshot = view.snapshot
        failed = [] if snapshot.errors else [each for each in snapshot.outcomes if not each.success]
        text = snapshot.error or "; ".join(f"{each.collector}: {each.error}" for each in failed)
        # Of a state that lasts, the details differ from poll to poll, e.g. after how long a request timed out.
        reasons = [("", each) for each in snapshot.errors] + [
            (one.collector, each) for one in failed for each in one.errors
        ]
        state = frozenset((collector, each.kind, each.node, each.code) for collector, each in reasons)
        changed, self._told = state != self._told, state
        if changed:
            self._pace = Pace()
        if not state:
            if changed:
                log.info("%s: all requests succeed", view.cluster)
        elif line := self._pace.line(text, self._monotonic(), state):
            log.warning("%s %s: %s", view.cluster, "is incomplete" if view.up else "is unreachable", line)


@contextmanager
def frozen() -> Iterator[None]:
    """Leave out of garbage collection, while the context lasts, what has been imported and set up before.

    A full collection stops every thread, scrapes as well, and its time grows with the objects that it looks through.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _give_memory_back() -> None:
    """Have glibc give large freed blocks back to the system at once.

    Left alone it raises its own threshold when large blocks come and go, as answers and metrics pages do each poll, and
    then keeps them: a third more memory on a large cluster. Does nothing without glibc.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)


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
    base = settings.external_url or ""

    def page_url(labels: Mapping[str, str], seconds: float) -> str:
        return base + about_alert(labels, seconds, several=len(clusters) > 1)

    linked = page_url if base or settings.dashboard else None
    with polling(settings, clusters, linked, print_alerts=print_alerts) as monitor:
        sources = monitor.memories
        process = Process(web_open=insecure_allow_open and not is_loopback(host))
        page = MetricsPage(sources, process, lambda: monitor.counters, settings.metrics)
        pushed = _push(settings, sources)
        hosts = [*settings.allowed_hosts, *filter(None, [urlsplit(base).hostname])]
        writes = Writes(settings.api.token, settings.external_url)
        mutes = monitor.evaluator.mutes
        app = create_server(
            sources,
            page,
            host,
            lambda: [*monitor.troubles(), *_troubles(pushed)],
            hosts,
            silencing=SilencingApi(sources, mutes, writes),
            previews=PreviewApi(sources, monitor.preview, writes),
        )
        if settings.dashboard:
            from dashboards.app import attach  # noqa: PLC0415 - slow and large; --no-dashboard saves it

            attach(app, sources, muting=mutes, change=writes.possible)
        with serve(app, host, port, lost=lost) as url:
            # Nobody can connect to a wildcard address, so links have the name of this machine.
            named = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
            base = base or f"http://{named}:{urlsplit(url).port}"
            monitor.start()
            yield monitor, url
        page.close()
        if pushed is not None:
            pushed.close()


def _push(settings: Settings, sources: Sequence[Source]) -> "Push | None":
    """What pushes metrics by OTLP, where the settings name a receiver. Raises SettingsError without the extra."""
    if settings.otlp.endpoint is None:
        return None
    try:
        from exporters.otlp import Push  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingsError("otlp.endpoint: needs an extra: pip install 'kmon-kafka[otlp]'") from None
    return Push(sources, settings.otlp, settings.metrics)


def _troubles(pushed: "Push | None") -> list[str]:
    return [trouble] if pushed is not None and (trouble := pushed.trouble()) else []

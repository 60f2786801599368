"""kmon serve: polls a cluster, serves metrics, API and dashboard, and sends alerts, until it is told to stop."""

import argparse
import logging
import sys
import threading
import time
from collections.abc import Callable

from exporters.listen import ListenError
from kmon.commands.memory import give_memory_back
from kmon.commands.options import clusters_from
from kmon.commands.serving import serving
from kmon.commands.signals import ending
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.log_pace import Pace

log = logging.getLogger("kmon")

SWITCH_SECONDS = 0.001
"""How long Python lets one thread run while others wait: a scrape takes several turns beside a poll that decodes."""


def run(args: argparse.Namespace) -> int:
    """Serve until a signal but SIGHUP ends it: 0, 1 when the HTTP server failed, 2 when it cannot listen."""
    settings, clusters = clusters_from(args)
    give_memory_back()
    sys.setswitchinterval(SWITCH_SECONDS)
    if args.insecure_allow_open:
        log.warning("%s is open to other machines without TLS and authentication", settings.listen)
    failed = threading.Event()
    with ending(hangup=_keep_on) as end:

        def lost() -> None:
            failed.set()
            end.set()

        try:
            with serving(settings, clusters, insecure_allow_open=args.insecure_allow_open, lost=lost) as (monitor, url):
                for cluster, memory in zip(clusters, monitor.memories, strict=True):
                    memory.subscribe(_Changes())
                    log.info("polling %s every %g s", cluster.title, cluster.interval_seconds)
                log.info("metrics at %s/metrics%s", url, f", dashboard at {url}/" if settings.dashboard else "")
                end.wait()
                log.info("stopping")
        except ListenError as error:
            print(f"kmon serve: {visible(str(error))}", file=sys.stderr)
            return 2
    if failed.is_set():
        print("kmon serve: the HTTP server failed: see the log for the reason", file=sys.stderr)
        return 1
    return 0


def _keep_on() -> None:
    log.info("SIGHUP is ignored: kmon reads its settings when it starts; restart it to use changed ones")


class _Changes:
    """Logs what goes wrong with the polls, at once and again at a slow pace while it lasts, and when it is over."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told: str | None = None
        self._pace = Pace()

    def __call__(self, view: View) -> None:
        missing = [f"{each.collector}: {each.error}" for each in view.snapshot.outcomes if not each.success]
        state = view.snapshot.error or "; ".join(missing)
        changed, self._told = state != self._told, state
        if changed:
            self._pace = Pace()
        if not state:
            if changed:
                log.info("%s: all requests succeed", view.cluster)
        elif line := self._pace.line(state, self._monotonic()):
            log.warning("%s %s: %s", view.cluster, "is incomplete" if view.up else "is unreachable", line)

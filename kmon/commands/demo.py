"""kmon demo: a real Kafka on this machine with traffic and groups of every kind, and everything kmon has on it."""

import argparse
import sys
import threading
from contextlib import ExitStack

from exporters.listen import ListenError, check_listen
from kmon.commands.options import option
from kmon.commands.serve import serving
from kmon.commands.signals import ending
from kmon.commands.terminal import lacking, run_app
from kmon.commands.wiring import Monitor
from kmon.demo.cluster import Cluster
from kmon.demo.errors import DemoError
from kmon.demo.workload import workload
from monitor.analysis.derive.verdict import count_groups
from monitor.model.text import at_least, moment, plural, visible
from monitor.model.units import parse_duration
from monitor.model.view import View
from monitor.settings.alerts import AlertSettings, RuleSettings
from monitor.settings.model import ClusterSettings, Settings

INTERVAL_SECONDS = 3.0
"""Short, so that something moves while one looks; a real cluster is asked every 10 s."""

RULES = (
    RuleSettings(name="GroupBehind", lag_above=1000, for_seconds=30, severity="warning"),
    RuleSettings(name="GroupFarBehind", lag_above=10_000, for_seconds=60, severity="critical"),
)


def run(args: argparse.Namespace) -> int:
    """Run the demo until a signal, the end of the TUI or --duration: 0, or 2 with a line on what is in the way."""
    seconds = option("--duration", args.duration, parse_duration)
    listen = args.listen or Settings().listen
    check_listen(listen)
    terminal = not args.no_tui and lacking() is None
    with ending() as end:
        try:
            with ExitStack() as stack:
                cluster = stack.enter_context(Cluster(brokers=args.brokers, tell=_tell))
                _tell("starting producers and groups of every type")
                stack.enter_context(workload(cluster))
                settings = demo_settings(cluster.bootstrap, listen)
                monitor, url = stack.enter_context(serving(settings, settings.contexts, print_alerts=not terminal))
                if terminal:
                    _watch(monitor, url, cluster.bootstrap, seconds)
                else:
                    _print(monitor, url, cluster.bootstrap, seconds, end)
        except (DemoError, ListenError) as error:
            print(
                f"kmon demo: {visible(str(error))}" if "\n" not in str(error) else f"kmon demo: {error}",
                file=sys.stderr,
            )
            return 2
    return 0


def demo_settings(bootstrap: str, listen: str) -> Settings:
    """What the demo runs with: the cluster is called demo and is asked every INTERVAL_SECONDS."""
    cluster = ClusterSettings(
        name="demo", bootstrap_servers=tuple(bootstrap.split(",")), interval_seconds=INTERVAL_SECONDS
    )
    return Settings(contexts=(cluster,), listen=listen, alerts=AlertSettings(rules=RULES, keep_state=False))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _watch(monitor: Monitor, url: str, bootstrap: str, seconds: float | None) -> None:
    from tui.app import KmonApp  # noqa: PLC0415 - only where there is a terminal

    app = KmonApp([monitor.memory], addresses=[bootstrap], troubles=monitor.troubles)
    run_app(app, seconds)
    print(f"The dashboard was at {url}/ and the metrics at {url}/metrics; Kafka was at {bootstrap}.")


def _print(monitor: Monitor, url: str, bootstrap: str, seconds: float | None, end: threading.Event) -> None:
    print(f"Kafka       {bootstrap}")
    print(f"Dashboard   {url}/")
    print(f"Metrics     {url}/metrics")
    print(f"Terminal    kmon tui -b {bootstrap.partition(',')[0]}", flush=True)
    stop = monitor.memory.subscribe(lambda view: print(line_of(view), flush=True))
    end.wait(seconds)
    stop()


def line_of(view: View) -> str:
    """One poll in one line, for a log."""
    totals, verdict = view.totals, view.verdict
    groups = ", ".join(f"{number:,} {status}" for status, number in count_groups(view).items() if number)
    figures = (
        plural(totals.brokers, "broker"),
        plural(totals.partitions, "partition"),
        plural(totals.groups, "group") + (f" ({groups})" if groups else ""),
        f"lag {at_least(totals.lag, totals.lag_at_least)}",
    )
    said = [*(figures if view.up else ()), verdict.sentence]
    return visible(f"{moment(view.time)}  {view.cluster} {verdict.level}: {' · '.join(said)}")

"""`make bench`: builds a cluster, measures kmon on it and what it is compared with in the same run, prints a table.

Figures are medians; `make bench ARGS='--load B'` takes the large cluster.
"""

import argparse
import os
import platform
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from benchmarks.aged import AGED, RECORDS, build_aged
from benchmarks.dating import measure_dating
from benchmarks.load import CURVE, LOADS, Load, build
from benchmarks.parts import timed_parts
from benchmarks.peer import STARTING_SECONDS, beside
from benchmarks.process import serving, time_first_paint, time_help
from benchmarks.raw import Recorder, time_raw
from benchmarks.scrape import scrape
from benchmarks.truth import measure_truth
from benchmarks.viewers import cpu_seconds, divide, scrapes_for, viewing
from exporters.prometheus import MetricsPage
from kmon.demo.cluster import Cluster
from monitor.kafka.client.apis import OFFSET_FETCH, Api
from monitor.poll.poller import Poller
from monitor.poll.source import Memory
from monitor.settings.model import ClusterSettings

ROUNDS = 15
SCRAPED_SECONDS = 21.0
"""Scrapes are repeated without a pause for so long, which is two polls: a scrape is slowest while kmon polls."""
BUILT = "built"
"""The file that says that a folder holds a whole cluster."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--load", choices=LOADS, default="A")
    parser.add_argument(
        "--growth", action="store_true", help="measure polls of one cluster while it grows, and no more"
    )
    parser.add_argument(
        "--dating", action="store_true", help="measure how a cold start dates what groups read next, and no more"
    )
    parser.add_argument(
        "--viewers", type=int, metavar="N", help="measure scrapes while N browsers show the groups of load V, no more"
    )
    parser.add_argument(
        "--offset-fetch",
        type=int,
        metavar="VERSION",
        help="measure polls of brokers that serve OffsetFetch up to this version (8 is the first for many groups)",
    )
    parser.add_argument("--peer", type=Path, metavar="PROGRAM", help="measure this klag-exporter beside kmon, no more")
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="PROGRAM",
        help="measure time lags of this klag-exporter and of kmon against the truth, no more",
    )
    parser.add_argument("--no-admin", action="store_true", help="leave out kafka-python's own admin calls")
    parser.add_argument(
        "--data", type=Path, help="keep the cluster in this folder, and take it from there if it is there"
    )
    args = parser.parse_args()
    if args.growth:
        _heading()
        return _measure_growth()
    if args.dating:
        _heading()
        return _measure_dating()
    if args.truth:
        _heading()
        return _measure_truth(args.truth)
    load = LOADS["V" if args.viewers else args.load]
    built = args.data is not None and (args.data / BUILT).exists()
    _heading()
    with Cluster(
        brokers=3, heap_mb=load.heap_mb, data_dir=args.data, tell=lambda line: print(line, file=sys.stderr)
    ) as cluster:
        seconds = 0.0 if built else build(load, cluster.bootstrap)
        if args.data is not None:
            (args.data / BUILT).touch()
        print(
            f"Cluster {load.name}: 3 brokers, {load.topics} topics × {load.partitions} partitions "
            f"(replicated {load.replication_factor} times), "
            f"{load.groups:,} groups × {load.commits} commits (built in {seconds:.0f} s)\n",
            flush=True,
        )
        if args.peer:
            _measure_peer(args.peer, cluster.bootstrap, load.groups * load.commits)
            return 0
        if args.viewers:
            _measure_viewers(cluster.bootstrap, args.viewers)
            return 0
        if args.offset_fetch is not None:
            with _newest(OFFSET_FETCH, args.offset_fetch):
                _measure_poll(cluster)
            return 0
        _measure_poll(cluster)
        if not args.no_admin:
            _measure_admin(load, cluster.bootstrap)
        _measure_serve(cluster.bootstrap, load.interval_seconds)
        row("kmon --help", time_help(), "s")
        row("kmon tui, to its first paint", time_first_paint(cluster.bootstrap), "s")
    return 0


@contextmanager
def _newest(api: Api, newest: int) -> Iterator[None]:
    """Brokers are taken to serve an API in versions up to this one."""
    version = Api.version

    def capped(asked: Api, served: dict[int, tuple[int, int]]) -> int | None:
        low, high = served.get(api.key, (1, 0))
        return version(asked, {**served, api.key: (low, min(high, newest))})

    with patch.object(Api, "version", capped):
        yield


def _heading() -> None:
    print(f"Machine: {os.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, {platform.platform()}")
    print(f"Python {platform.python_version()}; load average {os.getloadavg()[0]:.1f} before the run", flush=True)


def _measure_growth() -> int:
    """Polls of one cluster at each step of CURVE."""
    there = None
    with Cluster(brokers=3, heap_mb=CURVE[-1].heap_mb, tell=lambda line: print(line, file=sys.stderr)) as cluster:
        for load in CURVE:
            seconds = build(load, cluster.bootstrap, there=there, copies=CURVE[-1].replication_factor)
            there = load
            print(
                f"\n{load.topics * load.partitions:,} partitions, {load.groups:,} groups × {load.commits} commits "
                f"(built in {seconds:.0f} s)\n",
                flush=True,
            )
            _measure_poll(cluster)
    return 0


def _measure_dating() -> int:
    """A cold start on records of known ages."""
    with Cluster(brokers=3, heap_mb=AGED.heap_mb, tell=lambda line: print(line, file=sys.stderr)) as cluster:
        times, seconds = build_aged(AGED, cluster.bootstrap)
        print(
            f"{len(times):,} partitions of {RECORDS} records, {AGED.groups} groups × {AGED.commits} commits "
            f"(built in {seconds:.0f} s)\n",
            flush=True,
        )
        measure_dating(cluster.bootstrap, times)
    return 0


def row(name: str, value: float, unit: str, note: str = "") -> None:
    """One line of the table."""
    number = f"{value:,.3f}" if unit == "s" else f"{value:,.1f}" if unit == "×" else f"{value:,.0f}"
    print(f"{name:58} {number:>10} {unit:3} {note}", flush=True)


def _measure_poll(cluster: Cluster) -> None:
    """Polls in this process by parts, each followed by the same requests on plain sockets."""
    settings = ClusterSettings(bootstrap_servers=tuple(cluster.bootstrap.split(",")), request_timeout_seconds=10)
    memory = Memory("bench", 10)
    page = MetricsPage([memory])
    poller = Poller(settings)
    try:
        view = poller.poll(60)
        memory.show(view)
        with Recorder(poller._client) as recorder:
            poller.poll(60)
        addresses = {node: _address(poller._client.address(node)) for node in poller._client.nodes}
        walls, cpus, raws, ratios = [], [], [], []
        parts, deriving = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
        before = poller.poll(60).snapshot.requests
        with timed_parts() as derived:
            for _ in range(ROUNDS):
                earlier = dict(derived)
                wall, cpu = time.perf_counter(), time.process_time()
                view = poller.poll(60)
                polled = time.perf_counter()
                memory.show(view)
                walls.append(time.perf_counter() - wall)
                cpus.append(time.process_time() - cpu)
                parts["rendering"].append(time.perf_counter() - polled)
                for name, seconds in poller.parts.items():
                    parts[name].append(seconds)
                for name, seconds in derived.items():
                    deriving[name].append(seconds - earlier[name])
                (raw,) = time_raw(recorder.steps, addresses, 1)
                raws.append(raw)
                ratios.append(walls[-1] / raw)
        after = view.snapshot.requests
    finally:
        poller.close()
    size = len(page.body()[0])
    row(
        "poll to rendered metrics",
        statistics.median(walls),
        "s",
        f"(worst {max(walls):.3f}; {len(view.lag):,} rows of lag)",
    )
    row("  the brokers' raw answers to the same requests", statistics.median(raws), "s")
    row("  ratio", statistics.median(ratios), "×", "(target: at most 2.5)")
    row("  CPU of this process", statistics.median(cpus), "s")
    for name, times in parts.items():
        row(f"  {name}", statistics.median(times), "s", f"(mean {statistics.mean(times):.3f})")
    for name, times in deriving.items():
        row(f"    of deriving: {name}", statistics.median(times), "s", f"(mean {statistics.mean(times):.3f})")
    row("  page of metrics", size / 1e6, "MB")
    counts = dict(zip(zip(before.api, before.broker.tolist(), strict=True), before.requests, strict=True))
    by_api = defaultdict[str, float](float)
    for api, node, count in zip(after.api, after.broker.tolist(), after.requests, strict=True):
        by_api[str(api)] += count - counts.get((api, node), 0)
    print("requests a poll: " + ", ".join(f"{api} {count / ROUNDS:.1f}" for api, count in sorted(by_api.items())))
    row("requests a poll in all", sum(by_api.values()) / ROUNDS, "")


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _measure_admin(load: Load, bootstrap: str) -> None:
    """The same data through kafka-python's own admin client, in this same run."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
    try:
        partitions = [TopicPartition(name, number) for name in load.topic_names() for number in range(load.partitions)]
        groups = [f"group-{number:05d}" for number in range(load.groups)]
        latest = dict.fromkeys(partitions, -1)
        calls: tuple[tuple[str, Callable[[], object]], ...] = (
            ("list_partition_offsets, all partitions", lambda: admin.list_partition_offsets(latest)),
            ("list_group_offsets, all groups", lambda: admin.list_group_offsets(dict.fromkeys(groups))),
            ("describe_groups, all groups", lambda: admin.describe_groups(groups)),
        )
        for name, call in calls:
            call()
            began = time.perf_counter()
            call()
            row(f"kafka-python {name}", time.perf_counter() - began, "s")
    finally:
        admin.close()


def _measure_serve(bootstrap: str, interval_seconds: int) -> None:
    """`kmon serve` as a process of its own: its memory, and scrapes of it at its default interval of 10 s."""
    for options, name in ((("--no-dashboard",), "without dashboard"), ((), "with everything")):
        with serving(bootstrap, "--interval", f"{interval_seconds}s", *options) as (process, host, port):
            for _ in range(10):
                scrape(host, port, scrapers=1, each=1, gzip=True)
                time.sleep(interval_seconds)
            row(f"kmon serve {name}: RSS after ten polls, scraped", process.memory_info().rss / 1e6, "MB")
    with serving(bootstrap, "--no-dashboard") as (process, host, port):
        time.sleep(10)
        scrape(host, port, scrapers=1, each=3, gzip=True)
        for scrapers, gzip in ((1, True), (10, True), (1, False), (10, False)):
            took = scrape(host, port, scrapers=scrapers, seconds=SCRAPED_SECONDS, gzip=gzip)
            kind = f"{scrapers} scraper{'s' * (scrapers > 1)}, {'gzip' if gzip else 'plain'}"
            row(f"scrape, {kind}: median", took.quantile(0.5), "s", f"({took.size_bytes / 1e6:.1f} MB each)")
            row(f"scrape, {kind}: 99th percentile", took.quantile(0.99), "s")
        row("  RSS after the scrapes", process.memory_info().rss / 1e6, "MB")


def _measure_peer(program: Path, bootstrap: str, rows: int) -> None:
    """klag-exporter and `kmon serve`, each watched in two rounds."""
    for name, rounds in beside(program, bootstrap, rows):
        for number, seen in enumerate(rounds, 1):
            if seen is None:
                print(f"{name}, round {number}: no page with {rows:,} rows of lag within {STARTING_SECONDS:.0f} s")
                continue
            row(f"{name}, round {number}: poll, median", seen.poll, "s", f"(load average {os.getloadavg()[0]:.1f})")
            row("  CPU, scrapes included, percent of a core", seen.cpu * 100, "%")
            row("  RSS", seen.rss_bytes / 1e6, "MB")
            row("  plain scrape, median", seen.scrape, "s", f"({seen.series:,} series)")
            row("  start to the first whole page", seen.first_page, "s")


def _measure_truth(program: Path) -> int:
    """The time lag that both report of a broker's groups, against the truth."""
    with Cluster(brokers=1) as cluster:
        for rhythm, (least, most), errors in measure_truth(program, cluster.bootstrap):
            print(f"time lag of {rhythm}, truly {least:.0f} to {most:.0f} s", flush=True)
            for exporter, found in errors.items():
                print(f"  {exporter}: {found}")
    return 0


def _measure_viewers(bootstrap: str, viewers: int) -> None:
    """Scrapes of `kmon serve` without viewers and with, and what a viewer's refresh costs it."""
    seconds = 60.0
    processors = divide(psutil.Process().children(recursive=True))
    print(f"kmon and who scrapes it run apart from brokers and viewers, which have processor {min(processors)}\n")
    with serving(bootstrap) as (process, host, port):
        time.sleep(20)
        scrapes_for(host, port, 10)
        began = cpu_seconds(process)
        idle = scrapes_for(host, port, seconds)
        idle_cpu, began = cpu_seconds(process) - began, time.perf_counter()
        with viewing(host, port, viewers, processors) as news:
            row(f"{viewers} viewers open the page of groups", time.perf_counter() - began, "s")
            refreshed, began = news(), cpu_seconds(process)
            busy = scrapes_for(host, port, seconds)
            refreshed = news() - refreshed
            cpu = cpu_seconds(process) - began - idle_cpu
    for share, name in ((0.5, "median"), (0.99, "99th percentile")):
        row(f"scrape without viewers: {name}", idle.quantile(share), "s")
        row(f"scrape with {viewers} viewers: {name}", busy.quantile(share), "s")
    row("  ratio of the 99th percentiles", busy.quantile(0.99) / idle.quantile(0.99), "×", "(target: at most 2)")
    row("CPU of a viewer's refresh", cpu / max(1, refreshed), "s", f"({refreshed} refreshes)")


if __name__ == "__main__":
    sys.exit(main())

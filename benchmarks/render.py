"""`python -m benchmarks.render`: how long a page of metrics of a made-up large cluster takes, and how big it is.

Times are printed of the first page, of one where no number has changed and of one where every offset has; of both
formats as gzip and plain after that; and of prometheus_client for the same families.
"""

import argparse
import resource
import statistics
import time
from dataclasses import replace

import numpy as np
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from exporters.exposition import filled
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs, Replicas, TopicConfigs
from monitor.model.snapshot import Assignments, Brokers, Commits, Groups, Members, Offsets, Partitions, Snapshot, Topics
from monitor.model.table import Ragged, objects
from monitor.model.view import View
from monitor.poll.source import Memory
from monitor.settings.metrics import KMON, NAMES, MetricsSettings

ROUNDS = 9
MOST_OF_CLIENT = 1_000_000
"""Series that prometheus_client is measured with at most: it needs an object for each."""
BROKERS = 3


def made_up(topics: int, partitions: int, groups: int, commits: int) -> Snapshot:
    """`topics` of `partitions` each, and `groups` with `commits` each, all with lag, replicas and configs."""
    count = topics * partitions
    topic = np.repeat(np.arange(topics, dtype=np.int32), partitions)
    partition = np.tile(np.arange(partitions, dtype=np.int32), topics)
    nodes = np.stack([(partition + each) % BROKERS + 1 for each in range(BROKERS)], axis=1).astype(np.int32)
    replicas = Ragged(nodes.ravel(), np.arange(0, count * BROKERS + 1, BROKERS, dtype=np.int32))
    end = np.arange(5_000.0, 5_000.0 + 10 * count, 10.0)
    group = np.repeat(np.arange(groups, dtype=np.int32), commits)
    place = np.sort((group.astype(np.int64) * 37 + np.tile(np.arange(commits), groups)) % count + group * count) % count
    zero, nothing = np.zeros(count, np.int32), np.zeros(groups, np.int32)
    unknown = np.full(groups, np.nan)
    return Snapshot(
        cluster="large",
        time=1_790_000_000.0,
        started=time.monotonic(),
        cluster_id="4L6g3nShT-eMCtK--X86sw",
        controller=1,
        brokers=Brokers(
            np.arange(1, BROKERS + 1),
            objects(["127.0.0.1"] * BROKERS),
            np.full(BROKERS, 9092),
            objects([None] * BROKERS),
            np.zeros(BROKERS),
            objects(["4.0"] * BROKERS),
        ),
        topics=Topics(
            objects(f"topic-{each:05d}" for each in range(topics)),
            objects(f"id{each:020d}" for each in range(topics)),
            np.zeros(topics, bool),
            np.full(topics, partitions),
            np.arange(topics) * partitions,
            np.ones(topics, bool),
            np.zeros(topics, np.int32),
        ),
        partitions=Partitions(topic, partition, nodes[:, 0].copy(), zero, replicas, replicas, Ragged.of([[]] * count)),
        offsets=Offsets(
            start_offset=np.zeros(count),
            start_reason=zero,
            end_offset=end,
            end_reason=zero,
            stable_offset=end,
            stable_reason=zero,
        ),
        groups=Groups(
            objects(f"group-{each:05d}" for each in range(groups)),
            objects(["consumer"] * groups),
            objects(["consumer"] * groups),
            objects(["Stable"] * groups),
            np.ones(groups, np.int32),
            np.full(groups, 3.0),
            np.full(groups, 3.0),
            unknown,
            objects(["range"] * groups),
            np.ones(groups),
            nothing,
            nothing,
            nothing,
        ),
        members=Members(
            group=np.arange(groups),
            member_id=objects(f"member-{each}" for each in range(groups)),
            client_id=objects(f"client-{each}" for each in range(groups)),
            host=objects(f"host-{each}" for each in range(groups)),
            instance_id=objects([None] * groups),
            rack=objects([None] * groups),
            epoch=np.full(groups, 3.0),
            subscribed=objects([tuple(f"topic-{each:05d}" for each in range(topics))] * groups),
            subscribed_regex=objects([None] * groups),
        ),
        assignments=Assignments(member=group, topic=topic[place], partition=partition[place]),
        commits=Commits(
            group,
            topic[place],
            partition[place],
            end[place] - 7,
            np.full(len(group), np.nan),
            np.zeros(len(group), np.int32),
        ),
        log_dirs=LogDirs(
            broker=np.arange(1, BROKERS + 1),
            path=objects(["/data"] * BROKERS),
            total_bytes=np.full(BROKERS, 1e12),
            usable_bytes=np.full(BROKERS, 5e11),
            reason=np.zeros(BROKERS, np.int32),
        ),
        replicas=Replicas(
            log_dir=nodes.ravel() - 1,
            broker=nodes.ravel(),
            topic=np.repeat(topic, BROKERS),
            partition=np.repeat(partition, BROKERS),
            size_bytes=np.repeat(end * 1024, BROKERS),
            offset_lag=np.zeros(count * BROKERS),
            offset_lag_reason=np.zeros(count * BROKERS, np.int32),
            future=np.zeros(count * BROKERS, bool),
        ),
        topic_configs=TopicConfigs(
            min_insync_replicas=np.full(topics, 2.0),
            retention_seconds=np.full(topics, 604_800.0),
            retention_bytes=np.full(topics, np.inf),
            local_retention_seconds=np.full(topics, np.nan),
            cleanup_policy=objects(["delete"] * topics),
            unclean_election=np.zeros(topics),
            timestamp_type=objects(["CreateTime"] * topics),
            remote_storage=np.zeros(topics),
            digest=objects(["aa11"] * topics),
            reason=np.zeros(topics, np.int32),
        ),
    )


def moved(snapshot: Snapshot, step: int) -> Snapshot:
    """The same cluster with every offset further on, and every group as far behind as before, but for some."""
    offsets, commits = snapshot.offsets, snapshot.commits
    lag = np.arange(len(commits)) % 7 == step % 7
    return replace(
        snapshot,
        started=time.monotonic(),
        offsets=replace(offsets, end_offset=offsets.end_offset + 10, stable_offset=offsets.stable_offset + 10),
        commits=replace(commits, committed_offset=commits.committed_offset + 10 - lag),
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.render", description=__doc__)
    parser.add_argument("--topics", type=int, default=500)
    parser.add_argument("--partitions", type=int, default=20)
    parser.add_argument("--groups", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--max-series", type=int, default=MetricsSettings().max_series)
    parser.add_argument("--names", default=KMON, help=f"of {','.join(NAMES)} (default: {KMON})")
    args = parser.parse_args()
    memory = Memory("large", 10)
    page = MetricsPage([memory], settings=MetricsSettings(max_series=args.max_series, names=args.names))
    snapshot = made_up(args.topics, args.partitions, args.groups, args.commits)

    def show(view: View) -> float:
        began = time.perf_counter()
        memory.show(view)
        return time.perf_counter() - began

    print(f"first page          {show(make_view(snapshot)):.4f} s")
    still, changed = [], []
    for step in range(ROUNDS):
        snapshot = moved(snapshot, step)
        changed.append(show(make_view(snapshot)))
        still.append(show(make_view(replace(snapshot, started=time.monotonic()))))
    print(f"nothing has changed {statistics.median(still):.4f} s (median of {ROUNDS})")
    print(f"all offsets changed {statistics.median(changed):.4f} s (median of {ROUNDS})")
    for name, accept in (("text", ""), ("OpenMetrics", "application/openmetrics-text;version=1.0.0")):
        for encoding in ("gzip", ""):
            times = []
            for step in range(ROUNDS):
                snapshot = moved(snapshot, step)
                memory.show(make_view(snapshot))
                # A page whose predecessor was not scraped is compressed when it is asked for, not before.
                memory.show(make_view(replace(snapshot, started=time.monotonic())))
                began = time.perf_counter()
                size = sum(len(filled(piece)) for piece in page.answer(encoding, accept)[0])
                times.append(time.perf_counter() - began)
            what = f"{name}, {encoding or 'plain'}"
            print(f"{what:19} {statistics.median(times):.4f} s (median of {ROUNDS}), {size / 1e6:.1f} MB")
    body = page.body()[0]
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    print(f"page                {len(body) / 1e6:.1f} MB, {series:,} series")
    print(f"peak memory         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    if series < MOST_OF_CLIENT:
        print(f"prometheus_client   {_time_client(body):.4f} s for the same families as text")
    return 0


def _time_client(body: bytes) -> float:
    """Seconds that prometheus_client needs to write the families of a page that are made of numbers already."""
    families = list(text_string_to_metric_families(body.decode()))

    class Made(Collector):
        def collect(self) -> list[Metric]:
            return families

    registry = CollectorRegistry()
    registry.register(Made())
    began = time.perf_counter()
    generate_latest(registry)
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())

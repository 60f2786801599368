"""`python -m benchmarks.freshness`: what it costs to keep the fresh time of 10,000 groups over a restart.

Three days of polls, one a minute, so that each is written. Printed are CPU time and bytes of a write, the size of the
file, and how long the next run takes to read it.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import numpy as np

from alerts.kept_freshness import WRITE_SECONDS, KeptFreshness
from alerts.store import Store
from monitor.analysis.earlier_polls.freshness import Counters, count_time
from monitor.analysis.earlier_polls.observed_spans import LONGEST_SECONDS
from monitor.model.table import objects

LATE, UNKNOWN = 0.02, 0.01
"""Shares of groups at each poll."""


def written_bytes() -> int:
    """What this process has written to disks so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def watch(store: Store, groups: int, polls: int) -> float:
    """Poll and write so many times; the CPU seconds of the writes."""
    part, counters, cpu = KeptFreshness(store, "large"), Counters(), 0.0
    named, chance = random.Random(1), np.random.default_rng(2)
    words = ("orders", "billing", "shipping", "payments")
    names = objects(f"team-{named.randrange(300)}.{named.choice(words)}-consumer-{each}" for each in range(groups))
    for poll in range(polls):
        now, drawn = poll * WRITE_SECONDS, chance.random(groups)
        standing = np.where(drawn < UNKNOWN, np.nan, np.where(drawn < UNKNOWN + LATE, 0.0, 1.0))
        counters = count_time(counters, names, np.full(groups, 300.0), standing, now, interval=WRITE_SECONDS)
        began = time.process_time()
        part.offer(counters, 1e9)
        store.flush()
        cpu += time.process_time() - began
    return cpu


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.freshness", description=__doc__)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--polls", type=int, default=int(LONGEST_SECONDS / WRITE_SECONDS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store, before = Store(Path(folder)), written_bytes()
        cpu = watch(store, args.groups, args.polls)
        written = written_bytes() - before
        store.close(within_seconds=60.0)
        print(f"a write: {1_000 * cpu / args.polls:.0f} ms of CPU, {written / args.polls / 1e3:,.0f} kB")
        print(f"file: {store.path.stat().st_size / 1e6:.1f} MB")
        store, began = Store(Path(folder)), time.process_time()
        KeptFreshness(store, "large").load(1e9 + args.polls * WRITE_SECONDS, 0.0)
        print(f"reading: {time.process_time() - began:.2f} s of CPU")
        store.close()


if __name__ == "__main__":
    main()

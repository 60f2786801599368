"""A benchmark's cluster whose records have known times hours back, and whose groups stand at known ones of them."""

import random
import time
import zlib
from dataclasses import dataclass

import numpy as np

from benchmarks.load import Load, asking, build
from benchmarks.records import Place, batch, write
from monitor.model.table import Ints

RECORDS = 300
HOUR_MS = 3_600_000
BURSTS = 12
"""Batches of a partition; a request takes one batch of each."""


@dataclass(frozen=True)
class AgedLoad(Load):
    """Every partition has RECORDS records, and groups stand at some of them."""

    def offset_of(self, group: int, topic: str, partition: int) -> int:
        return zlib.crc32(f"{group} {topic} {partition}".encode()) % RECORDS

    def places(self) -> list[Place]:
        return [(name, number) for name in self.topic_names() for number in range(self.partitions)]


AGED = AgedLoad("aged", topics=50, partitions=20, groups=10, commits=100, heap_mb=512, records=0)
"""Each of its 1,000 partitions has one group behind on it."""


def build_aged(load: AgedLoad, bootstrap: str) -> tuple[dict[Place, Ints], float]:
    """Topics, records and commits; the timestamps of all records (unix ms, by offset), and the seconds it took."""
    began = time.monotonic()
    build(load, bootstrap)
    chance = random.Random(20261124)
    bursts = {place: _bursts(chance, int(time.time() * 1000)) for place in load.places()}
    with asking(bootstrap) as poller:
        for number in range(BURSTS):
            write(poller, {place: batch(each[number].tolist()) for place, each in bursts.items() if len(each[number])})
    times = {place: np.concatenate(each) for place, each in bursts.items()}
    return times, time.monotonic() - began


def _bursts(chance: random.Random, now: int) -> list[Ints]:
    """The records of a partition: bursts of a few to a hundred, with pauses of milliseconds to hours between them."""
    sizes = np.array([chance.paretovariate(1.0) for _ in range(BURSTS)])
    ends = np.round(np.cumsum(sizes) / sizes.sum() * RECORDS).astype(np.int64)
    oldest = chance.choice((1, 6, 24)) * HOUR_MS * chance.random()
    pauses = np.array([10 ** chance.uniform(0, 5) for _ in range(BURSTS)])
    starts = now - oldest + np.cumsum(pauses) / pauses.sum() * oldest * chance.uniform(0.2, 0.99)
    lasts = np.append(starts[1:], now - 1) - starts
    bursts: list[Ints] = []
    for count, start, last in zip(np.diff(ends, prepend=0), starts, lasts, strict=True):
        long = last * chance.choice((0.001, 0.1, 1.0))
        bursts.append(np.sort([int(start + long * chance.random()) for _ in range(count)]).astype(np.int64))
    return bursts

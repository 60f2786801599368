"""The kafka-python part of the shop's traffic: one producer, and the members of its classic groups.

It runs as a process of its own, `python -m kmon.demo.traffic BOOTSTRAP`, so that kmon's own figures stay its own.
"""

import itertools
import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from kmon.demo.shop import GROUPS, TOPICS, GroupPlan, TopicPlan

TICK_SECONDS = 0.25
COMMIT_SECONDS = 2.0
POLL_MS = 500
WORDS = (
    *("red", "green", "blue", "shirt", "shoes", "lamp", "desk", "chair", "coffee"),
    *("tea", "book", "bike", "helmet", "gloves", "winter", "summer", "sale", "new"),
)


def due_counts(plan: TopicPlan, tick_seconds: float) -> Iterator[int]:
    """How many records are due in each tick from the start on: the integral of the rhythm, in whole records."""
    written, due = 0, 0.0
    for tick in itertools.count():
        due += plan.rhythm.rate(tick * tick_seconds) * tick_seconds
        now = int(due if plan.rhythm.total is None else min(due, plan.rhythm.total))
        yield now - written
        written = now


def records(plan: TopicPlan) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values without end: keys uneven, values about 150 bytes of JSON (words for the word count)."""
    chance = random.Random(plan.name)  # noqa: S311  # traffic, no secret
    keys = [f"{plan.name}-{n:04}".encode() for n in range(1, plan.keys + 1)]
    weights = list(itertools.accumulate(1 / n for n in range(1, plan.keys + 1)))
    for number in itertools.count(1):
        words = " ".join(chance.choices(WORDS, k=6))
        body = {"id": number, "at": time.time(), "amount_cents": chance.randrange(100, 50_000), "text": words}
        value = words.encode() if plan.name.startswith("streams-") else json.dumps(body).encode()
        yield chance.choices(keys, cum_weights=weights)[0], value


def produce(plans: Sequence[TopicPlan], bootstrap: Sequence[str], stopping: threading.Event) -> None:
    """Write until `stopping`. What a broken cluster does not take is dropped: traffic does not catch up."""
    producer = KafkaProducer(
        bootstrap_servers=bootstrap,
        client_id="shop",
        acks=1,
        linger_ms=100,
        max_block_ms=2000,
        delivery_timeout_ms=10_000,
        request_timeout_ms=5_000,
    )
    streams = [(plan.name, due_counts(plan, TICK_SECONDS), records(plan)) for plan in plans]
    next_tick = time.monotonic()
    while not stopping.is_set():
        for topic, counts, rows in streams:
            for key, value in itertools.islice(rows, next(counts)):
                try:
                    producer.send(topic, value, key=key)
                except KafkaError:
                    break
        next_tick = max(next_tick + TICK_SECONDS, time.monotonic() - 1)
        stopping.wait(max(0.0, next_tick - time.monotonic()))
    producer.close(timeout=1)


def consume(plan: GroupPlan, number: int, bootstrap: Sequence[str], stopping: threading.Event) -> None:
    """Be member `number` of a group until `stopping`, or until the plan says to leave; errors are waited out."""
    started, left = time.monotonic(), False
    while not left and not stopping.is_set():
        try:
            with closing(_consumer(plan, number, bootstrap)) as consumer:
                _read(plan, consumer, started, stopping)
            left = True
        except KafkaError:
            stopping.wait(2)


def _consumer(plan: GroupPlan, number: int, bootstrap: Sequence[str]) -> KafkaConsumer:
    # Fewer and larger answers than by default: a dozen consumers share two cores with three brokers.
    return KafkaConsumer(
        plan.topic,
        bootstrap_servers=bootstrap,
        group_id=plan.name,
        client_id=f"{plan.name}-{number}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=20_000,
        fetch_max_wait_ms=500,
        # In small portions a slow member reads its partitions side by side; of large ones it reads one for minutes.
        max_partition_fetch_bytes=20_000,
        session_timeout_ms=15_000,
        heartbeat_interval_ms=5_000,
    )


def _read(plan: GroupPlan, consumer: KafkaConsumer, started: float, stopping: threading.Event) -> None:
    committed_at = time.monotonic()
    batch = None if plan.per_second is None else max(1, round(plan.per_second / plan.members * POLL_MS / 1000))
    while not stopping.is_set():
        at = time.monotonic() - started
        if plan.stop_at_seconds is not None and at > plan.stop_at_seconds:
            consumer.commit()
            return
        stuck = plan.stuck_at_seconds is not None and at > plan.stuck_at_seconds
        if stuck:
            consumer.pause(*consumer.assignment())
        polled_at = time.monotonic()
        got = sum(map(len, consumer.poll(POLL_MS, max_records=batch).values()))
        if batch and got:
            stopping.wait(max(0.0, polled_at + got / batch * POLL_MS / 1000 - time.monotonic()))
        if not stuck and time.monotonic() - committed_at > COMMIT_SECONDS:
            consumer.commit_async()
            committed_at = time.monotonic()


def main() -> None:
    """Produce and consume until SIGTERM or SIGINT."""
    # A paused broker is an error a second to kafka-python, and an incident here.
    logging.basicConfig(level=logging.CRITICAL)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    os.nice(5)
    bootstrap = sys.argv[1].split(",")
    jobs: list[tuple[Any, ...]] = [(produce, TOPICS, bootstrap, stopping)]
    jobs += [(consume, plan, n, bootstrap, stopping) for plan in GROUPS for n in range(1, plan.members + 1)]
    threads = [threading.Thread(target=job, args=args, daemon=True) for job, *args in jobs]
    for thread in threads:
        thread.start()
    stopping.wait()
    for thread in threads:
        thread.join(timeout=2)


if __name__ == "__main__":
    main()

"""Writes the shop's records, each topic in its rhythm, with one kafka-python producer."""

import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from kmon.demo.shop import TopicPlan

TICK_SECONDS = 0.25
WORDS = [
    "red",
    "green",
    "blue",
    "shirt",
    "shoes",
    "lamp",
    "desk",
    "chair",
    "coffee",
    "tea",
    "book",
    "bike",
    "helmet",
    "gloves",
    "winter",
    "summer",
    "sale",
    "new",
]


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


def produce(plans: Sequence[TopicPlan], client_config: Mapping[str, Any], stopping: threading.Event) -> None:
    """Write until `stopping`. What a broken cluster does not take is dropped: traffic does not catch up."""
    producer = KafkaProducer(
        client_id="shop", acks=1, linger_ms=100, max_block_ms=2000, delivery_timeout_ms=10_000,
        request_timeout_ms=5_000, **client_config,
    )  # fmt: skip
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

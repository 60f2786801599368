"""Members of the shop's classic groups, with kafka-python: prompt, slow, leaving and stuck ones."""

import threading
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from kmon.demo.shop import GroupPlan

COMMIT_SECONDS = 2.0
POLL_MS = 500


def consume(plan: GroupPlan, number: int, client_config: Mapping[str, Any], stopping: threading.Event) -> None:
    """Be member `number` of a group until `stopping`, or until the plan says to leave; errors are waited out."""
    started, left = time.monotonic(), False
    while not left and not stopping.is_set():
        try:
            with closing(_consumer(plan, number, client_config)) as consumer:
                _read(plan, consumer, started, stopping)
            left = True
        except KafkaError:
            stopping.wait(2)


def _consumer(plan: GroupPlan, number: int, client_config: Mapping[str, Any]) -> KafkaConsumer:
    # Fewer and larger answers than by default: a dozen consumers share two cores with three brokers.
    return KafkaConsumer(
        plan.topic,
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
        **client_config,
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

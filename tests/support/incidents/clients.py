"""Producers and consumers that do what an incident needs; `python -m incidents.clients` is one consumer."""

import sys
import threading
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from incidents.scale import FACTOR

VALUE, POISON = b"x" * 100, b"poison"
TICK_SECONDS = 0.1
METADATA_TRIES = 20
COMMIT_SECONDS = 5.0 / FACTOR
"""As long as the default of auto.commit.interval.ms stands for."""
SESSION_MS = int(45_000 / FACTOR)
AWAY_SECONDS = 3 * SESSION_MS / 1000
"""How long a consumer that is to read may be without partitions, for whatever reason that no script has meant."""


class Feeder:
    """Writes records to partitions, so many a second each, until it is closed."""

    def __init__(self, bootstrap: str) -> None:
        self.producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            acks=1,
            linger_ms=50,
            max_block_ms=2000,
            request_timeout_ms=5000,
            metadata_max_age_ms=int(300_000 / FACTOR),
        )
        self._rates: dict[tuple[str, int], float] = {}
        self._due: dict[tuple[str, int], float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self._thread.start()

    def feed(self, topic: str, partitions: Iterable[int], per_second: float) -> None:
        """Write `per_second` records to each of these partitions from now on; 0 for none."""
        self._rates.update({(topic, each): per_second for each in partitions})

    def stop(self, topic: str) -> None:
        """Write nothing more to a topic; returns when nothing is under way."""
        for place in [*self._rates]:
            if place[0] == topic:
                self._rates[place] = 0.0
        time.sleep(3 * TICK_SECONDS)

    def burst(self, topic: str, partitions: int, count: int, value: bytes = VALUE) -> None:
        """Write so many records at once, spread over the partitions; of a new topic when its metadata is there."""
        for _ in range(METADATA_TRIES):
            with suppress(KafkaError):
                self.producer.partitions_for(topic)
                break
        for number in range(count):
            self.producer.send(topic, value, partition=number % partitions)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            for place, rate in [*self._rates.items()]:
                left = self._due.get(place, 0.0) + rate * TICK_SECONDS
                self._due[place] = left - int(left)
                with suppress(KafkaError, ValueError):  # the second of a partition that is not in metadata yet
                    for _ in range(int(left)):
                        self.producer.send(place[0], VALUE, partition=place[1])
            due = max(due + TICK_SECONDS, time.monotonic() - 1)
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        with suppress(KafkaError):  # what cannot be written any more, as of a cluster that is broken
            self.producer.close(timeout=2)


class Reader:
    """A member of a classic group that reads until `leave`, on a thread of its own.

    `per_second` bounds what it reads. Partitions in `held` it is assigned and does not read. At a record POISON it
    fails while `fragile`: it commits what is before, leaves, and starts again, as a supervised process does. It may be
    without partitions for long only if it goes `through_outages`.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Iterable[str],
        *,
        per_second: float | None = None,
        commit_seconds: float = COMMIT_SECONDS,
        fragile: bool = False,
        through_outages: bool = False,
        **config: Any,
    ) -> None:
        self._settings = {
            "bootstrap_servers": bootstrap.split(","),
            "group_id": group,
            "client_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": SESSION_MS,
            "heartbeat_interval_ms": SESSION_MS // 9,
            "metadata_max_age_ms": int(300_000 / FACTOR),
            "max_partition_fetch_bytes": 50_000,
            "fetch_max_wait_ms": 200,
            **config,
        }
        self.topics, self.per_second, self.commit_seconds = tuple(topics), per_second, commit_seconds
        self.fragile, self.held = fragile, set[int]()
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._through_outages, self._assigned_at = through_outages, time.monotonic()
        self._committed_at = self._assigned_at
        self._thread = threading.Thread(target=self._run, name=f"reader-{group}", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Commit and leave the group. Raises RuntimeError if it had stopped reading before: then the script failed.

        It does nothing the second time.
        """
        if self._stopping.is_set():
            return
        away = time.monotonic() - self._assigned_at
        self._stopping.set()
        self._thread.join(20)
        if self._error is not None:
            raise RuntimeError(f"{self._thread.name} ended by itself") from self._error
        if away > AWAY_SECONDS and not self._through_outages:
            raise RuntimeError(f"{self._thread.name} had no partitions for {away:.0f} s")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with closing(KafkaConsumer(**self._settings)) as consumer:
                    self._read(consumer)
            except KafkaError:
                pass
            except Exception as error:  # noqa: BLE001 - told when it leaves
                self._error = error
                return
            self._stopping.wait(10.0 / FACTOR)

    def _read(self, consumer: KafkaConsumer) -> None:
        topics, held = self.topics, frozenset[int]()
        consumer.subscribe(topics, listener=_Nothing())
        self._committed_at = committed_at = time.monotonic()
        while not self._stopping.is_set() and not self._expelled():
            if topics != self.topics:
                topics = self.topics
                consumer.commit()
                consumer.subscribe(topics, listener=_Nothing())
            if held or self.held:
                held = frozenset(self.held)
                consumer.pause(*(each for each in consumer.assignment() if each.partition in held))
                consumer.resume(*(each for each in consumer.assignment() if each.partition not in held))
            polled_at = time.monotonic()
            most = None if self.per_second is None else max(1, round(self.per_second * 0.2))
            batches = consumer.poll(200, max_records=most)
            if consumer.assignment():
                self._assigned_at = time.monotonic()
            if self.fragile and (before := _before_poison(batches)):
                consumer.commit(before)
                return
            got = sum(map(len, batches.values()))
            if self.per_second and got:
                self._stopping.wait(max(0.0, polled_at + got / self.per_second - time.monotonic()))
            if time.monotonic() - committed_at >= self.commit_seconds:
                consumer.commit_async(callback=self._on_commit)
                committed_at = time.monotonic()
        consumer.commit()

    def _on_commit(self, _offsets: object, outcome: object) -> None:
        if not isinstance(outcome, Exception):
            self._committed_at = time.monotonic()

    def _expelled(self) -> bool:
        """Whether no commit has succeeded for so long that it can no longer be a member, even if it has an assignment.

        It then starts again, as a supervised process does: no script is about that.
        """
        if self._through_outages or self.commit_seconds > AWAY_SECONDS:
            return False
        return time.monotonic() - self._committed_at > AWAY_SECONDS


class _Nothing(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        pass

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        pass


def _before_poison(batches: dict[TopicPartition, list[Any]]) -> dict[TopicPartition, OffsetAndMetadata]:
    """What can be committed of batches with a poison record: of each partition what is before; empty without one."""
    ends = {place: records[-1].offset + 1 for place, records in batches.items() if records}
    poison = {
        place: next(each.offset for each in records if each.value == POISON)
        for place, records in batches.items()
        if any(each.value == POISON for each in records)
    }
    return {place: OffsetAndMetadata(at, "", -1) for place, at in {**ends, **poison}.items()} if poison else {}


def main() -> None:
    """Read a topic in a group until the process is killed: BOOTSTRAP GROUP TOPIC."""
    bootstrap, group, topic = sys.argv[1:]
    Reader(bootstrap, group, [topic])._thread.join()


if __name__ == "__main__":
    main()

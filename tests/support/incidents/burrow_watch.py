"""Burrow's evaluation beside kmon, on what Burrow reads: each commit in __consumer_offsets, and log end offsets."""

import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from burrow import INTERVALS, Commit, evaluate
from kafka import KafkaConsumer, TopicPartition

from incidents.incident import Page
from incidents.peers import Ledger, repeating
from incidents.scale import FACTOR
from incidents.stage import Stage

BURROW = "Burrow"
MARK_SECONDS, NOTIFY_SECONDS = 10.0 / FACTOR, 60.0 / FACTOR
"""How often Burrow reads end offsets and evaluates groups for its notifiers, by its default configuration."""

Place = tuple[str, str, int]


class Watch:
    """The commits and end offsets that Burrow keeps of every partition of every group."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rings: dict[Place, deque[Commit]] = {}
        self._marks: dict[TopicPartition, deque[float]] = {}

    @property
    def partitions(self) -> list[TopicPartition]:
        """Those that groups have committed."""
        with self._lock:
            return list({TopicPartition(topic, partition) for _, topic, partition in self._rings})

    def commit(self, place: Place, at: float, offset: float) -> None:
        with self._lock:
            ring = self._rings.setdefault(place, deque(maxlen=INTERVALS))
            marks = self._marks.get(TopicPartition(*place[1:]))
            ring.append(Commit(at, offset, max(0.0, marks[-1] - offset) if marks else 0.0))

    def mark(self, place: TopicPartition, end: float) -> None:
        with self._lock:
            self._marks.setdefault(place, deque(maxlen=INTERVALS)).append(end)

    def forget(self, place: Place) -> None:
        """A commit that was deleted."""
        with self._lock:
            self._rings.pop(place, None)

    def bad(self, now: float) -> dict[str, str]:
        """The groups that are not OK, with the worst that is said of a partition."""
        found: dict[str, str] = {}
        with self._lock:
            for (group, topic, partition), ring in self._rings.items():
                marks = self._marks.get(TopicPartition(topic, partition))
                if marks and (said := evaluate(list(ring), list(marks), now)) != "OK":
                    found.setdefault(group, said)
        return found


@contextmanager
def burrow(stage: Stage) -> Iterator[Callable[[], tuple[Page, ...]]]:
    """Burrow's evaluation while the context lasts; gives what it has notified so far, a page for each group."""
    watch, ledger = Watch(), Ledger()

    def consumer() -> KafkaConsumer:
        servers = stage.bootstrap.split(",")
        return KafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, exclude_internal_topics=False)

    def notify() -> None:
        now = time.time()
        bad = watch.bad(now).items()
        ledger.note({(("group", group),): Page(BURROW, said, "page", (group,), now) for group, said in bad})

    with closing(consumer()) as commits, closing(consumer()) as ends:
        topic = "__consumer_offsets"
        commits.assign([TopicPartition(topic, each) for each in commits.partitions_for_topic(topic)])
        commits.seek_to_end()
        with (
            repeating(lambda: _read_commits(commits, watch), 0.1, "burrow-commits"),
            repeating(lambda: _read_ends(ends, watch), MARK_SECONDS, "burrow-ends"),
            repeating(notify, NOTIFY_SECONDS, "burrow"),
        ):
            yield lambda: ledger.pages


def _read_ends(consumer: KafkaConsumer, watch: Watch) -> None:
    places = watch.partitions
    if places:
        for place, end in consumer.end_offsets(places).items():
            watch.mark(place, float(end))


def _read_commits(consumer: KafkaConsumer, watch: Watch) -> None:
    for records in consumer.poll(500).values():
        for record in records:
            if record.key and struct.unpack_from(">h", record.key)[0] in {0, 1}:
                place = _place(record.key)
                if record.value:
                    watch.commit(place, record.timestamp / 1000, float(struct.unpack_from(">q", record.value, 2)[0]))
                else:
                    watch.forget(place)


def _place(key: bytes) -> Place:
    """Group, topic and partition of the key of a commit."""
    (group_size,) = struct.unpack_from(">h", key, 2)
    group_end = 4 + group_size
    (topic_size,) = struct.unpack_from(">h", key, group_end)
    topic_end = group_end + 2 + topic_size
    (partition,) = struct.unpack_from(">i", key, topic_end)
    return key[4:group_end].decode(), key[group_end + 2 : topic_end].decode(), int(partition)

"""ListOffsets: requests for the same offset of many partitions, and answers as columns."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.kafka.client.apis import LIST_OFFSETS
from monitor.kafka.decode.cursor import Cursor, count, text
from monitor.model.table import Floats, Ints

LATEST, EARLIEST = -1, -2
"""Timestamps by which Kafka is asked for the end (high watermark) and for the start of a log."""


@dataclass(frozen=True, eq=False)
class PartitionOffsets:
    """Offsets of one answer, a row a partition in the order of the answer.

    `topics` are names and `topic` indexes in them. `offset` is NaN where the broker gave none, `timestamp` (ms) is -1
    where it gave none; `error` is Kafka's error code.
    """

    topics: list[str]
    topic: Ints
    partition: Ints
    offset: Floats
    error: Ints
    timestamp: Ints


def _record(version: int) -> np.dtype[np.void]:
    fields = [("partition", ">i4"), ("error", ">i2"), ("timestamp", ">i8"), ("offset", ">i8"), ("epoch", ">i4")]
    return np.dtype([*fields, ("tags", "u1")] if LIST_OFFSETS.is_flexible(version) else fields)


def encode_list_offsets(
    topics: Sequence[tuple[str, Ints]], timestamp: int | Sequence[Ints], version: int, isolation: int = 0
) -> bytes:
    """The body of a request (versions 4 to 11) for partitions of topics, each a name and partition numbers.

    `timestamp` is one of the constants above for all of them, or milliseconds for each partition of each topic.
    """
    flexible = LIST_OFFSETS.is_flexible(version)
    fields = [("partition", ">i4"), ("epoch", ">i4"), ("timestamp", ">i8")]
    record = np.dtype([*fields, ("tags", "u1")] if flexible else fields)
    parts = [struct.pack(">ib", -1, isolation), count(len(topics), flexible=flexible)]
    for place, (topic, partitions) in enumerate(topics):
        rows = np.zeros(len(partitions), record)
        rows["partition"], rows["epoch"], rows["timestamp"] = (
            partitions,
            -1,
            timestamp if isinstance(timestamp, int) else timestamp[place],
        )
        head = text(topic, flexible=flexible) + count(len(partitions), flexible=flexible)
        parts += [head, rows.tobytes(), b"\0" if flexible else b""]
    if version >= 10:
        parts.append(struct.pack(">i", 0))  # timeout_ms: only reads of remote storage wait
    return b"".join(parts) + (b"\0" if flexible else b"")


def decode_list_offsets(body: bytes, version: int) -> PartitionOffsets:
    """Read an answer (versions 4 to 11). Raises MalformedAnswerError when the bytes are not such an answer."""
    record = _record(version)
    cursor = Cursor.of(LIST_OFFSETS, body, version)
    topics: list[str] = []
    parts: list[bytes] = []
    counts: list[int] = []
    for _ in range(cursor.count()):
        topics.append(cursor.name())
        counts.append(cursor.count())
        parts.append(cursor.records(counts[-1], record.itemsize))
        cursor.tags()
    cursor.tags()
    cursor.end()
    rows = np.frombuffer(b"".join(parts), record)
    offset, error = rows["offset"].astype(np.float64), rows["error"].astype(np.int32)
    offset[(offset < 0) | (error != 0)] = np.nan
    topic = np.repeat(np.arange(len(topics), dtype=np.int32), counts)
    partition, timestamp = rows["partition"].astype(np.int32), rows["timestamp"].astype(np.int64)
    return PartitionOffsets(topics, topic, partition, offset, error, timestamp)

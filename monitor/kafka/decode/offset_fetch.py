"""OffsetFetch answers (versions 8 and 9: many groups at once) as columns of committed offsets."""

from dataclasses import dataclass

import numpy as np

from monitor.kafka.client.apis import OFFSET_FETCH
from monitor.kafka.decode.cursor import Cursor
from monitor.model.table import Floats, Ints

# What Kafka commits without metadata, which nearly every record is: 20 bytes, of which two are known beforehand.
_RECORD = np.dtype(
    [("partition", ">i4"), ("offset", ">i8"), ("epoch", ">i4"), ("metadata", "u1"), ("error", ">i2"), ("tags", "u1")]
)
_SIZE = _RECORD.itemsize
_METADATA, _TAGS = 16, 19


@dataclass(frozen=True, eq=False)
class CommittedOffsets:
    """Committed offsets of one answer, a row a partition in the order of the answer.

    `groups` and `topics` are names; `group` and `topic` are indexes in them. `committed_offset` is NaN where there is
    no commit. `group_error` has Kafka's error code of each group, `error` that of each row.
    """

    groups: list[str]
    group_error: Ints
    topics: list[str]
    group: Ints
    topic: Ints
    partition: Ints
    committed_offset: Floats
    error: Ints


def decode_offset_fetch(body: bytes, version: int) -> CommittedOffsets:
    """Read an answer. Raises MalformedAnswerError when the bytes are not an OffsetFetch answer of this version."""
    cursor = Cursor.of(OFFSET_FETCH, body, version)
    groups: list[str] = []
    errors: list[int] = []
    topics: dict[str, int] = {}
    run_group: list[int] = []
    run_topic: list[int] = []
    parts: list[bytes] = []
    counts: list[int] = []
    for group in range(cursor.count()):
        groups.append(cursor.name())
        for _ in range(cursor.count()):
            run_topic.append(topics.setdefault(cursor.name(), len(topics)))
            count = cursor.count()
            parts.append(_records(cursor, count))
            cursor.tags()
            run_group.append(group)
            counts.append(count)
        errors.append(cursor.int16())
        cursor.tags()
    cursor.tags()
    cursor.end()
    records = np.frombuffer(b"".join(parts), _RECORD)
    offset = records["offset"].astype(np.float64)
    error = records["error"].astype(np.int32)
    offset[(offset < 0) | (error != 0)] = np.nan
    return CommittedOffsets(
        groups,
        np.array(errors, np.int32),
        list(topics),
        np.repeat(np.array(run_group, np.int32), counts),
        np.repeat(np.array(run_topic, np.int32), counts),
        records["partition"].astype(np.int32),
        offset,
        error,
    )


def _records(cursor: Cursor, count: int) -> bytes:
    """The next `count` records with their metadata and tagged fields cut out, so that all are of equal size."""
    body, at = cursor.body, cursor.at
    end = at + count * _SIZE
    # Metadata lengths of 0 (null) and 1 (empty) and no tagged fields, in all of them: then they are of equal size here.
    if (
        end <= len(body)
        and body[at + _METADATA : end : _SIZE].count(1) + body[at + _METADATA : end : _SIZE].count(0) == count
        and body[at + _TAGS : end : _SIZE].count(0) == count
    ):
        cursor.at = end
        return body[at:end]
    parts = []
    for _ in range(count):
        start = cursor.at
        cursor.skip(_METADATA)
        cursor.text()
        fixed = body[start : start + _METADATA] + b"\0" + body[cursor.at : cursor.at + 2] + b"\0"
        cursor.skip(2)
        cursor.tags()
        parts.append(fixed)
    return b"".join(parts)

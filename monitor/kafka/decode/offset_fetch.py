"""OffsetFetch answers as columns of committed offsets: of many groups from version 8 on, before that of one group."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.kafka.client.apis import BATCHED_OFFSET_FETCH, OFFSET_FETCH
from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError
from monitor.model.table import Floats, Ints

# What Kafka commits without metadata, which nearly every record is: 20 bytes, of which two are known beforehand.
_RECORD = np.dtype(
    [("partition", ">i4"), ("offset", ">i8"), ("epoch", ">i4"), ("metadata", "u1"), ("error", ">i2"), ("tags", "u1")]
)
_SIZE = _RECORD.itemsize
_METADATA, _TAGS = 16, 19
# The same before version 6, in which the length of the metadata takes two bytes and nothing has tags.
_OLD_RECORD = np.dtype(
    [("partition", ">i4"), ("offset", ">i8"), ("epoch", ">i4"), ("metadata", ">i2"), ("error", ">i2")]
)
assert _OLD_RECORD.itemsize == _SIZE


@dataclass(frozen=True, eq=False)
class CommittedOffsets:
    """Committed offsets of answers, a row a partition in the order of the answers.

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


@dataclass
class GroupCommits:
    """What was read of groups, with the records still in bytes: for each run of them its group, topic and length."""

    groups: list[str] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    topics: dict[str, int] = field(default_factory=dict)
    run_group: list[int] = field(default_factory=list)
    run_topic: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)

    def read(self, group: str, cursor: Cursor) -> None:
        """Read what an answer has of a group behind its name."""
        for _ in range(cursor.count()):
            self.run_topic.append(self.topics.setdefault(cursor.name(), len(self.topics)))
            self.run_group.append(len(self.groups))
            self.counts.append(cursor.count())
            self.records.append(_records(cursor, self.counts[-1]))
            cursor.tags()
        self.errors.append(cursor.int16())
        self.groups.append(group)
        cursor.tags()

    def append(self, other: "GroupCommits") -> None:
        numbers = [self.topics.setdefault(name, len(self.topics)) for name in other.topics]
        self.run_topic += [numbers[each] for each in other.run_topic]
        self.run_group += [len(self.groups) + each for each in other.run_group]
        self.counts += other.counts
        self.records += other.records
        self.errors += other.errors
        self.groups += other.groups

    def columns(self, version: int) -> CommittedOffsets:
        record = _RECORD if OFFSET_FETCH.is_flexible(version) else _OLD_RECORD
        records = np.frombuffer(b"".join(self.records), record)
        offset = records["offset"].astype(np.float64)
        error = records["error"].astype(np.int32)
        offset[(offset < 0) | (error != 0)] = np.nan
        return CommittedOffsets(
            self.groups,
            np.array(self.errors, np.int32),
            list(self.topics),
            np.repeat(np.array(self.run_group, np.int32), self.counts),
            np.repeat(np.array(self.run_topic, np.int32), self.counts),
            records["partition"].astype(np.int32),
            offset,
            error,
        )


def decode_offset_fetch(body: bytes, version: int) -> CommittedOffsets:
    """Read an answer about many groups (versions 8 and 9). Raises MalformedAnswerError for anything else."""
    cursor = Cursor.of(BATCHED_OFFSET_FETCH, body, version)
    commits = GroupCommits()
    for _ in range(cursor.count()):
        commits.read(cursor.name(), cursor)
    cursor.tags()
    cursor.end()
    return commits.columns(version)


def read_one_group(group: str, body: bytes, version: int) -> GroupCommits:
    """Read an answer about one group (versions 5 to 7), which does not name it. Raises as `decode_offset_fetch`."""
    if version >= BATCHED_OFFSET_FETCH.oldest:
        raise MalformedAnswerError(f"{OFFSET_FETCH.name} version {version} is not about one group")
    cursor = Cursor.of(OFFSET_FETCH, body, version)
    commits = GroupCommits()
    commits.read(group, cursor)
    cursor.end()
    return commits


def joined(answers: Sequence[GroupCommits], version: int) -> CommittedOffsets:
    """Answers about one group each, in the same version, as those about many are."""
    commits = GroupCommits()
    for each in answers:
        commits.append(each)
    return commits.columns(version)


def _records(cursor: Cursor, count: int) -> bytes:
    """The next `count` records with their metadata and tagged fields cut out, so that all are of equal size."""
    body, at = cursor.body, cursor.at
    end = at + count * _SIZE
    records = body[at:end]
    if end <= len(body) and _is_plain(records, count, flexible=cursor.flexible):
        cursor.at = end
        return records
    parts = []
    for _ in range(count):
        start = cursor.at
        cursor.skip(_METADATA)
        cursor.text()
        error = cursor.at
        cursor.skip(2)
        fixed, code = body[start : start + _METADATA], body[error : error + 2]
        parts.append(fixed + b"\0" + code + b"\0" if cursor.flexible else fixed + b"\0\0" + code)
        cursor.tags()
    return b"".join(parts)


def _is_plain(records: bytes, count: int, *, flexible: bool) -> bool:
    """Whether all have no metadata and no tagged fields: then they are of equal size here.

    The length of the metadata is 0 for null and 1 for empty; before version 6 it is -1 for null and 0 for empty.
    """
    if not flexible:
        return bool((np.frombuffer(records, _OLD_RECORD)["metadata"] <= 0).all())
    lengths = records[_METADATA::_SIZE]
    return lengths.count(1) + lengths.count(0) == count and records[_TAGS::_SIZE].count(0) == count

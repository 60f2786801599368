"""DescribeLogDirs answers as columns: what a broker holds on each of its log dirs."""

from dataclasses import dataclass

import numpy as np

from monitor.kafka.client.apis import DESCRIBE_LOG_DIRS
from monitor.kafka.decode.cursor import Cursor
from monitor.model.table import Flags, Floats, Ints


@dataclass(frozen=True, eq=False)
class DescribedLogDirs:
    """Log dirs of one answer, and a row a replica, both in the order of the answer.

    `error` is Kafka's error code of the whole answer, 0 before version 3; `dir_error` that of each log dir. `topics`
    are names; `log_dir` and `topic` are indexes. A number that the broker does not know is NaN.
    """

    error: int
    paths: list[str]
    dir_error: Ints
    total_bytes: Floats
    usable_bytes: Floats
    topics: list[str]
    log_dir: Ints
    topic: Ints
    partition: Ints
    size_bytes: Floats
    offset_lag: Floats
    future: Flags


def _record(version: int) -> np.dtype[np.void]:
    fields = [("partition", ">i4"), ("size", ">i8"), ("lag", ">i8"), ("future", "u1")]
    return np.dtype([*fields, ("tags", "u1")] if DESCRIBE_LOG_DIRS.is_flexible(version) else fields)


def decode_log_dirs(body: bytes, version: int) -> DescribedLogDirs:
    """Read an answer (versions 1 to 5). Raises MalformedAnswerError when the bytes are not such an answer."""
    record = _record(version)
    cursor = Cursor.of(DESCRIBE_LOG_DIRS, body, version)
    error = cursor.int16() if version >= 3 else 0
    dirs: list[tuple[str, int, int, int]] = []
    topics: list[str] = []
    parts: list[bytes] = []
    runs: list[tuple[int, int]] = []
    for log_dir in range(cursor.count()):
        code, path = cursor.int16(), cursor.name()
        for _ in range(cursor.count()):
            topics.append(cursor.name())
            count = cursor.count()
            runs.append((log_dir, count))
            parts.append(cursor.records(count, record.itemsize))
            cursor.tags()
        total, usable = (cursor.int64(), cursor.int64()) if version >= 4 else (-1, -1)
        cursor.skip(1 if version >= 5 else 0)  # is_cordoned
        cursor.tags()
        dirs.append((path, code, total, usable))
    cursor.tags()
    cursor.end()
    rows = np.frombuffer(b"".join(parts), record)
    run = np.array(runs, np.int32).reshape(-1, 2)
    return DescribedLogDirs(
        error,
        [path for path, _, _, _ in dirs],
        np.array([code for _, code, _, _ in dirs], np.int32),
        _known([total for _, _, total, _ in dirs]),
        _known([usable for _, _, _, usable in dirs]),
        topics,
        np.repeat(run[:, 0], run[:, 1]),
        np.repeat(np.arange(len(run), dtype=np.int32), run[:, 1]),
        rows["partition"].astype(np.int32),
        _known(rows["size"]),
        _known(rows["lag"]),
        rows["future"] != 0,
    )


def _known(numbers: object) -> Floats:
    """Numbers, NaN where Kafka says -1."""
    values = np.array(numbers, np.float64)
    values[values < 0] = np.nan
    return values

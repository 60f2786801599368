"""The plain path: the columns of monitor.kafka.decode through kafka-python's schemas, an object a row.

It is what the fast path is tested against.
"""

from typing import Any

import numpy as np
from kafka.protocol.admin import DescribeConfigsResponse, DescribeLogDirsResponse
from kafka.protocol.consumer import ListOffsetsResponse, OffsetFetchResponse

from monitor.kafka.decode.configs import Config, Described
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.list_offsets import PartitionOffsets
from monitor.kafka.decode.log_dirs import DescribedLogDirs
from monitor.kafka.decode.offset_fetch import CommittedOffsets
from monitor.kafka.messages import read
from monitor.model.table import Floats


def plain_offset_fetch(body: bytes, version: int) -> CommittedOffsets:
    """What decode_offset_fetch gives, by kafka-python."""
    answer = read(OffsetFetchResponse, body, version)
    groups = _present(answer.groups)
    return _commits([(_present(each.group_id), each) for each in groups])


def plain_one_group(group: str, body: bytes, version: int) -> CommittedOffsets:
    """What read_one_group gives, as columns, by kafka-python."""
    return _commits([(group, read(OffsetFetchResponse, body, version))])


def _commits(groups: list[tuple[str, Any]]) -> CommittedOffsets:
    topics: dict[str, int] = {}
    rows: list[tuple[int, int, Any]] = []
    for group, (_, described) in enumerate(groups):
        for topic in _present(described.topics):
            number = topics.setdefault(_present(topic.name), len(topics))
            rows += [(group, number, each) for each in _present(topic.partitions)]
    return CommittedOffsets(
        [name for name, _ in groups],
        np.array([each.error_code for _, each in groups], np.int32),
        list(topics),
        np.array([group for group, _, _ in rows], np.int32),
        np.array([topic for _, topic, _ in rows], np.int32),
        np.array([each.partition_index for _, _, each in rows], np.int32),
        _offsets([(each.committed_offset, each.error_code) for _, _, each in rows]),
        np.array([each.error_code for _, _, each in rows], np.int32),
    )


def plain_list_offsets(body: bytes, version: int) -> PartitionOffsets:
    """What decode_list_offsets gives, by kafka-python."""
    answer = read(ListOffsetsResponse, body, version)
    topics = _present(answer.topics)
    rows = [(topic, each) for topic, described in enumerate(topics) for each in _present(described.partitions)]
    return PartitionOffsets(
        [_present(each.name) for each in topics],
        np.array([topic for topic, _ in rows], np.int32),
        np.array([each.partition_index for _, each in rows], np.int32),
        _offsets([(each.offset, each.error_code) for _, each in rows]),
        np.array([each.error_code for _, each in rows], np.int32),
        np.array([each.timestamp for _, each in rows], np.int64),
    )


def plain_log_dirs(body: bytes, version: int) -> DescribedLogDirs:
    """What decode_log_dirs gives, by kafka-python."""
    answer = read(DescribeLogDirsResponse, body, version)
    dirs = _present(answer.results)
    runs = [(number, topic) for number, each in enumerate(dirs) for topic in _present(each.topics)]
    rows = [(number, run, each) for run, (number, topic) in enumerate(runs) for each in _present(topic.partitions)]
    volumes = [(each.total_bytes, each.usable_bytes) if version >= 4 else (-1, -1) for each in dirs]
    return DescribedLogDirs(
        answer.error_code if version >= 3 else 0,
        [_present(each.log_dir) for each in dirs],
        np.array([each.error_code for each in dirs], np.int32),
        _offsets([(total, 0) for total, _ in volumes]),
        _offsets([(usable, 0) for _, usable in volumes]),
        [_present(topic.name) for _, topic in runs],
        np.array([number for number, _, _ in rows], np.int32),
        np.array([run for _, run, _ in rows], np.int32),
        np.array([each.partition_index for _, _, each in rows], np.int32),
        _offsets([(each.partition_size, 0) for _, _, each in rows]),
        _offsets([(each.offset_lag, 0) for _, _, each in rows]),
        np.array([each.is_future_key for _, _, each in rows], bool),
    )


def plain_configs(body: bytes, version: int) -> list[Described[list[Config]]]:
    """What a ConfigReader gives that makes lists of configs, by kafka-python."""
    return [
        Described(each.resource_type, _present(each.resource_name), each.error_code, _configs(each))
        for each in _present(read(DescribeConfigsResponse, body, version).results)
    ]


def _configs(resource: Any) -> list[Config]:
    for each in _present(resource.configs):
        for synonym in _present(each.synonyms):
            _present(synonym.name)
    return [
        Config(_present(each.name), None if each.is_sensitive else each.value, bool(each.is_sensitive))
        for each in resource.configs
    ]


def _present(value: Any) -> Any:
    if value is None:
        raise MalformedAnswerError("null stands where a value is required")
    return value


def _offsets(values: list[tuple[int, int]]) -> Floats:
    return np.array([np.nan if offset < 0 or error else offset for offset, error in values], np.float64)

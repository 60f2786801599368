"""What brokers hold on their disks: log dirs and the size of each replica."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step, same_topics, trouble_of, why_unasked
from monitor.collect.collectors.capability import best, not_served, served_by_all
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_LOG_DIRS, VOLUMES
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, Fault, error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.log_dirs import DescribedLogDirs, decode_log_dirs
from monitor.model.cluster_tables import LogDirs, Replicas
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import KNOWN, Topics
from monitor.model.table import Flags, Floats, Ints
from monitor.model.text import plural

STORAGE_ERROR = 56
EMPTY = Reason(Kind.NO_LOG_DIRS)
"""How brokers before Kafka 3.2 say so."""

Dirs = Mapping[int, DescribedLogDirs]
"""What each broker told, in the order of node ids."""


class _Held(NamedTuple):
    """The log dirs of a broker, and the version and digest of the bytes that they were read from."""

    source: tuple[int, bytes]
    dirs: DescribedLogDirs


class LogDirCollector(SlowCollector):
    """Keeps the sizes that a broker reported last while it does not respond, but not how far its replicas are behind.

    Rows of topics that metadata does not name are left out, and counted in a notice when they are met in two successive
    rounds: a topic that is just being made or deleted is met in one.
    """

    name = "log_dirs"
    step = Step.ENDS
    provides = (
        "sizes of replicas and volumes, free space, errors of log dirs, "
        "replicas that are behind or are being moved to another dir"
    )
    fills = ("log_dirs", "replicas")
    sends = (requests.LOG_DIRS, requests.VOLUMES)
    without = "sizes, progress of reassignments and full disks are unknown"
    every_seconds = 60.0

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[int, _Held] = {}
        self._states: dict[int, tuple[float, Reason]] = {}
        self._strange: set[str] = set()
        self._hidden = 0
        self._topics = Topics.empty()
        self._changed = True
        self._replicas = Replicas.empty()

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        return [Ask.of(node, DESCRIBE_LOG_DIRS, topics=None) for node in draft.up]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._held = {node: held for node, held in self._held.items() if node in draft.nodes}
        self._states = {node: (math.nan, why) for node, why in why_unasked(draft, asks).items()}
        missing = [why for _, why in self._states.values()]
        for ask, reply in zip(asks, replies, strict=True):
            node = int(ask.node)
            if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
                self._states[node] = 0.0, not_served(draft, node)
            elif trouble := trouble_of(draft, reply, partial(self._keep, node, missing)):
                missing.append(trouble)
                self._states[node] = math.nan, trouble
        best(draft, self.name, self._states.values())
        described = draft.capabilities[self.name]
        reported = {node: held.source[0] >= VOLUMES.oldest for node, held in self._held.items()}
        volumes = served_by_all(VOLUMES, reported) if described[0] == 1 else described
        draft.capabilities[requests.VOLUMES.capability] = volumes
        self._changed = True
        self._hide(draft)
        return missing

    def _keep(self, node: int, missing: list[Reason], answer: Answer) -> None:
        """Keep what a broker reports of its log dirs, and add to `missing` what it does not report."""
        held = self._read(node, answer)
        code = held.dirs.error
        if code in DENIED_CODES or (not code and not held.dirs.paths and answer.version < 3):
            self._held.pop(node, None)
            self._states[node] = 0.0, error_reason(code) if code else EMPTY
        elif code:
            self._held.pop(node, None)
            missing.append(error_reason(code, node))
            self._states[node] = math.nan, missing[-1]
        else:
            self._held[node] = held
            self._states[node] = 1.0, NO_REASON
            missing += filter(None, dict.fromkeys(_trouble(node, code) for code in held.dirs.dir_error.tolist()))

    def _read(self, node: int, answer: Answer) -> _Held:
        source = answer.version, answer.mark()
        held = self._held.get(node)
        if held is not None and held.source == source:
            return held
        return _Held(source, decode_log_dirs(answer.body, answer.version))

    def _hide(self, draft: Draft) -> None:
        names = set(draft.topics.topic)
        strange = {name for held in self._held.values() for name in held.dirs.topics if name not in names}
        self._hidden = len(strange & self._strange)
        self._strange = strange

    def put(self, draft: Draft) -> None:
        if self._hidden:
            are = "is" if self._hidden == 1 else "are"
            draft.notices.append(
                f"{plural(self._hidden, 'topic')} on the brokers' disks {are} not in metadata: "
                "being deleted, or Describe on the topic is denied"
            )
        dirs = {node: held.dirs for node, held in sorted(self._held.items())}
        if self._changed or not same_topics(self._topics, draft.topics):
            self._replicas, self._changed = _replicas(dirs, draft.topics), False
        self._topics = draft.topics
        draft.log_dirs, draft.replicas = _log_dirs(draft, dirs), self._without_old_lag(draft)

    def _without_old_lag(self, draft: Draft) -> Replicas:
        """The replicas, whose lag is unknown on a broker that did not respond when it was asked last, or is gone."""
        replicas = self._replicas
        codes = np.zeros(len(replicas), np.int32)
        for node in self._held:
            gone = NO_REASON if node in draft.nodes else Reason(Kind.BROKER_GONE, node)
            if why := draft.failed.get(node) or gone or self._states[node][1]:
                codes[replicas.broker == node] = draft.reasons[why]
        if not codes.any():
            return replicas
        return replace(
            replicas, offset_lag=np.where(codes == KNOWN, replicas.offset_lag, np.nan), offset_lag_reason=codes
        )


def _trouble(node: int, code: int) -> Reason:
    """What an error code of a log dir means."""
    if code == STORAGE_ERROR:
        return Reason(Kind.LOG_DIR_OFFLINE, node, code=code)
    return error_reason(code, node) if code else NO_REASON


def _by_path(dirs: DescribedLogDirs) -> list[int]:
    return sorted(range(len(dirs.paths)), key=dirs.paths.__getitem__)


def _log_dirs(draft: Draft, brokers: Dirs) -> LogDirs:
    return LogDirs.of_rows(
        (
            node,
            dirs.paths[place],
            dirs.total_bytes[place],
            dirs.usable_bytes[place],
            draft.reasons[_trouble(node, int(dirs.dir_error[place]))],
        )
        for node, dirs in brokers.items()
        for place in _by_path(dirs)
    )


def _replicas(brokers: Dirs, topics: Topics) -> Replicas:
    """The replicas of the topics and partitions that metadata names."""
    topic_rows = {str(name): row for row, name in enumerate(topics.topic)}
    counts = np.append(topics.partitions, 0)  # for the row -1 of a topic that is not there
    parts: list[list[Ints | Floats | Flags]] = []
    first = 0
    for node, dirs in brokers.items():
        log_dir = np.empty(len(dirs.paths), np.int32)
        log_dir[_by_path(dirs)] = np.arange(first, first + len(dirs.paths))
        first += len(dirs.paths)
        topic = np.array([topic_rows.get(name, -1) for name in dirs.topics], np.int32)[dirs.topic]
        there = (dirs.partition >= 0) & (dirs.partition < counts[topic])
        columns = (log_dir[dirs.log_dir], np.full(len(topic), node, np.int32), topic, dirs.partition)
        known = np.full(len(topic), KNOWN, np.int32)
        parts.append([each[there] for each in (*columns, dirs.size_bytes, dirs.offset_lag, known, dirs.future)])
    if not parts:
        return Replicas.empty()
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    # Brokers are in order already, and the sort is stable.
    order = np.argsort(whole[2].astype(np.int64) << 32 | whole[3], kind="stable")
    names = [each.name for each in Replicas.schema()]
    return Replicas(**{name: values[order] for name, values in zip(names, whole, strict=True)})

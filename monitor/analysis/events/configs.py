"""Configs of topics and brokers that change."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from monitor.analysis.events.event import fold
from monitor.model.cluster_tables import BrokerConfigs, TopicConfigs
from monitor.model.events import Event
from monitor.model.snapshot import KNOWN, NO_LEADER, Snapshot
from monitor.model.text import NAME, count, duration, name_of, size, visible


def _switch(value: float) -> str:
    return count(value) if math.isnan(value) else "true" if value else "false"


Named = dict[str, tuple[str, Callable[[Any], str]]]

OF_TOPICS: Named = {
    "min_insync_replicas": ("min.insync.replicas", count),
    "retention_seconds": ("retention.ms", duration),
    "retention_bytes": ("retention.bytes", size),
    "local_retention_seconds": ("local.retention.ms", duration),
    "cleanup_policy": ("cleanup.policy", visible),
    "unclean_election": ("unclean.leader.election.enable", _switch),
    "timestamp_type": ("message.timestamp.type", visible),
    "remote_storage": ("remote.storage.enable", _switch),
}
OF_BROKERS: Named = {
    "min_insync_replicas": ("min.insync.replicas", count),
    "replication_factor": ("default.replication.factor", count),
    "retention_seconds": ("log.retention", duration),
    "offsets_retention_seconds": ("offsets.retention", duration),
    "transaction_max_timeout_seconds": ("transaction.max.timeout.ms", duration),
    "unclean_election": ("unclean.leader.election.enable", _switch),
    "auto_create_topics": ("auto.create.topics.enable", _switch),
}
"""Columns of configs: what Kafka calls them, and how their values are written."""

Subject = tuple[str | None, str | None, int]
"""Name and id of a topic, or the id of a broker."""

Changes = dict[Event, str]
"""Events, and the name of the config that each is about."""


class Config(NamedTuple):
    """Known configs: a digest of all, and the columns that have names."""

    digest: Any
    values: Sequence[Any]


class Configs(NamedTuple):
    """What is remembered: the tables before, the unix time of their newest answer, and the last known configs."""

    asked: float
    topic_configs: TopicConfigs
    broker_configs: BrokerConfigs
    known: dict[Subject, Config]


def see_configs(before: Configs | None, now: Snapshot) -> tuple[Configs, list[Event]]:
    """What is to be remembered, and what changed. Configs are asked every few minutes only, which their times tell."""
    asked = next((each.collected_at for each in now.outcomes if each.collector == "configs"), None) or now.time
    topics, brokers = now.topic_configs, now.broker_configs
    if before is not None and (topics.digest is before.topic_configs.digest) and brokers is before.broker_configs:
        return before._replace(asked=asked, topic_configs=topics), []
    fresh = _known(now)
    if before is None:
        return Configs(asked, topics, brokers, fresh), []
    times = min(before.asked, now.time), now.time
    changes = {
        event: name
        for subject, config in fresh.items()
        if subject in before.known and before.known[subject].digest != config.digest
        for event, name in _changes(subject, times, before.known[subject], config)
    }
    there = {(name, topic_id, NO_LEADER) for name, topic_id in _names(now)}
    kept = {key: value for key, value in before.known.items() if key in there or key[2] != NO_LEADER}
    events = fold(list(changes), partial(_what, changes), partial(_many, changes))
    return Configs(asked, topics, brokers, {**kept, **fresh}), events


def _names(now: Snapshot) -> Iterable[tuple[str, str | None]]:
    return zip(now.topics.topic.tolist(), now.topics.topic_id.tolist(), strict=True)


def _known(now: Snapshot) -> dict[Subject, Config]:
    """The configs of a snapshot that are known."""
    topics, brokers = now.topic_configs, now.broker_configs
    subjects: list[tuple[Subject, Config]] = []
    if len(topics):
        names = [(name, topic_id, NO_LEADER) for name, topic_id in _names(now)]
        subjects += zip(names, _rows(topics, OF_TOPICS), strict=True)
    nodes = [(None, None, node) for node in brokers.broker.tolist()]
    subjects += zip(nodes, _rows(brokers, OF_BROKERS), strict=True)
    return {subject: config for subject, config in subjects if config.digest is not None}


def _rows(table: TopicConfigs | BrokerConfigs, named: Named) -> Iterable[Config]:
    digests = [
        digest if reason == KNOWN else None for digest, reason in zip(table.digest, table.reason.tolist(), strict=True)
    ]
    columns = [getattr(table, name).tolist() for name in named]
    return (Config(digest, values) for digest, *values in zip(digests, *columns, strict=True))


def _changes(subject: Subject, times: tuple[float, float], old: Config, new: Config) -> Iterable[tuple[Event, str]]:
    topic, _, broker = subject
    where = f"broker {broker}" if topic is None else name_of(topic, NAME)
    named = OF_BROKERS if topic is None else OF_TOPICS
    found = False
    for (name, write), was, is_ in zip(named.values(), old.values, new.values, strict=True):
        if was == is_ or (was != was and is_ != is_):  # noqa: PLR0124 - NaN, of numbers and texts alike
            continue
        found = True
        before, after = write(was), write(is_)
        text = f"{name} of {where}: {before} → {after}"
        yield Event("config_changed", *times, text, broker, topic, before=before, after=after), name
    if not found:
        text = f"a config of {where} changed"
        yield Event("config_changed", *times, text, broker, topic, before=old.digest, after=new.digest), "a config"


def _what(changes: Changes, event: Event) -> tuple[str, str, str]:
    """What changed, whatever it changed of."""
    return changes[event], event.before, event.after


def _many(changes: Changes, events: list[Event]) -> Event:
    first = events[0]
    alike = len({_what(changes, each) for each in events}) == 1
    what = f"{changes[first]}: {first.before} → {first.after}" if alike else "several configs changed"
    topics = sum(each.topic is not None for each in events)
    of = f"{topics:,} topics" if topics == len(events) else f"{len(events):,} topics and brokers"
    before, after = (first.before, first.after) if alike else ("", "")
    return replace(
        first, text=f"{what}, of {of}", broker=NO_LEADER, topic=None, before=before, after=after, count=len(events)
    )

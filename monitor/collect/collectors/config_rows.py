"""What configs of topics and brokers mean: the numbers that kmon reasons with and a digest of all, in columns."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from monitor.collect.draft import Draft
from monitor.kafka.decode.configs import BROKER, TOPIC, Config
from monitor.model.cluster_tables import BrokerConfigs, TopicConfigs
from monitor.model.reasons import NO_REASON, Reason
from monitor.model.table import Floats, Texts, objects

Row = Mapping[str, Any]
"""A row of TopicConfigs or BrokerConfigs by column, without what it is of and without its reason."""

OWN = re.compile(
    r"(node|broker)\.id|broker\.rack|process\.roles|host\.name|port|(advertised\.|early\.start\.)?listeners"
    r"|advertised\.(host\.name|port)|(metadata\.|cordoned\.)?log\.dirs?|.*\.location"
)
"""Names of configs that differ from broker to broker by nature: who it is, where it listens, where it keeps things."""

_WHOLE = re.compile(r"[0-9]{1,19}")
_FLAGS = {"true": 1.0, "false": 0.0}

UNKNOWN: Mapping[int, Row] = {
    kind: {
        each.name: None if each.metadata["dtype"].hasobject else math.nan
        for each in table.schema()
        if each.name not in ("broker", "reason")
    }
    for kind, table in ((TOPIC, TopicConfigs), (BROKER, BrokerConfigs))
}
"""The row of which nothing is known, by type of resource."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a topic or broker; one object may stand for many that have the same bytes.

    `available` is as in Capabilities; `why` tells why the configs are unknown.
    """

    row: Row
    available: float = 1.0
    why: Reason = NO_REASON


def known(kind: int, configs: Sequence[Config]) -> Known:
    return Known(row_of(kind, configs))


@lru_cache(256)
def unknown(kind: int, why: Reason, available: float = math.nan) -> Known:
    return Known(UNKNOWN[kind], available, why)


class Columns:
    """The columns of a table of configs, made once for all that are alike."""

    def __init__(self, kind: int, rows: Sequence[Known]) -> None:
        places: dict[Known, int] = {}
        self._codes = np.array([places.setdefault(each, len(places)) for each in rows], np.int32)
        self.distinct = list(places)
        self._columns = {
            name: _array([each.row[name] for each in self.distinct], nothing)[self._codes]
            for name, nothing in UNKNOWN[kind].items()
        }

    def with_reasons(self, draft: Draft) -> dict[str, Any]:
        """The columns with that of the reasons, whose codes are of one poll."""
        codes = draft.codes(each.why for each in self.distinct)
        return {**self._columns, "reason": codes[self._codes]}


def _array(values: list[Any], nothing: object) -> Floats | Texts:
    return objects(values) if nothing is None else np.array(values, np.float64)


def row_of(kind: int, configs: Sequence[Config]) -> Row:
    """The row of a topic or broker: what is missing or no number is unknown, a limit that is switched off infinite."""
    values = {each.name: each.value for each in configs}
    return _broker_row(values, configs) if kind == BROKER else _topic_row(values, configs)


def _topic_row(values: Mapping[str, str | None], configs: Sequence[Config]) -> Row:
    retention = _limit(values.get("retention.ms")) / 1000
    local = values.get("local.retention.ms")
    return {
        "min_insync_replicas": _number(values.get("min.insync.replicas")),
        "retention_seconds": retention,
        "retention_bytes": _limit(values.get("retention.bytes")),
        "local_retention_seconds": retention if local == "-2" else _limit(local) / 1000,
        "cleanup_policy": values.get("cleanup.policy"),
        "unclean_election": _flag(values.get("unclean.leader.election.enable")),
        "timestamp_type": values.get("message.timestamp.type"),
        "remote_storage": _flag(values.get("remote.storage.enable", "false")),
        "digest": digest(configs),
    }


def _broker_row(values: Mapping[str, str | None], configs: Sequence[Config]) -> Row:
    return {
        "min_insync_replicas": _number(values.get("min.insync.replicas")),
        "replication_factor": _number(values.get("default.replication.factor")),
        "retention_seconds": _log_retention(values),
        "offsets_retention_seconds": _limit(values.get("offsets.retention.minutes")) * 60,
        "transaction_max_timeout_seconds": _number(values.get("transaction.max.timeout.ms")) / 1000,
        "unclean_election": _flag(values.get("unclean.leader.election.enable")),
        "auto_create_topics": _flag(values.get("auto.create.topics.enable")),
        "digest": digest(each for each in configs if not OWN.fullmatch(each.name)),
    }


def _log_retention(values: Mapping[str, str | None]) -> float:
    """The finest unit that is set counts."""
    for name, seconds in (("ms", 0.001), ("minutes", 60), ("hours", 3600)):
        value = values.get(f"log.retention.{name}")
        if value is not None:
            return _limit(value) * seconds
    return math.nan


def digest(configs: Iterable[Config]) -> str:
    """12 hex digits of all names and values; of sensitive configs only the names count."""
    pairs = sorted((each.name, "" if each.value is None else f"={each.value}") for each in configs)
    return hashlib.blake2b(repr(pairs).encode(), digest_size=6).hexdigest()


def _number(value: str | None) -> float:
    return float(value) if value is not None and _WHOLE.fullmatch(value) else math.nan


def _limit(value: str | None) -> float:
    return math.inf if value == "-1" else _number(value)


def _flag(value: str | None) -> float:
    return _FLAGS.get(value or "", math.nan)

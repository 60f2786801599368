"""What brokers are: which are registered but fenced, which Kafka each is, and which features the cluster has finalized.

ApiVersions is also asked on a connection that stays, because features may be upgraded under it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import kafka

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step, trouble_of
from monitor.collect.collectors.capability import NOBODY, ask_somebody, available, learn, refused, unknown
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import API_VERSIONS, FENCED_BROKERS
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.kafka.client.faults import Fault, error_reason
from monitor.kafka.client.versions import kafka_version
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.messages import decoded
from monitor.model.cluster_tables import Features
from monitor.model.reasons import NO_REASON, Kind, Reason

FENCED, FEATURES = requests.FENCED_BROKERS.capability, requests.API_VERSIONS.capability
METADATA_VERSION = "metadata.version"
NO_FEATURES = Reason(Kind.NO_FEATURES)
Served = dict[int, tuple[int, int]]


@dataclass
class _Known:
    """What a broker said of itself: the `served` of the connection that was asked, when, and what came of it.

    `epoch` is of the finalized features, -1 where it knows of none.
    """

    served: Served | None
    asked: float
    version: str | None
    epoch: int
    levels: dict[str, int]


class BrokerCollector(Collector):
    """Keeps what brokers said of themselves while metadata names them."""

    name = "brokers"
    step = Step.ENDS
    provides = "fenced brokers; Kafka version of each broker, finalized features"
    fills = ("brokers", "features")
    sends = (requests.FENCED_BROKERS, requests.API_VERSIONS)
    without = "fenced brokers, versions and features are unknown"
    often = "each poll; ApiVersions on new connections and {every:g} s"
    every_seconds = 300.0

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        due = [node for node in draft.up if self._is_due(client, draft, node)]
        kmon = {"client_software_name": "kmon", "client_software_version": kafka.__version__}
        return [
            *ask_somebody(draft, FENCED_BROKERS, include_fenced_brokers=True),
            *(Ask.of(node, API_VERSIONS, **kmon) for node in due),
        ]

    def _is_due(self, client: Client, draft: Draft, node: int) -> bool:
        known = self._known.get(node)
        fresh = known is not None and draft.started - known.asked < self.every(draft)
        return known is None or known.served is not client.served(node) or not fresh

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        missing = []
        fenced = [reply for ask, reply in zip(asks, replies, strict=True) if ask.api is FENCED_BROKERS]
        for ask, reply in zip(asks[len(fenced) :], replies[len(fenced) :], strict=True):
            if trouble := self._take(client, draft, int(ask.node), reply):
                missing.append(trouble)
        self._put(client, draft, missing)
        return [*learn(draft, FENCED, fenced, partial(_put_fenced, draft)), *missing]

    def _take(self, client: Client, draft: Draft, node: int, reply: Reply) -> Reason:
        """Keep what a broker says of itself; the answer is what went wrong."""
        served = client.served(node)
        if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
            self._known[node] = _Known(served, draft.started, kafka_version(served) if served else None, -1, {})
            return NO_REASON

        def keep(answer: Answer) -> None:
            with decoded(answer) as told:
                self._known[node] = _known(told, served, draft.started)

        return trouble_of(draft, reply, keep, Kind.OTHER)

    def _put(self, client: Client, draft: Draft, missing: list[Reason]) -> None:
        self._known = {node: known for node, known in self._known.items() if node in draft.nodes}
        for node in draft.nodes:
            known, served = self._known.get(node), client.served(node)
            version = known.version if known else kafka_version(served) if served else None
            if version is not None:
                draft.versions[node] = version
        newest = max(self._known.values(), key=lambda known: known.epoch, default=None)
        if newest is None or (newest.epoch < 0 and missing):
            unknown(draft, FEATURES, missing[0] if missing else NOBODY)
        elif newest.epoch < 0:
            refused(draft, FEATURES, NO_FEATURES)
        else:
            available(draft, FEATURES)
            draft.features = Features.of_rows(sorted(newest.levels.items()))


def _put_fenced(draft: Draft, _node: int, described: Any) -> list[Reason]:
    if described.error_code:
        raise MalformedAnswerError(error_reason(described.error_code))
    draft.fenced = {
        int(each.broker_id): BrokerAddress(int(each.broker_id), str(each.host), int(each.port), each.rack)
        for each in described.brokers
        if each.is_fenced
    }
    return available(draft, FENCED)


def _known(told: Any, served: Served | None, asked: float) -> _Known:
    if told.error_code:
        raise MalformedAnswerError(error_reason(told.error_code))
    apis = {int(each.api_key): (int(each.min_version), int(each.max_version)) for each in told.api_keys}
    supported = {str(each.name): int(each.max_version) for each in told.supported_features or ()}
    levels = {str(each.name): int(each.max_version_level) for each in told.finalized_features or ()}
    epoch = int(told.finalized_features_epoch)
    return _Known(served, asked, kafka_version(apis, supported.get(METADATA_VERSION)), epoch, levels)

"""What this user may see of the cluster, from one broker's answers to a few probes; says what may be hidden."""

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step, trouble_of
from monitor.collect.collectors.capability import NOBODY
from monitor.collect.draft import Draft
from monitor.collect.requests import (
    BROKER_CONFIG,
    CLUSTER,
    GROUP,
    PERMISSIONS,
    TOPIC,
    TOPIC_CONFIG,
    TRANSACTIONAL_ID,
    Permission,
    Request,
)
from monitor.kafka.client.client import Ask, Client, Node
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode import configs
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.messages import decoded
from monitor.model.reasons import NO_REASON, Kind, Reason

TOPIC_DENIED, GROUP_DENIED, CLUSTER_DENIED, TRANSACTIONAL_ID_DENIED = 29, 30, 31, 53
UNKNOWN_SERVER_ERROR = -1
DESCRIBE = 8  # the number of the operation
ALL_BROKERS = ""
"""The broker whose configs are those that all brokers were given; any broker answers for it."""


class Probe(NamedTuple):
    """A question about a name that nobody has, and which permissions its answer tells, each True when granted."""

    request: Request
    permissions: tuple[Permission, ...]
    fields: Callable[[str], Mapping[str, Any]]
    tell: Callable[[Any], Mapping[Permission, bool]]

    def ask(self, node: Node, name: str) -> Ask:
        return Ask.of(node, self.request.api, **self.fields(name))

    def read(self, answer: Answer) -> dict[Permission, bool]:
        """What an answer tells. Raises MalformedAnswerError when that is nothing."""
        with decoded(answer) as message:
            return dict(self.tell(message))


def _is_granted(code: int, refusal: int) -> bool:
    if code == UNKNOWN_SERVER_ERROR:
        raise MalformedAnswerError(error_reason(code))
    return code != refusal


def _cluster(described: Any) -> dict[Permission, bool]:
    if described.error_code not in (0, CLUSTER_DENIED):
        raise MalformedAnswerError(error_reason(described.error_code))
    operations = () if described.error_code else described.authorized_operations
    if operations is None:
        raise MalformedAnswerError("the broker does not report permissions")
    return {CLUSTER: DESCRIBE in operations}


def _only(permission: Permission, items: str, refusal: int) -> Callable[[Any], Mapping[Permission, bool]]:
    """For a message with one item: whether its error is anything but a refusal."""

    def tell(message: Any) -> dict[Permission, bool]:
        (item,) = getattr(message, items)
        return {permission: _is_granted(item.error_code, refusal)}

    return tell


def _configs(described: Any) -> dict[Permission, bool]:
    codes = {each.resource_type: each.error_code for each in described.results}
    return {
        TOPIC_CONFIG: _is_granted(codes[configs.TOPIC], TOPIC_DENIED),
        BROKER_CONFIG: _is_granted(codes[configs.BROKER], CLUSTER_DENIED),
    }


def _resources(name: str) -> dict[str, Any]:
    pairs = ((configs.TOPIC, name), (configs.BROKER, ALL_BROKERS))
    keys = ["retention.ms"]
    return {
        "resources": [
            {"resource_type": kind, "resource_name": each, "configuration_keys": keys} for kind, each in pairs
        ]
    }


PROBES = (
    Probe(
        requests.DESCRIBE_CLUSTER,
        (CLUSTER,),
        lambda _: {"include_cluster_authorized_operations": True},
        _cluster,
    ),
    Probe(
        requests.METADATA,
        (TOPIC,),
        lambda name: {"topics": [{"name": name}], "allow_auto_topic_creation": False},
        _only(TOPIC, "topics", TOPIC_DENIED),
    ),
    Probe(requests.DESCRIBE_GROUPS, (GROUP,), lambda name: {"groups": [name]}, _only(GROUP, "groups", GROUP_DENIED)),
    Probe(requests.TOPIC_CONFIGS, (TOPIC_CONFIG, BROKER_CONFIG), _resources, _configs),
    Probe(
        requests.DESCRIBE_TRANSACTIONS,
        (TRANSACTIONAL_ID,),
        lambda name: {"transactional_ids": [name]},
        _only(TRANSACTIONAL_ID, "transaction_states", TRANSACTIONAL_ID_DENIED),
    ),
)

HIDDEN_TOPICS = f"topics and their commits may be hidden: {TOPIC.grant} is not granted"
HIDDEN_GROUPS = f"groups may be hidden: neither {CLUSTER.grant} nor {GROUP.grant} is granted"


class PermissionCollector(SlowCollector):
    """Keeps what is known of a permission while the probe of it has no answer."""

    name = "permissions"
    step = Step.ENDS
    provides = "whether kmon's user may describe topics, groups and transactional ids of any name"
    fills = ()
    sends = tuple(dict.fromkeys(each.request for each in PROBES))
    probes = requests.PERMISSIONS
    without = "whether anything is hidden is unknown"
    every_seconds = 60.0

    def __init__(self) -> None:
        super().__init__()
        # What is random comes first, so that no prefix in an ACL fits.
        self._stranger = f"{secrets.token_hex(8)}-kmon-probe"
        self._known = dict.fromkeys(PERMISSIONS, (math.nan, Reason(Kind.NOT_ASKED)))

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        node = next((each for each in client.nodes if each not in draft.failed), None)
        return [] if node is None else [each.ask(node, self._stranger) for each in PROBES]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        if not asks:
            return [NOBODY]
        return [
            trouble
            for probe, reply in zip(PROBES, replies, strict=True)
            if (trouble := self._keep(draft, probe, reply))
        ]

    def _keep(self, draft: Draft, probe: Probe, reply: Reply) -> Reason:
        """Keep what a reply tells; the answer is why it tells nothing."""

        def read(answer: Answer) -> None:
            self._known.update({each: _row(each, granted) for each, granted in probe.read(answer).items()})

        trouble = trouble_of(draft, reply, read, Kind.OTHER)
        if trouble:
            unserved = trouble.kind is Kind.UNSUPPORTED
            unknown = [each for each in probe.permissions if unserved or math.isnan(self._known[each][0])]
            self._known.update(dict.fromkeys(unknown, (math.nan, trouble)))
            return NO_REASON if unserved else trouble
        return NO_REASON

    def put(self, draft: Draft) -> None:
        draft.capabilities.update({each.capability: state for each, state in self._known.items()})
        denied = {each for each, (available, _) in self._known.items() if available == 0}
        if TOPIC in denied:
            draft.notices.append(HIDDEN_TOPICS)
        if {GROUP, CLUSTER} <= denied:
            draft.notices.append(HIDDEN_GROUPS)


def _row(permission: Permission, granted: bool) -> tuple[float, Reason]:
    return (1.0, NO_REASON) if granted else (0.0, Reason(Kind.NOT_GRANTED, detail=str(permission.grant)))

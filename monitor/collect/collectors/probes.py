"""Questions whose answers tell what this user may see: about names that nobody has, so that nothing is made or met.

A broker asks its authorizer before it looks for the thing. An answer other than a refusal so means that a name which no
ACL can know is granted: everything of its kind is, but for what a Deny rule takes out. See kafka.server.KafkaApis.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from monitor.collect import requests
from monitor.collect.requests import (
    BROKER_CONFIG,
    CLUSTER,
    GROUP,
    TOPIC,
    TOPIC_CONFIG,
    TRANSACTIONAL_ID,
    Permission,
    Request,
)
from monitor.kafka.client.client import Ask, Node
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode import configs
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.messages import decoded

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


def _topic(metadata: Any) -> dict[Permission, bool]:
    (topic,) = metadata.topics
    return {TOPIC: _is_granted(topic.error_code, TOPIC_DENIED)}


def _group(described: Any) -> dict[Permission, bool]:
    (group,) = described.groups
    return {GROUP: _is_granted(group.error_code, GROUP_DENIED)}


def _configs(described: Any) -> dict[Permission, bool]:
    codes = {each.resource_type: each.error_code for each in described.results}
    return {
        TOPIC_CONFIG: _is_granted(codes[configs.TOPIC], TOPIC_DENIED),
        BROKER_CONFIG: _is_granted(codes[configs.BROKER], CLUSTER_DENIED),
    }


def _transactional_id(described: Any) -> dict[Permission, bool]:
    (state,) = described.transaction_states
    return {TRANSACTIONAL_ID: _is_granted(state.error_code, TRANSACTIONAL_ID_DENIED)}


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
        _topic,
    ),
    Probe(requests.DESCRIBE_GROUPS, (GROUP,), lambda name: {"groups": [name]}, _group),
    Probe(requests.TOPIC_CONFIGS, (TOPIC_CONFIG, BROKER_CONFIG), _resources, _configs),
    Probe(
        requests.DESCRIBE_TRANSACTIONS,
        (TRANSACTIONAL_ID,),
        lambda name: {"transactional_ids": [name]},
        _transactional_id,
    ),
)

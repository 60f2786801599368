"""Replies of a cluster of two brokers with one topic and two groups, for tests of whole polls without a Kafka."""

import uuid
from collections.abc import Callable
from typing import Any

from answers import StubClient, answer_of

from monitor.kafka.client import apis
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer

BROKERS = [{"node_id": node, "host": f"b{node}", "port": 9092, "rack": None} for node in (1, 2)]
END = {0: 100, 1: 200}
"""End offsets of the partitions of `orders`: 0 is led by broker 1, 1 by broker 2."""

COMMITTED = {0: 90, 1: 150}
"""What the group `readers`, coordinated by broker 1, has committed."""


def _partition(number: int) -> dict[str, Any]:
    base = {"error_code": 0, "partition_index": number, "leader_id": number + 1, "leader_epoch": 1}
    return {**base, "replica_nodes": [number + 1], "isr_nodes": [number + 1], "offline_replicas": []}


def _metadata(_ask: Ask) -> dict[str, Any]:
    base = {"error_code": 0, "name": "orders", "topic_id": uuid.UUID(int=1), "is_internal": False}
    topic = {**base, "partitions": [_partition(0), _partition(1)]}
    return {"brokers": BROKERS, "cluster_id": "abc", "controller_id": 1, "topics": [topic]}


def _list_groups(ask: Ask) -> dict[str, Any]:
    name, kind = ("readers", "Classic") if ask.node == 1 else ("sharers", "Share")
    group = {"group_id": name, "protocol_type": "consumer", "group_state": "Stable", "group_type": kind}
    return {"error_code": 0, "groups": [group]}


def _offset_fetch(_ask: Ask) -> dict[str, Any]:
    base = {"committed_leader_epoch": -1, "metadata": "", "error_code": 0}
    rows = [{**base, "partition_index": number, "committed_offset": at} for number, at in COMMITTED.items()]
    return {"groups": [{"group_id": "readers", "topics": [{"name": "orders", "partitions": rows}], "error_code": 0}]}


def _list_offsets(ask: Ask) -> dict[str, Any]:
    number = int(ask.node) - 1
    # The timestamp asked for, -1 or -2, is the last of the request's numbers but for the tags and the timeout.
    earliest = ask.body(4).endswith((-2).to_bytes(8, "big", signed=True))
    row = {"partition_index": number, "error_code": 0, "offset": 0 if earliest else END[number]}
    return {"topics": [{"name": "orders", "partitions": [row]}]}


def _share_offsets(_ask: Ask) -> dict[str, Any]:
    row = {
        "partition_index": 0,
        "start_offset": 70,
        "leader_epoch": 0,
        "lag": 30,
        "error_code": 0,
        "error_message": None,
    }
    topics = [{"topic_name": "orders", "partitions": [row]}]
    return {"groups": [{"group_id": "sharers", "topics": topics, "error_code": 0, "error_message": None}]}


def _classic(_ask: Ask) -> dict[str, Any]:
    group = {"group_id": "readers", "group_state": "Empty", "protocol_type": "consumer", "protocol_data": ""}
    return {"groups": [{"error_code": 0, **group, "members": []}]}


def _share(_ask: Ask) -> dict[str, Any]:
    return {
        "groups": [{"error_code": 0, "group_id": "sharers", "group_state": "Empty", "group_epoch": 1, "members": []}]
    }


def _quorum(_ask: Ask) -> dict[str, Any]:
    partition: dict[str, Any] = {
        "partition_index": 0,
        "error_code": 0,
        "error_message": None,
        "leader_id": 2,
        "leader_epoch": 1,
    }
    partition |= {"high_watermark": 1, "current_voters": [], "observers": []}
    topics = [{"topic_name": "__cluster_metadata", "partitions": [partition]}]
    return {"error_code": 0, "error_message": None, "topics": topics, "nodes": []}


_ANSWERS: tuple[tuple[Api, Callable[[Ask], dict[str, Any]]], ...] = (
    (apis.METADATA, _metadata),
    (apis.LIST_GROUPS, _list_groups),
    (apis.DESCRIBE_QUORUM, _quorum),
    (apis.OFFSET_FETCH, _offset_fetch),
    (apis.DESCRIBE_SHARE_GROUP_OFFSETS, _share_offsets),
    (apis.LIST_OFFSETS, _list_offsets),
    (apis.DESCRIBE_GROUPS, _classic),
    (apis.SHARE_GROUP_DESCRIBE, _share),
)


def small_cluster() -> StubClient:
    """A client of that cluster, which has not been asked anything yet."""

    def reply(api: Api, fields: Callable[[Ask], dict[str, Any]]) -> Callable[[Ask], Answer | Fault]:
        return lambda ask: answer_of(api, ask.node, **fields(ask))

    return StubClient({api.name: reply(api, fields) for api, fields in _ANSWERS})

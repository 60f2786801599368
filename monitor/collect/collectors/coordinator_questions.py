"""What coordinators are asked while it is in doubt which groups exist: whether they coordinate them and are ready."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from kafka.protocol.admin import DescribeGroupsRequest, DescribeGroupsResponse

from monitor.collect.collectors.base import Reply
from monitor.collect.collectors.group_evidence import DENIED
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_GROUPS, LIST_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, error_text
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.list_offsets import LATEST, decode_list_offsets, encode_list_offsets
from monitor.kafka.decode.plain import read
from monitor.model.coordinators import OFFSETS_TOPIC, partition_of

NOT_FOUND, GROUP_DENIED = 69, 30
"""What a coordinator answers of a group that it would coordinate and that is not there, and of one that is denied."""

Said = dict[tuple[int, str], str]
"""By node and group id: "" where the broker coordinates the group, else DENIED or why not."""


def ask_readiness(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]], partitions: int) -> Said:
    """Whether each broker knows the high watermark of the partition of the offsets topic that keeps each group.

    A coordinator reads its groups as of the high watermark. A new leader does not know it before all replicas in sync
    have fetched from it; until then groups and commits that it has loaded may be missing in its answers.
    """
    places = {name: partition_of(name, partitions) for names in wanted.values() for name in names}
    asks = [
        Ask(node, LIST_OFFSETS, partial(_ends_body, sorted({places[name] for name in names})))
        for node, names in wanted.items()
        if node not in draft.failed
    ]
    said: Said = {}
    for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
        node = int(ask.node)
        troubles = _unready(draft, reply, node)
        for name in wanted[node]:
            said[node, name] = troubles if isinstance(troubles, str) else troubles.get(places[name], "")
    return said


def _ends_body(partitions: list[int], version: int) -> bytes:
    return encode_list_offsets([(OFFSETS_TOPIC, np.array(partitions, np.int32))], LATEST, version)


def _unready(draft: Draft, reply: Reply, node: int) -> str | dict[int, str]:
    """Why the high watermark of some partitions is unknown, by partition, or of all."""
    if isinstance(reply, Fault):
        return draft.note(reply)
    try:
        ends = decode_list_offsets(reply.body, reply.version)
    except MalformedAnswerError as error:
        return str(error)
    return {
        partition: f"broker {node}: {error_text(code)}"
        for partition, code in zip(ends.partition.tolist(), ends.error.tolist(), strict=True)
        if code
    }


def ask_whether_coordinator(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]]) -> Said:
    """Whether each broker coordinates these groups."""
    asks = [
        Ask(node, DESCRIBE_GROUPS, partial(_describe_body, list(names)))
        for node, names in wanted.items()
        if node not in draft.failed
    ]
    said: Said = {}
    for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
        node = int(ask.node)
        for name, text in _coordinates(draft, reply, node, wanted[node]).items():
            said[node, name] = text
    return said


def _describe_body(names: list[str], version: int) -> bytes:
    return bytes(DescribeGroupsRequest(version=version, groups=names).encode())


def _coordinates(draft: Draft, reply: Reply, node: int, names: Sequence[str]) -> dict[str, str]:
    if isinstance(reply, Fault):
        return dict.fromkeys(names, draft.note(reply))
    try:
        described = read(DescribeGroupsResponse, reply.body, reply.version)
        with understanding(f"broker {node}: {DESCRIBE_GROUPS.name} v{reply.version}"):
            codes = {str(each.group_id): int(each.error_code) for each in described.groups}
            return {name: _word(codes[name], node) for name in names}
    except MalformedAnswerError as error:
        return dict.fromkeys(names, str(error))


def _word(code: int, node: int) -> str:
    if code in (0, NOT_FOUND):
        return ""
    return DENIED if code == GROUP_DENIED else f"broker {node}: {error_text(code)}"

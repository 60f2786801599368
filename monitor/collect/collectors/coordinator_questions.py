"""What coordinators are asked while it is in doubt which groups exist: whether they coordinate them and are ready."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from monitor.collect.collectors.group_evidence import DENIED
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_GROUPS, LIST_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.list_offsets import LATEST, decode_list_offsets, encode_list_offsets
from monitor.kafka.messages import decoded
from monitor.model.coordinators import OFFSETS_TOPIC, partition_of
from monitor.model.reasons import NO_REASON, Kind, Reason

NOT_FOUND, GROUP_DENIED = 69, 30
"""What a coordinator answers of a group that it would coordinate and that is not there, and of one that is denied."""

Said = dict[tuple[int, str], Reason]
"""By node and group id: NO_REASON where the broker coordinates the group, else DENIED or why not."""


def ask_readiness(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]], partitions: int) -> Said:
    """Whether each broker knows the high watermark of the partition of the offsets topic that keeps each group.

    A coordinator reads its groups as of the high watermark. A new leader does not know it before all replicas in sync
    have fetched from it; until then groups and commits that it has loaded may be missing in its answers.
    """
    places = {name: partition_of(name, partitions) for names in wanted.values() for name in names}

    def question(node: int) -> Ask:
        return Ask(node, LIST_OFFSETS, partial(_ends_body, sorted({places[name] for name in wanted[node]})))

    def read(node: int, answer: Answer) -> dict[str, Reason]:
        ends = decode_list_offsets(answer.body, answer.version)
        codes = dict(zip(ends.partition.tolist(), ends.error.tolist(), strict=True))
        return {name: _why(node, codes.get(places[name], 0)) for name in wanted[node]}

    return _ask_each(client, draft, wanted, question, read)


def _ends_body(partitions: list[int], version: int) -> bytes:
    return encode_list_offsets([(OFFSETS_TOPIC, np.array(partitions, np.int32))], LATEST, version)


def ask_whether_coordinator(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]]) -> Said:
    """Whether each broker coordinates these groups."""

    def question(node: int) -> Ask:
        return Ask.of(node, DESCRIBE_GROUPS, groups=list(wanted[node]))

    def read(node: int, answer: Answer) -> dict[str, Reason]:
        with decoded(answer) as described:
            codes = {str(each.group_id): int(each.error_code) for each in described.groups}
            return {name: _why(node, codes[name]) for name in wanted[node]}

    return _ask_each(client, draft, wanted, question, read)


def _why(node: int, code: int) -> Reason:
    """Why a broker is not a coordinator that is ready: DENIED where it may not say, else with the broker."""
    if code in (0, NOT_FOUND):
        return NO_REASON
    return DENIED if code == GROUP_DENIED else error_reason(code, node)


def _ask_each(
    client: Client,
    draft: Draft,
    wanted: Mapping[int, Sequence[str]],
    question: Callable[[int], Ask],
    read: Callable[[int, Answer], Mapping[str, Reason]],
) -> Said:
    """Each broker's response about the groups requested from it, or why there is none."""
    asks = [question(node) for node in wanted if node not in draft.failed]
    said: Said = {}
    for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
        node = int(ask.node)
        try:
            found = dict.fromkeys(wanted[node], draft.note(reply)) if isinstance(reply, Fault) else read(node, reply)
        except MalformedAnswerError as error:
            found = dict.fromkeys(wanted[node], Reason(Kind.OTHER, node, detail=str(error)))
        said.update({(node, name): why for name, why in found.items()})
    return said

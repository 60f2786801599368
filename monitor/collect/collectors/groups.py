"""Which groups there are, of every type, and which broker coordinates each: ListGroups of every broker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step, trouble_of
from monitor.collect.collectors.capability import served_by_all
from monitor.collect.collectors.group_evidence import DENIED, Evidence, Finding, Lists, find, places_of, to_ask
from monitor.collect.draft import Draft, ListedGroup
from monitor.kafka.client.apis import DESCRIBE_GROUPS, GROUP_TYPES, LIST_GROUPS, LIST_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.list_offsets import LATEST, decode_list_offsets, encode_list_offsets
from monitor.kafka.messages import decoded
from monitor.model.coordinators import OFFSETS_TOPIC, Tenure, partition_of, tenures
from monitor.model.reasons import NO_REASON, Kind, Reason

LEFT = ("Empty", "Dead")
"""States of groups that have no members."""

Said = dict[tuple[int, str], Reason]
"""By node and group id: NO_REASON where the broker coordinates the group, else DENIED or why not."""

NOT_FOUND, GROUP_DENIED = 69, 30
"""What a coordinator answers of a group that it would coordinate and that is not there, and of one that is denied."""


class GroupCollector(Collector):
    """Every broker lists the groups that it coordinates; group_evidence.py tells what that proves.

    A group stays, without a state and with the reason, until it is proven that it is gone. Brokers are asked more than
    their list only where there is a doubt: a leader of the offsets topic is new, or a group is missed.
    """

    name = "groups"
    step = Step.DISCOVER
    provides = "groups, their type, state and coordinator"
    fills = ("groups",)
    sends = (requests.LIST_GROUPS, requests.GROUP_TYPES, requests.DESCRIBE_GROUPS, requests.LIST_OFFSETS)
    without = "groups without the ACL (Describe Group of each does as well) are hidden"
    often = "each poll; DescribeGroups and ListOffsets when a coordinator is new or a group is missing"

    def __init__(self) -> None:
        self._marks: dict[int, bytes] = {}
        self._listed: dict[int, dict[str, ListedGroup]] = {}
        self._places: tuple[int, dict[str, int]] = (0, {})
        self._found = Finding([], [], Evidence())
        self._held: tuple[Tenure, ...] = ()
        self._fresh: dict[int, dict[str, ListedGroup]] = {}
        self._chosen: list[ListedGroup] = []
        self._hidden = 0
        self._left_at: dict[str, float] = {}
        self._types: dict[int, bool] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        return [Ask.of(node, LIST_GROUPS) for node in client.nodes if node not in draft.failed]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        # Metadata may have named brokers in the meantime.
        more = [Ask.of(node, LIST_GROUPS) for node in client.nodes if node not in {ask.node for ask in asks}]
        replies = [*replies, *client.ask(more, draft.deadline)]
        troubles: dict[int, Reason] = {}
        for ask, reply in zip([*asks, *more], replies, strict=True):
            self._take(int(ask.node), reply, draft, troubles)
        # A broker that metadata has dropped coordinates nothing, though it may not know that.
        for node in [node for node in self._listed if node not in client.nodes]:
            self._forget(node)
        troubles = {node: why for node, why in troubles.items() if node in client.nodes}
        self._find(client, draft, troubles, tenures(draft.topics, draft.partitions))
        self._choose(draft)
        types = {node: tells for node, tells in self._types.items() if node in self._listed}
        draft.capabilities[requests.GROUP_TYPES.capability] = served_by_all(GROUP_TYPES, types)
        return self._found.missing

    def _find(self, client: Client, draft: Draft, troubles: dict[int, Reason], held: tuple[Tenure, ...]) -> None:
        """Find out which groups there are; kept while nobody lists other ones and nothing is in doubt."""
        fresh = {node: listed for node, listed in self._listed.items() if node not in troubles}
        same = held == self._held and fresh.keys() == self._fresh.keys()
        same &= all(listed is self._fresh[node] for node, listed in fresh.items() if same)
        if same and not troubles and not self._found.doubtful:
            return
        lists = self._lists(troubles, held)
        wanted = to_ask(self._found.evidence, lists)
        answers = self._ask_coordinators(client, draft, wanted, troubles, len(held))
        found = find(self._found.evidence, self._lists(troubles, held) if wanted else lists, answers)
        if found.groups == self._found.groups:
            found = replace(found, groups=self._found.groups)
        self._found, self._held = found, held
        self._fresh = {node: listed for node, listed in self._listed.items() if node not in troubles}

    def _take(self, node: int, reply: Reply, draft: Draft, troubles: dict[int, Reason]) -> None:
        """Read one broker's list, or put into `troubles` why there is none."""
        if trouble := trouble_of(draft, reply, partial(self._keep, node), Kind.OTHER):
            troubles[node] = trouble

    def _keep(self, node: int, answer: Answer) -> None:
        """Keep a list, unless it is that of the last poll. Raises MalformedAnswerError."""
        self._types[node] = answer.version >= GROUP_TYPES.oldest
        mark = answer.mark(4)  # of what follows throttle_time_ms
        if self._marks.get(node) != mark:
            self._forget(node)
            self._listed[node] = {each.group: each for each in _groups(answer, node)}
            self._marks[node] = mark

    def _forget(self, node: int) -> None:
        self._listed.pop(node, None)
        self._marks.pop(node, None)

    def _lists(self, troubles: dict[int, Reason], held: tuple[Tenure, ...]) -> Lists:
        listed = {node: each for node, each in self._listed.items() if node not in troubles}
        if not held:
            return Lists(listed, troubles, held, {})
        names = {*self._found.evidence.known, *(name for each in listed.values() for name in each)}
        partitions, known = self._places
        self._places = len(held), places_of(names, len(held), known if partitions == len(held) else {})
        return Lists(listed, troubles, held, self._places[1])

    def _ask_coordinators(
        self, client: Client, draft: Draft, wanted: dict[int, list[str]], troubles: dict[int, Reason], partitions: int
    ) -> Said:
        """Have brokers list their groups again, and report before and after whether they coordinate some."""
        wanted = {node: names for node, names in wanted.items() if node not in troubles}
        said = ask_readiness(client, draft, wanted, partitions) if partitions else {}
        for again in (False, True):
            if again:
                lists = [Ask.of(node, LIST_GROUPS) for node in wanted if node not in draft.failed]
                for ask, reply in zip(lists, client.ask(lists, draft.deadline), strict=True):
                    self._take(int(ask.node), reply, draft, troubles)
            for key, answer in ask_whether_coordinator(client, draft, wanted).items():
                before = said.get(key, NO_REASON)
                said[key] = answer if before == DENIED and answer else before or answer
        return said

    def _choose(self, draft: Draft) -> None:
        """Put those groups into the draft that the settings choose; the same list while they are the same groups."""
        choice = draft.choice
        left_at = self._left_at
        left = [
            each.group
            for each in self._found.groups
            if each.state in LEFT or (each.reason and each.group in left_at)  # nobody knows that it has members again
        ]
        self._left_at = {name: left_at.get(name, draft.started) for name in left}
        chosen = [each for each in self._found.groups if choice.groups.wants(each.group)]
        if choice.empty_group_seconds is not None:
            since = draft.started - choice.empty_group_seconds
            chosen = [each for each in chosen if self._left_at.get(each.group, draft.started) >= since]
        self._hidden = len(self._found.groups) - len(chosen)
        cut = len(chosen) - choice.max_groups
        if cut > 0:
            draft.notices.append(
                f"{cut:,} of {len(chosen):,} groups not monitored (limits.groups = {choice.max_groups:,})"
            )
            chosen = chosen[: choice.max_groups]
            draft.cut_groups = cut
        if chosen != self._chosen:
            self._chosen = chosen
        draft.groups, draft.hidden_groups = self._chosen, self._hidden

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.groups = [each._replace(state=None, reason=reason) for each in self._chosen]


def _groups(answer: Answer, node: int) -> list[ListedGroup]:
    with decoded(answer) as listed:
        if listed.error_code:
            raise MalformedAnswerError(error_reason(listed.error_code))
        return [
            ListedGroup(
                str(each.group_id),
                (each.group_type or "").lower() or None,
                each.protocol_type,
                each.group_state or None,
                node,
            )
            for each in listed.groups
        ]


def ask_readiness(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]], partitions: int) -> Said:
    """Whether each broker knows the high watermark of the partition of the offsets topic that keeps each group.

    A coordinator reads its groups as of the high watermark. A new leader does not know it before all replicas in sync
    have fetched from it; until then groups and commits that it has loaded may be missing in its answers.
    """
    places = {name: partition_of(name, partitions) for names in wanted.values() for name in names}

    def question(node: int) -> Ask:
        return Ask(node, LIST_OFFSETS, partial(_ends_body, sorted({places[name] for name in wanted[node]})))

    def read(answer: Answer) -> dict[str, int]:
        ends = decode_list_offsets(answer.body, answer.version)
        codes = dict(zip(ends.partition.tolist(), ends.error.tolist(), strict=True))
        return {name: codes.get(place, 0) for name, place in places.items()}

    return _ask_each(client, draft, wanted, question, read)


def _ends_body(partitions: list[int], version: int) -> bytes:
    return encode_list_offsets([(OFFSETS_TOPIC, np.array(partitions, np.int32))], LATEST, version)


def ask_whether_coordinator(client: Client, draft: Draft, wanted: Mapping[int, Sequence[str]]) -> Said:
    """Whether each broker coordinates these groups."""

    def question(node: int) -> Ask:
        return Ask.of(node, DESCRIBE_GROUPS, groups=list(wanted[node]))

    def read(answer: Answer) -> dict[str, int]:
        with decoded(answer) as described:
            return {str(each.group_id): int(each.error_code) for each in described.groups}

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
    read: Callable[[Answer], Mapping[str, int]],
) -> Said:
    """What each broker responded about its groups, whose error codes `read` gives, or why there is no response."""
    said: Said = {}

    def take(node: int, answer: Answer) -> None:
        with understanding(f"{answer.api.name} v{answer.version}"):
            codes = read(answer)
            said.update({(node, name): _why(node, codes[name]) for name in wanted[node]})

    asks = [question(node) for node in wanted if node not in draft.failed]
    for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
        node = int(ask.node)
        if trouble := trouble_of(draft, reply, partial(take, node), Kind.OTHER):
            unserved = trouble.kind is Kind.UNSUPPORTED
            said.update({(node, name): DENIED if unserved else trouble for name in wanted[node]})
    return said

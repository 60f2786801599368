"""Which groups there are, of every type, and which broker coordinates each: ListGroups of every broker."""

import math
from collections.abc import Sequence

from kafka.protocol.admin import ListGroupsRequest, ListGroupsResponse

from monitor.client.apis import LIST_GROUPS
from monitor.client.client import Ask, Client
from monitor.client.faults import Fault, error_text
from monitor.client.wire import Answer
from monitor.collectors.base import Collector, Reply, Step
from monitor.decode.cursor import MalformedAnswerError, understanding
from monitor.decode.plain import read
from monitor.draft import Draft, ListedGroup
from monitor.group_tables import NOT_ASKED

TYPES_SINCE = 5
"""The version of ListGroups that tells the type of a group."""

LEFT = ("Empty", "Dead")
"""States of groups that have no members."""


class GroupCollector(Collector):
    """Every broker lists the groups that it coordinates.

    The groups of a broker that does not answer are kept from its last answer, without a state, so that they show as
    unknown and not as gone; they are dropped when another broker lists them, or a poll after metadata drops the broker.
    """

    name = "groups"
    step = Step.DISCOVER

    def __init__(self) -> None:
        self._bodies: dict[int, bytes] = {}
        self._listed: dict[int, list[ListedGroup]] = {}
        self._groups: list[ListedGroup] = []
        self._chosen: list[ListedGroup] = []
        self._hidden = 0
        self._left_at: dict[str, float] = {}
        self._missing: dict[int, str] = {}
        self._types: dict[int, bool] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        return [_question(node) for node in client.nodes if node not in draft.failed]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        # Metadata may have named brokers in the meantime.
        more = [_question(node) for node in client.nodes if node not in {ask.node for ask in asks}]
        replies = [*replies, *client.ask(more, draft.deadline)]
        missing: dict[int, str] = {}
        changed = False
        for ask, reply in zip([*asks, *more], replies, strict=True):
            node = int(ask.node)
            try:
                changed |= self._take(node, reply, draft)
            except MalformedAnswerError as error:
                missing[node] = str(error)
        gone = [node for node in self._listed if node not in client.nodes and node not in missing]
        for node in gone:
            del self._listed[node], self._bodies[node]
        if changed or gone or missing != self._missing or not self._groups:
            self._groups, self._missing = self._merge(missing), dict(missing)
        self._choose(draft)
        draft.capabilities["group_types"] = self._group_types()
        for node in list(missing):
            if node not in client.nodes:
                self._listed.pop(node, None)
                self._bodies.pop(node, None)
                del missing[node]
        return list(missing.values())

    def _take(self, node: int, reply: Reply, draft: Draft) -> bool:
        """Read one broker's answer; whether it differs from its last. Raises MalformedAnswerError with the reason."""
        if isinstance(reply, Fault):
            raise MalformedAnswerError(draft.note(reply))
        self._types[node] = reply.version >= TYPES_SINCE
        if self._bodies.get(node) == reply.body[4:]:
            return False
        self._listed[node] = _groups(reply, node)
        self._bodies[node] = reply.body[4:]  # what follows throttle_time_ms
        return True

    def _group_types(self) -> tuple[float, str]:
        """Whether every broker that has answered tells the types of its groups."""
        silent = sorted(node for node, tells in self._types.items() if not tells and node in self._listed)
        if silent:
            return 0.0, f"{LIST_GROUPS.name} v{TYPES_SINCE} is not served by broker {', '.join(map(str, silent))}"
        return (1.0, "") if self._listed else (math.nan, NOT_ASKED)

    def _merge(self, missing: dict[int, str]) -> list[ListedGroup]:
        merged: dict[str, ListedGroup] = {}
        for node in sorted(self._listed, key=lambda node: node not in missing):
            for each in self._listed[node]:
                merged[each.group] = each._replace(state=None, reason=missing[node]) if node in missing else each
        return [merged[name] for name in sorted(merged)]

    def _choose(self, draft: Draft) -> None:
        """Put those groups into the draft that the settings choose; the same list while they are the same groups."""
        choice = draft.choice
        left = {each.group for each in self._groups if each.state in LEFT}
        self._left_at = {name: self._left_at.get(name, draft.started) for name in left}
        chosen = [each for each in self._groups if choice.groups.wants(each.group)]
        if choice.empty_group_seconds is not None:
            since = draft.started - choice.empty_group_seconds
            chosen = [each for each in chosen if self._left_at.get(each.group, draft.started) >= since]
        self._hidden = len(self._groups) - len(chosen)
        cut = len(chosen) - choice.max_groups
        if cut > 0:
            draft.notices.append(
                f"{cut:,} of {len(chosen):,} groups are not asked about: limits.groups is {choice.max_groups:,}"
            )
            chosen = chosen[: choice.max_groups]
            draft.cut_groups = cut
        if chosen != self._chosen:
            self._chosen = chosen
        draft.groups, draft.hidden_groups = self._chosen, self._hidden

    def fail(self, draft: Draft, reason: str) -> None:
        draft.groups = [each._replace(state=None, reason=reason) for each in self._chosen]


def _question(node: int) -> Ask:
    return Ask(node, LIST_GROUPS, lambda version: bytes(ListGroupsRequest(version=version).encode()))


def _groups(answer: Answer, node: int) -> list[ListedGroup]:
    listed = read(ListGroupsResponse, answer.body, answer.version)
    if listed.error_code:
        raise MalformedAnswerError(f"broker {node}: {error_text(listed.error_code)}")
    with understanding(f"broker {node}: {LIST_GROUPS.name} v{answer.version}"):
        return [
            ListedGroup(
                str(each.group_id), (each.group_type or "").lower() or None, each.protocol_type, each.group_state, node
            )
            for each in listed.groups
        ]

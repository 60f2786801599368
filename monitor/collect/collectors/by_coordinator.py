"""Requests about groups: a coordinator is asked about all its groups at once, by a request for each type of group.

One that serves only versions about one group is asked about each, and about more than `GROUPS_A_POLL` in turn.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from monitor.collect.collectors.base import Collector, Reply, trouble_of
from monitor.collect.collectors.capability import serving
from monitor.collect.draft import Draft, ListedGroup
from monitor.collect.requests import GROUPS_A_POLL
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import encode
from monitor.model.reasons import Kind, Reason

Types = tuple[str | None, ...]
"""Types of groups; a broker that does not name the type, which is None, has classic groups only."""


@dataclass(frozen=True)
class GroupRequest:
    """A request about groups of some types: `fields` makes those of the request from group ids and its version.

    `most` is how many groups a request names: more would make answers of hundreds of megabytes on large clusters.
    `singly` is the same API with older versions, too, which are about one group; None where kmon speaks none.
    """

    types: Types
    api: Api
    fields: Callable[[list[str], int], dict[str, Any]]
    most: int = 4000
    singly: Api | None = None


@dataclass(frozen=True)
class Question:
    """One request to one coordinator, by `api`; a `single` one is about one group."""

    request: GroupRequest
    node: int
    api: Api
    names: list[str]

    @property
    def single(self) -> bool:
        return self.api is self.request.singly


class Turns:
    """Whose turn it is at brokers that are asked about one group at a time; keeps the last group of each broker."""

    def __init__(self) -> None:
        self._last: dict[int, str] = {}

    def take(self, node: int, names: Sequence[str]) -> Iterator[int]:
        """The places of the groups to ask about now, of groups in the order of their names."""
        first = bisect_right(names, self._last.get(node, ""))
        count = min(len(names), GROUPS_A_POLL)
        for place in range(first, first + count):
            yield place % len(names)
        self._last[node] = names[(first + count - 1) % len(names)]


class CoordinatorCollector(Collector):
    """Keeps the encoded requests while the groups and the ways to ask are the same, and whose turn it is."""

    group_requests: ClassVar[tuple[GroupRequest, ...]]

    def __init__(self) -> None:
        self._groups: list[ListedGroup] | None = None
        self._singly = [frozenset[int]() for _ in self.group_requests]
        self._questions: list[Question] = []
        self._bodies: dict[tuple[int, int], bytes] = {}
        self._asked: list[int] = []
        self._turns = Turns()

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        ways = zip(self.group_requests, self._singly, strict=True)
        singly = [_singly(client, request, before) for request, before in ways]
        if self._groups is not draft.groups or self._singly != singly:
            self._groups, self._singly = draft.groups, singly
            ways = zip(self.group_requests, singly, strict=True)
            questions = [each for request, nodes in ways for each in _questions(draft, request, nodes)]
            if questions != self._questions:
                self._questions, self._bodies = questions, {}
                self.renew()
        self._asked = list(self._due(draft))
        return [
            Ask(self._questions[place].node, self._questions[place].api, partial(self._body, place))
            for place in self._asked
        ]

    def _due(self, draft: Draft) -> Iterator[int]:
        """The places of the questions to ask: of brokers that have not failed, and of single ones those in turn."""
        singly: dict[int, list[int]] = {}
        for place, question in enumerate(self._questions):
            if question.node in draft.failed:
                continue
            if question.single:
                singly.setdefault(question.node, []).append(place)
            else:
                yield place
        for node, places in singly.items():
            names = [self._questions[place].names[0] for place in places]
            yield from (places[each] for each in self._turns.take(node, names))

    def _body(self, place: int, version: int) -> bytes:
        if (place, version) not in self._bodies:
            question = self._questions[place]
            self._bodies[place, version] = encode(
                question.api, version, question.request.fields(question.names, version)
            )
        return self._bodies[place, version]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        by_place = dict(zip(self._asked, replies, strict=True))
        missing = []
        groups = Counter(question.node for question in self._questions if question.single)
        for place, question in enumerate(self._questions):
            reply = by_place.get(place)
            if reply is None:
                trouble = draft.failed.get(question.node) or _not_its_turn(question.node, groups)
            else:
                trouble = trouble_of(draft, reply, partial(self.take, draft, place))
            if isinstance(reply, Fault):  # of many at once, the first one tells all
                trouble = draft.failed.get(question.node, trouble)
            if trouble:
                missing.append(trouble)
                self.lack(draft, question.names, trouble)
        return missing

    def renew(self) -> None:
        """Forget what was kept of the questions, which are others now."""

    def take(self, draft: Draft, place: int, answer: Answer) -> None:
        """Take the answer to the question at this place. Raises MalformedAnswerError before it changes the draft."""
        raise NotImplementedError

    def lack(self, draft: Draft, names: list[str], trouble: Reason) -> None:
        """Put into the draft why nothing is known of these groups."""
        raise NotImplementedError


def _not_its_turn(node: int, groups: Mapping[int, int]) -> Reason:
    return Reason(Kind.NOT_ITS_TURN, node, detail=f"{GROUPS_A_POLL:,} of {groups[node]:,}")


def _singly(client: Client, request: GroupRequest, before: frozenset[int]) -> frozenset[int]:
    """The brokers that have to be asked about one group at a time; as `before` where that is not known just now."""
    if request.singly is None:
        return frozenset()
    at_once, singly = serving(client, request.api), serving(client, request.singly)
    return before - at_once.keys() | {node for node, does in at_once.items() if singly[node] and not does}


def _questions(draft: Draft, request: GroupRequest, singly: frozenset[int]) -> list[Question]:
    """The groups of these types by coordinator; not those that are not askable. `singly` are those nodes."""
    by_node: dict[int, list[str]] = {}
    for each in draft.groups:
        if each.group_type in request.types and each.askable:
            by_node.setdefault(each.coordinator, []).append(each.group)
    questions = []
    for node, names in sorted(by_node.items()):
        api, most = (request.singly, 1) if request.singly and node in singly else (request.api, request.most)
        questions += [Question(request, node, api, names[at : at + most]) for at in range(0, len(names), most)]
    return questions

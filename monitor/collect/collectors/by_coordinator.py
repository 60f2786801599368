"""Requests about groups: a coordinator is asked about all its groups at once, by a request for each type of group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from monitor.collect.collectors.base import Collector, Reply, trouble_of
from monitor.collect.draft import Draft, ListedGroup
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import encode
from monitor.model.reasons import Reason

Types = tuple[str | None, ...]
"""Types of groups; a broker that does not name the type, which is None, has classic groups only."""


@dataclass(frozen=True)
class GroupRequest:
    """A request about groups of some types: `fields` makes those of the request from group ids.

    `most` is how many groups a request names: more would make answers of hundreds of megabytes on large clusters.
    """

    types: Types
    api: Api
    fields: Callable[[list[str]], dict[str, Any]]
    most: int = 4000


@dataclass(frozen=True)
class Question:
    """One request to one coordinator."""

    request: GroupRequest
    node: int
    names: list[str]


class CoordinatorCollector(Collector):
    """Keeps the encoded requests while the groups are the same."""

    group_requests: ClassVar[tuple[GroupRequest, ...]]

    def __init__(self) -> None:
        self._groups: list[ListedGroup] | None = None
        self._questions: list[Question] = []
        self._bodies: dict[tuple[int, int], bytes] = {}
        self._asked: list[int] = []

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        if self._groups is not draft.groups:
            self._groups = draft.groups
            questions = [each for request in self.group_requests for each in _questions(draft, request)]
            if questions != self._questions:
                self._questions, self._bodies = questions, {}
                self.renew()
        self._asked = [place for place, each in enumerate(self._questions) if each.node not in draft.failed]
        return [
            Ask(self._questions[place].node, self._questions[place].request.api, partial(self._body, place))
            for place in self._asked
        ]

    def _body(self, place: int, version: int) -> bytes:
        if (place, version) not in self._bodies:
            question = self._questions[place]
            fields = question.request.fields(question.names)
            self._bodies[place, version] = encode(question.request.api, version, fields)
        return self._bodies[place, version]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        by_place = dict(zip(self._asked, replies, strict=True))
        missing = []
        for place, question in enumerate(self._questions):
            reply = by_place.get(place)
            if reply is None:
                trouble = draft.failed[question.node]
            else:
                trouble = trouble_of(draft, reply, partial(self.take, draft, place))
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


def _questions(draft: Draft, request: GroupRequest) -> list[Question]:
    """The groups of these types by coordinator; not those that are not askable."""
    by_node: dict[int, list[str]] = {}
    for each in draft.groups:
        if each.group_type in request.types and each.askable:
            by_node.setdefault(each.coordinator, []).append(each.group)
    return [
        Question(request, node, names[at : at + request.most])
        for node, names in sorted(by_node.items())
        for at in range(0, len(names), request.most)
    ]

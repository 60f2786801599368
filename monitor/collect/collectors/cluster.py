"""Brokers, topics and partitions, from the Metadata answers of two brokers, or of more where those do not agree."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.metadata import Claim, Tables, choose, claim_of, is_behind
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import METADATA
from monitor.kafka.client.client import Ask, Client, Node
from monitor.kafka.client.faults import Fault
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.selection import Choice
from monitor.model.snapshot import Partitions, Topics

VOICES = 2
"""How many brokers have to tell the same."""
MOST_VOICES = 3
"""How many are asked at most while they do not, beside those that do not answer."""


class ClusterCollector(Collector):
    """Asks the broker that was believed last and each of the others in turn, and more when these two do not agree.

    It keeps what they said, so that tables are used again while they are the same.
    """

    name = "cluster"
    step = Step.DISCOVER
    provides = "brokers, topics, partitions with their leader, replicas and ISR"
    fills = ("brokers", "topics", "partitions")
    sends = (requests.METADATA,)
    without = "everything is unknown; topics without the ACL are hidden"

    def __init__(self) -> None:
        self._claims: list[Claim] = []
        self._last: Claim | None = None
        self._node: int | None = None
        self._turn = -1
        self._failed: set[Node] = set()
        self._tables = Tables(Topics.empty(), Partitions.empty(), ReasonCodes())
        self._topics = Topics.empty()
        self._hidden = 0
        self._cut: frozenset[str] = frozenset()
        self._notices: list[str] = []

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        self._turn += 1
        return [_question(node) for node in self._order(client)[:VOICES]]

    def _order(self, client: Client) -> list[int]:
        """All known brokers: the one that was believed last, then those whose turn it is and that did not fail."""
        others = [node for node in client.nodes if node != self._node]
        turn = self._turn % max(1, len(others))
        kept = [self._node] if self._node is not None and self._node in client.nodes else []
        return kept + sorted(others[turn:] + others[:turn], key=self._failed.__contains__)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        heard = _Heard(self._claims)
        for reply in replies:
            heard.hear(reply)
        while not heard.claims:
            answer, faults = client.ask_any(_question, draft.deadline, skip=heard.asked)
            for fault in faults:
                heard.hear(fault)
            if answer is None:
                break
            heard.hear(answer)
        for trouble in heard.troubles.values():
            if isinstance(trouble, Fault):
                draft.note(trouble)
        if not heard.claims:
            silent = Reason(Kind.UNREACHABLE, detail=", ".join(client.bootstrap_servers))
            errors = [replace(each, node=client.address(node)) for node, each in heard.troubles.items()] or [silent]
            draft.errors = tuple(errors)
            return errors
        believed, evident = self._hear_others(client, draft, heard)
        why = [] if evident else _why_doubtful(heard, behind=self._is_behind(believed))
        self._last, self._node = believed, believed.node
        self._failed = set(heard.troubles)
        self._claims = list(heard.claims.values())
        self._take(client, draft, believed)
        if not draft.up and all(each.node is None for each in heard.voices):
            draft.errors = tuple(draft.failed.values())
        return why

    def _hear_others(self, client: Client, draft: Draft, heard: "_Heard") -> tuple[Claim, bool]:
        """Ask more brokers for as long as there is no evidence; the claim to believe, and whether there is."""
        while True:
            believed, evident = choose(heard.voices)
            evident = evident and not self._is_behind(believed)
            client.learn(believed.brokers)
            left = [node for node in self._order(client) if node not in heard.asked and node not in draft.failed]
            known = sum(each.node is not None for each in heard.voices)
            # What a bootstrap address says does not show that any broker is where it advertises that it is.
            if (evident and known) or not left or known >= MOST_VOICES:
                return believed, evident
            asks = [_question(node) for node in left[: max(1, VOICES - known)]]
            for reply in client.ask(asks, draft.deadline):
                heard.hear(reply)
                if isinstance(reply, Fault):
                    draft.note(reply)

    def _is_behind(self, claim: Claim) -> bool:
        """Whether a claim is older than what was believed in the poll before."""
        return self._last is not None and claim.tables is not self._last.tables and is_behind(claim, self._last)

    def _take(self, client: Client, draft: Draft, claim: Claim) -> None:
        """Put what a broker says into the draft."""
        if claim.tables is not self._tables:
            self._tables, self._topics = claim.tables, claim.tables.topics
            self._watch(draft.choice)
        client.learn(claim.brokers)
        draft.brokers, draft.cluster_id, draft.controller = claim.brokers, claim.cluster_id, claim.controller
        draft.hidden_topics, draft.cut_topics = self._hidden, self._cut
        draft.notices += self._notices
        draft.topics, draft.partitions = self._topics, self._tables.partitions
        # The kept table's codes hold because this collector is read first, when no reason is given yet.
        draft.reasons = ReasonCodes(self._tables.reasons)

    def _watch(self, choice: Choice) -> None:
        """Mark the topics that the settings choose, as many as the limit on partitions allows, by name."""
        topics = self._topics
        chosen = np.array([choice.topics.wants(str(name)) for name in topics.topic], bool)
        if not choice.internal_topics:
            chosen &= ~topics.internal
        self._hidden = int(len(topics) - chosen.sum())
        fits = np.cumsum(np.where(chosen, topics.partitions, 0)) <= choice.max_partitions
        self._cut = frozenset(topics.topic[chosen & ~fits].tolist())
        self._notices = []
        if self._cut:
            self._notices.append(
                f"{len(self._cut):,} of {int(chosen.sum()):,} topics not monitored "
                f"(limits.partitions = {choice.max_partitions:,})"
            )
        self._topics = replace(topics, watched=chosen & fits)

    def fail(self, draft: Draft, reason: Reason) -> None:
        draft.errors = (reason,)


def _question(node: Node) -> Ask:
    return Ask.of(node, METADATA, topics=None, allow_auto_topic_creation=False)


class _Heard:
    """What brokers have said in a poll: claims by who was asked, and why others made none."""

    def __init__(self, before: Sequence[Claim]) -> None:
        self._before = before
        self.asked: set[Node] = set()
        self.claims: dict[Node, Claim] = {}
        self.troubles: dict[Node, Reason] = {}

    def hear(self, reply: Reply) -> None:
        self.asked.add(reply.node)
        if isinstance(reply, Fault):
            self.troubles[reply.node] = reply
            return
        try:
            self.claims[reply.node] = claim_of(reply, (*self.claims.values(), *self._before))
        except MalformedAnswerError as error:
            self.troubles[reply.node] = Reason(Kind.OTHER, reply.node, detail=str(error))

    @property
    def voices(self) -> list[Claim]:
        """The claims that count: an address that was asked may be that of a broker which was asked as well."""
        claims = list(self.claims.values())
        return [each for each in claims if each.node is not None] or claims


def _why_doubtful(heard: _Heard, *, behind: bool) -> list[Reason]:
    """Why what a broker says of the cluster may not be so."""
    nodes = sorted(each.node for each in heard.voices if each.node is not None)
    if len(nodes) > 1:
        who = ", ".join(map(str, nodes[:-1])) + f" and {nodes[-1]}"
        return [Reason(Kind.OLDER_METADATA if behind else Kind.DIFFERENT_METADATA, detail=who)]
    troubles = [each for node, each in heard.troubles.items() if isinstance(node, int)]
    return troubles or [Reason(Kind.UNCONFIRMED_METADATA)]

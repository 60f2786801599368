"""What collectors say of the things that not every broker or user can ask: whether this one can, and why not."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from monitor.collect.collectors.base import Reply, trouble_of
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import decoded
from monitor.model.reasons import NO_REASON, Kind, Reason

NOBODY = Reason(Kind.NO_BROKER)


def ask_somebody(draft: Draft, api: Api, **fields: Any) -> list[Ask]:
    """A question that any broker can answer, none when all have failed."""
    return [Ask.of(node, api, **fields) for node in draft.up[:1]]


def available(draft: Draft, name: str) -> list[Reason]:
    """The capability is there. As the functions below, returns what a collector's `read` is to say is missing."""
    draft.capabilities[name] = 1.0, NO_REASON
    return []


def refused(draft: Draft, name: str, why: Reason) -> list[Reason]:
    """The capability is not there: a fact about the cluster or the user, not an error."""
    draft.capabilities[name] = 0.0, why
    return []


def unknown(draft: Draft, name: str, why: Reason) -> list[Reason]:
    """Whether the capability is there could not be found out."""
    draft.capabilities[name] = math.nan, why
    return [why]


def best(draft: Draft, name: str, states: Iterable[tuple[float, Reason]]) -> None:
    """The capability as those of many brokers or topics have it that know best: there, else refused, else unknown."""
    ranked = sorted(states, key=lambda state: -1.0 if math.isnan(state[0]) else state[0])
    draft.capabilities[name] = ranked[-1] if ranked else (math.nan, NOBODY)


def learn(
    draft: Draft, name: str, replies: Sequence[Reply], take: Callable[[int, Any], list[Reason]], *, noted: bool = True
) -> list[Reason]:
    """Have `take` put the answer of a node into the draft, by node and message, or say why there is none.

    Without `noted` a fault is not held against the broker, which may wait for another.
    """
    if not replies:
        return unknown(draft, name, NOBODY)
    (reply,) = replies
    if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
        return refused(draft, name, not_served(draft, reply.node))
    missing: list[Reason] = []

    def read(answer: Answer) -> None:
        with decoded(answer) as message:
            missing.extend(take(int(answer.node), message))

    trouble = trouble_of(draft, reply, read, Kind.OTHER, noted=noted)
    return unknown(draft, name, trouble) if trouble else missing


def unasked(client: Client, draft: Draft, name: str, api: Api) -> list[Reason]:
    """Whether a broker would answer, where nothing had to be asked."""
    node = next(iter(draft.up), None)
    served = None if node is None else client.served(node)
    if node is None or served is None:
        return unknown(draft, name, NOBODY)
    return available(draft, name) if api.version(served) is not None else refused(draft, name, not_served(draft, node))


def serving(client: Client, api: Api) -> dict[int, bool]:
    """Whether each broker that kmon is connected to serves an API, by node id."""
    served = {node: versions for node in client.nodes if (versions := client.served(node)) is not None}
    return {node: api.version(versions) is not None for node, versions in served.items()}


def served_by_all(api: Api, serves: Mapping[int, bool]) -> tuple[float, Reason]:
    """The capability as all these brokers have it, by node id: there only where each `serves` the API."""
    silent = ", ".join(str(node) for node in sorted(serves) if not serves[node])
    if silent:
        return 0.0, Reason(Kind.NOT_SERVED_BY_ALL, api=f"{api.name} v{api.oldest}", detail=silent)
    return (1.0, NO_REASON) if serves else (math.nan, Reason(Kind.NOT_ASKED))


def not_served(draft: Draft, node: int | str | None) -> Reason:
    """Why a broker does not answer a request that it does not know."""
    version = draft.versions.get(node) if isinstance(node, int) else None
    return Reason(Kind.NOT_SERVED_BY_KAFKA, detail=version) if version else Reason(Kind.NOT_SERVED)

"""What collectors say of the things that not every broker or user can ask: whether this one can, and why not."""

import math
from collections.abc import Iterable

from monitor.collect.draft import Draft
from monitor.kafka.client.faults import Fault, Kind

NOBODY = "no broker is reachable"


def somebody(draft: Draft) -> int | None:
    """A broker to ask what any of them can tell, None when all have failed."""
    return next((each.node for each in draft.brokers if each.node not in draft.failed), None)


def available(draft: Draft, name: str) -> list[str]:
    """The capability is there. As the functions below, returns what a collector's `read` is to say is missing."""
    draft.capabilities[name] = 1.0, ""
    return []


def refused(draft: Draft, name: str, why: str) -> list[str]:
    """The capability is not there: a fact about the cluster or the user, not an error."""
    draft.capabilities[name] = 0.0, why
    return []


def unknown(draft: Draft, name: str, why: str) -> list[str]:
    """Whether the capability is there could not be found out."""
    draft.capabilities[name] = math.nan, why
    return [why]


def best(draft: Draft, name: str, states: Iterable[tuple[float, str]]) -> None:
    """The capability as those of many brokers or topics have it that know best: there, else refused, else unknown."""
    ranked = sorted(states, key=lambda state: -1.0 if math.isnan(state[0]) else state[0])
    draft.capabilities[name] = ranked[-1] if ranked else (math.nan, NOBODY)


def faulted(draft: Draft, name: str, fault: Fault) -> list[str]:
    """A fault came for an answer: refused where the broker does not serve the request, else unknown."""
    if fault.kind is Kind.UNSUPPORTED:
        return refused(draft, name, not_served(draft, fault.node))
    return unknown(draft, name, fault.where)


def not_served(draft: Draft, node: int | str) -> str:
    """Why a broker does not answer a request that it does not know."""
    version = draft.versions.get(node) if isinstance(node, int) else None
    return f"not served by this broker (Kafka {version})" if version else "not served by this broker"

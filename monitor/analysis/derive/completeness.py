"""Whether a Snapshot has all topics and all groups of the cluster, or some may be hidden from this user."""

from monitor.model.coordinators import OFFSETS_TOPIC
from monitor.model.reasons import Kind
from monitor.model.snapshot import Snapshot
from monitor.model.text import plural

NOT_PROBED = "permissions are not checked yet"
HIDDEN_COORDINATORS = f"Describe on topic {OFFSETS_TOPIC} is not granted: groups without a coordinator may be hidden"
OF_GROUPS = ("describe_cluster", "describe_all_groups")
"""Capabilities of which either lets a user see every group."""


def lists_topics(snapshot: Snapshot) -> bool:
    """Whether metadata names every topic to this user: else counts of topics and partitions are not the cluster's."""
    return answered(snapshot, "cluster") and not hides_topics(snapshot)


def hides_topics(snapshot: Snapshot) -> bool:
    """Whether brokers may leave out topics, and the commits on them, that this user may not describe."""
    return not _granted(snapshot, "describe_all_topics")


def lists_groups(snapshot: Snapshot) -> bool:
    """Whether every group is a row of the Snapshot: brokers leave out those that this user may not describe."""
    return answered(snapshot, "groups") and not why_hidden_groups(snapshot)


def lists_transactions(snapshot: Snapshot) -> bool:
    """Whether every transaction under way is a row of the Snapshot."""
    asked = answered(snapshot, "transactions") and _granted(snapshot, "transactions")
    return asked and _granted(snapshot, "describe_transactional_ids")


def why_hidden_topics(snapshot: Snapshot) -> str:
    """Why topics may be hidden from this user, empty where none may be."""
    return _not_granted(snapshot, "describe_all_topics")


def why_hidden_groups(snapshot: Snapshot) -> str:
    """Why groups may be missing that are there: hidden from this user, or beyond the limit; empty where none may be."""
    if snapshot.cut_groups:
        return f"{plural(snapshot.cut_groups, 'group')} not monitored (limits.groups)"
    return _not_granted(snapshot, *OF_GROUPS) or _hidden_coordinators(snapshot)


def _hidden_coordinators(snapshot: Snapshot) -> str:
    """Why it is unknown whether every group has a coordinator that could list it; empty where it is known.

    A cluster without the topic has no groups, unless the topic is only hidden from this user.
    """
    there = (snapshot.topics.topic == OFFSETS_TOPIC) & (snapshot.topics.partitions > 0)
    return HIDDEN_COORDINATORS if hides_topics(snapshot) and not there.any() else ""


def why_not_all_groups(snapshot: Snapshot) -> str:
    """Why the groups of a Snapshot may not be all of the cluster's, empty where they are."""
    return failure(snapshot, "groups") or why_hidden_groups(snapshot)


def why_not_all_topics(snapshot: Snapshot) -> str:
    """Why the topics of a Snapshot may not be all of the cluster's, empty where they are."""
    return failure(snapshot, "cluster") or why_hidden_topics(snapshot)


def failure(snapshot: Snapshot, *collectors: str) -> str:
    """Why these collectors did not get every answer, empty where they did."""
    failed = (each for each in snapshot.outcomes if each.collector in collectors and not each.success)
    return snapshot.error or "; ".join(each.error for each in failed)


def unasked(snapshot: Snapshot, *collectors: str) -> str:
    """Why an empty table of these collectors may be incomplete; an empty text if it is complete.

    They failed, the cluster or its ACLs do not allow the request, or they have not sent it yet.
    """
    table = snapshot.capabilities
    lacking = [
        str(why)
        for name, available, why in zip(table.capability, table.available, table.why, strict=True)
        if name in collectors and available != 1
    ]
    if why := failure(snapshot, *collectors) or "; ".join(dict.fromkeys(lacking)):
        return why
    asked = (each.collected_at is not None for each in snapshot.outcomes if each.collector in collectors)
    return "" if any(asked) else Kind.NOT_ASKED_YET.value


def number_of(number: int, noun: str, *, whole: bool) -> str:
    """How many there are: 3 groups; or 3 visible groups where these are not the `whole`."""
    return plural(number, noun if whole else f"visible {noun}")


def answered(snapshot: Snapshot, collector: str) -> bool:
    """Whether a collector got every answer that it asked for."""
    return not failure(snapshot, collector)


def _not_granted(snapshot: Snapshot, *either: str) -> str:
    if _granted(snapshot, *either):
        return ""
    table = snapshot.capabilities
    whys = [str(why) for name, why in zip(table.capability, table.why, strict=True) if name in either and why]
    return "; ".join(whys) or NOT_PROBED


def _granted(snapshot: Snapshot, *either: str) -> bool:
    """Whether one of these capabilities is there. Where none was asked for, no cluster said anything against it."""
    rows = [row for row, name in enumerate(snapshot.capabilities.capability) if name in either]
    return not rows or bool((snapshot.capabilities.available[rows] == 1).any())

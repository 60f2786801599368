"""Whether a Snapshot has all topics and all groups of the cluster, or some may be hidden from this user."""

from monitor.snapshot import Snapshot


def lists_topics(snapshot: Snapshot) -> bool:
    """Whether metadata names every topic to this user: else counts of topics and partitions are not the cluster's."""
    return answered(snapshot, "cluster") and not hides_topics(snapshot)


def hides_topics(snapshot: Snapshot) -> bool:
    """Whether brokers may leave out topics, and the commits on them, that this user may not describe."""
    return not _granted(snapshot, "describe_all_topics")


def lists_groups(snapshot: Snapshot) -> bool:
    """Whether every group is a row of the Snapshot: brokers leave out those that this user may not describe."""
    return (
        not snapshot.cut_groups
        and answered(snapshot, "groups")
        and _granted(snapshot, "describe_cluster", "describe_all_groups")
    )


def answered(snapshot: Snapshot, collector: str) -> bool:
    """Whether a collector got every answer that it asked for."""
    failed = {each.collector for each in snapshot.outcomes if not each.success}
    return not snapshot.error and collector not in failed


def _granted(snapshot: Snapshot, *either: str) -> bool:
    """Whether one of these capabilities is there. Where none was asked for, no cluster said anything against it."""
    rows = [row for row, name in enumerate(snapshot.capabilities.capability) if name in either]
    return not rows or bool((snapshot.capabilities.available[rows] == 1).any())

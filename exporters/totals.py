"""The totals of a cluster, without those that this poll did not determine."""

from monitor.analysis.derive.completeness import answered, lists_groups, lists_topics
from monitor.model.view import View

OF_TOPICS = ("topics", "partitions", "offline", "under_replicated", "under_min_isr")
OF_GROUPS = ("groups", "groups_behind", "groups_lost", "groups_unknown")


def known_totals(view: View) -> dict[str, float | None]:
    """The totals of the cluster by name; None for those that are incomplete."""
    snapshot = view.snapshot
    complete = {
        "brokers": answered(snapshot, "cluster"),
        **dict.fromkeys(OF_TOPICS, lists_topics(snapshot)),
        **dict.fromkeys(OF_GROUPS, lists_groups(snapshot)),
    }
    return {name: value if complete.get(name, True) else None for name, value in vars(view.totals).items()}

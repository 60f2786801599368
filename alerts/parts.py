"""The parts of a message about an alert, declared once: its annotations, in the order in which people read them."""

from collections.abc import Mapping
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a message: the title that stands before it where people read it, and what it says."""

    title: str
    meaning: str


PARTS: Mapping[str, Part] = {
    "headline": Part(
        "", "the first line: who has what trouble, how far behind in records and time; below 200 characters"
    ),
    "summary": Part(
        "Summary", "one sentence: who lags, by how much, since when, where it is worst and who reads there"
    ),
    "began": Part("Since", "since when the condition is true and for how long; of a resolved alert also when it ended"),
    "behind": Part("Behind", "of a group: records and time lag, the worst partitions, and how much is unknown"),
    "trend": Part("Trend", "of a group: growing or draining, with both rates and the time to drain"),
    "data_loss": Part("Data loss", "of a group: records lost, and the time to data loss"),
    "readers": Part("Assigned to", "of a group: member and host of the worst partitions, and state of the group"),
    "affected": Part("Affected", "of a topic, partition or broker: the partitions and groups that it costs something"),
    "cause": Part("Likely cause", "the problem that explains it, and the diagnoses of the group"),
    "others": Part("Other groups", "of a group: whether other groups on its topics are late too"),
    "kafka": Part(
        "Kafka",
        "of a group: whether Kafka or the group is the cause; problems of brokers, partitions and the quorum now",
    ),
    "before": Part("Changed before", "events of the 15 minutes before it began, the newest first"),
    "unknown": Part("Unknown", "only while the lag is unknown: since when, and why"),
    "resolution": Part(
        "Resolution",
        "only when resolved: `below` (at or below the threshold, or reachable) or `gone` (no longer there)",
    ),
    "data": Part(
        "Data", "only when the newest poll is incomplete or failed: how old the numbers are, and what is missing"
    ),
    "description": Part("Rule", "what the rule asks for, and how sure the number is"),
    "lag": Part("", "of a rule on lag: the newest known lag in records; `≥` before it when a part of it is unknown"),
    "owner": Part("Owner", "owner and team that the settings name"),
}
"""What each annotation says. A rule's own annotations are added, and win over these."""

RUNBOOKS = ("runbook_url", "runbook")
"""Annotations of rules that have the address of a runbook."""

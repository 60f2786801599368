"""The Sources that polls fill. It imports no client, so that a face can be drawn before the first poll."""

from monitor.poll.source import Memory
from monitor.settings.model import ClusterSettings

REMEMBERED_SECONDS = 3 * 3600
"""How much of the past the charts show without a history on disk."""


def memory_of(cluster: ClusterSettings, name: str | None = None) -> Memory:
    """The memory that the polls of one cluster fill; `name` is what it is called before it responds."""
    points = round(REMEMBERED_SECONDS / cluster.interval_seconds)
    return Memory(
        name or cluster.title,
        cluster.interval_seconds,
        points=max(60, min(points, 10_800)),
        named=cluster.name is not None,
    )

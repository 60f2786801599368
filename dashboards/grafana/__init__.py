"""Grafana dashboards over kmon's metrics, as code.

They need the package grafana-foundation-sdk (the extra `grafana`), so that nothing else imports this package. Metric
names are written out here: a face does not import the exporter, and a test compares the names with its families.
"""

from dashboards.grafana import brokers, group, itself, newer_groups, overview, topic

KMON_URL = "http://127.0.0.1:9308"
"""Where dashboards link to, unless they are exported with another URL: the default address of `kmon serve`."""

BOARDS = (overview.board, group.board, topic.board, brokers.board, newer_groups.board, itself.board)


def exported(kmon_url: str = KMON_URL) -> dict[str, str]:
    """The JSON of every dashboard by the name of its file."""
    return {f"{board.uid}.json": board.json(kmon_url) for board in (make() for make in BOARDS)}

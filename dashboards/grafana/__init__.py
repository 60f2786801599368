"""Grafana dashboards over kmon's metrics, as code.

They need the package grafana-foundation-sdk (the extra `grafana`), so that nothing else imports this package. Metric
names are written out here: a face does not import the exporter, and a test compares the names with its families.
"""

from pathlib import Path

from dashboards.grafana import brokers, group, itself, newer_groups, overview, topic

KMON_URL = "http://127.0.0.1:9308"
"""Where dashboards link to, unless they are exported with another URL: the default address of `kmon serve`."""

BOARDS = (overview.board, group.board, topic.board, brokers.board, newer_groups.board, itself.board)


def exported(kmon_url: str = KMON_URL) -> dict[str, str]:
    """The JSON of every dashboard by the name of its file."""
    return {f"{board.uid}.json": board.json(kmon_url) for board in (make() for make in BOARDS)}


def write(folder: Path, kmon_url: str = KMON_URL) -> list[Path]:
    """Write every dashboard to a folder, which is made if there is none; the paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in exported(kmon_url).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written

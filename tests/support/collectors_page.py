"""The table of docs/collectors.md, which collectors declare: `python tests/support/collectors_page.py` writes it."""

import re
from collections.abc import Iterable
from pathlib import Path

from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector

PAGE = Path(__file__).parents[2] / "docs" / "collectors.md"
HEAD = "| collector | provides | tables | requests | ACLs | how often | without it |\n|---|---|---|---|---|---|---|\n"


def page() -> str:
    """The whole page with the table as it is to be."""
    before, rows, after = re.split(rf"{re.escape(HEAD)}((?:\|.*\n)+)", PAGE.read_text(encoding="utf-8"))
    assert rows
    return f"{before}{HEAD}{''.join(map(_row, COLLECTORS))}{after}"


def _row(collector: type[Collector]) -> str:
    acls = ["none"] if collector.probes else [acl for each in collector.sends for acl in each.acls] or ["none"]
    cells = (
        f"`{collector.name}`",
        collector.provides,
        _unique(f"`{name}`" for name in collector.fills or ["capabilities"]),
        collector.beside
        or _unique(f"{each.api.name} v{each.api.oldest}" + _since(each.kafka) for each in collector.sends),
        _unique(acls),
        collector.often.format(every=collector.every_seconds),
        collector.without,
    )
    return f"| {' | '.join(cells)} |\n"


def _since(kafka: str) -> str:
    return f" (Kafka {kafka})" if kafka else ""


def _unique(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

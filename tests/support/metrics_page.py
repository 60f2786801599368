"""The tables of docs/metrics.md, every metric family in one: `python tests/support/metrics_page.py` writes them."""

import re
from collections.abc import Sequence
from pathlib import Path

from exporters.families import AGE_FAMILIES, ALERTING_FAMILIES, BUDGET_FAMILIES, CLUSTER_FAMILIES, PROCESS_FAMILIES
from exporters.families.alerts import CLUSTER_ALERT_FAMILIES
from exporters.families.broker_metrics import BROKER_METRICS_FAMILIES
from exporters.families.brokers import BROKER_FAMILIES
from exporters.families.cluster import CLUSTER_TOTALS, QUORUM_FAMILIES
from exporters.families.groups import GROUP_FAMILIES
from exporters.families.kmon import KMON_FAMILIES
from exporters.families.topics import PARTITION_FAMILIES, TOPIC_FAMILIES
from exporters.families.transactions import TRANSACTION_FAMILIES
from exporters.family import Family

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

TABLES: tuple[Sequence[Family], ...] = (
    GROUP_FAMILIES,
    TRANSACTION_FAMILIES,
    PARTITION_FAMILIES,
    TOPIC_FAMILIES,
    BROKER_FAMILIES,
    BROKER_METRICS_FAMILIES,
    QUORUM_FAMILIES,
    CLUSTER_TOTALS,
    (*KMON_FAMILIES, *BUDGET_FAMILIES, *AGE_FAMILIES),
    PROCESS_FAMILIES,
    (*CLUSTER_ALERT_FAMILIES, *ALERTING_FAMILIES),
)
"""The families of each table, in the order of the page."""

OF_CLUSTER = {*CLUSTER_FAMILIES, *BUDGET_FAMILIES}
HEAD = "| metric | type | labels | unit | from | ACLs | meaning |\n|---|---|---|---|---|---|---|\n"


def page(text: str) -> str:
    """The page `text` with its tables as the code has them."""
    parts = re.split(re.escape(HEAD) + r"(?:\|.*\n)*", text)
    assert len(parts) == len(TABLES) + 1, "the page has another number of tables"
    tables = ["".join([HEAD, *map(_row, families)]) for families in TABLES]
    return parts[0] + "".join(table + after for table, after in zip(tables, parts[1:], strict=True))


def _row(family: Family) -> str:
    labels = [*(["cluster"] if family in OF_CLUSTER else []), *family.label_names]
    cells = (
        f"`{family.name}`",
        family.type,
        ", ".join(f"`{each}`" for each in labels),
        family.unit,
        ", ".join(family.apis),
        ", ".join(family.acls),
        family.meaning,
    )
    return "| " + " | ".join(each or "–" for each in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

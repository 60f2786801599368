"""The table of alerts in docs/rules.md, from the catalogue: `python tests/support/catalogue_page.py` writes it."""

import re
from pathlib import Path

from alerts.catalogue import anchor, catalogue
from alerts.subject_rules import SubjectRule
from monitor.model.units import format_duration

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
ROWS = re.compile(r"(?<=\| alert \| on \| fires where \| for \| severity \|\n\|---\|---\|---\|---\|---\|\n)(\| .*\n)+")


def rows() -> str:
    """The rows of the table, a line each."""
    return "".join(map(_row, catalogue()))


def _row(rule: SubjectRule) -> str:
    name = f"[{rule.name}](runbooks.md#{anchor(rule.name)})"
    where = rule.text.replace("|", "\\|")
    severity = rule.severity if rule.enabled else f"{rule.severity}, off"
    return f"| {name} | {rule.subject.name} | `{where}` | {format_duration(rule.for_seconds)} | {severity} |\n"


if __name__ == "__main__":
    PAGE.write_text(ROWS.sub(lambda _: rows(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")

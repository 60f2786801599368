"""Results of the tour of the catalogue: as JSON, and as the table of docs/scorecard.md."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from alerts.catalogue import anchor, catalogue
from incidents.tour import Show, Shown
from incidents.tour_registry import SHOWS

RESULTS = Path(__file__).parents[2] / "data/catalogue_tour.json"
TABLE = re.compile(r"(?<=<!-- tour -->\n).*?(?=<!-- end of tour -->)", re.DOTALL)


def save(path: Path, shown: Sequence[Shown]) -> None:
    path.write_text(json.dumps([asdict(each) for each in shown], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[Shown]:
    """The results of a file that `save` wrote."""
    return [Shown(**each) for each in json.loads(path.read_text(encoding="utf-8"))]


def written(shown: Sequence[Shown], shows: Sequence[Show] = SHOWS) -> str:
    """The table: a row for each alert of the catalogue, in its order."""
    found = {each.alert: each for each in shown}
    titles = {each.name: each.title for each in shows}
    rows = []
    for rule in catalogue():
        one = found.get(rule.name)
        how = titles.get(one.show, "") if one else ""
        times = [_seconds(one.fired), _seconds(one.resolved)] if one else ["–", "–"]
        rows.append([f"[{rule.name}](runbooks.md#{anchor(rule.name)})", how, *times])
    head = ("alert", "trouble", "fired after", "resolved after")
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f} s"


def page_with(page: str, table: str) -> str:
    """A page with the table in the place that is marked for it. Raises ValueError where none is."""
    if not TABLE.search(page):
        raise ValueError("the page has no <!-- tour --> and <!-- end of tour -->")
    return TABLE.sub(lambda _: table, page)

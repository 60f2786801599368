"""The Grafana dashboards of deploy/grafana: their expressions, with values for variables, as Grafana queries them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "grafana"
BOARDS: Mapping[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}

Found = Mapping[frozenset[tuple[str, str]], float]
Query = Callable[[str], Found]


@dataclass(frozen=True)
class Target:
    """An expression of a panel of a dashboard."""

    board: str
    panel: str
    ref: str
    expression: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel} ({self.ref})"


def panels(board: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every panel, without the rows between them."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def targets() -> list[Target]:
    """Every expression of every panel."""
    return [
        Target(name, panel["title"], target["refId"], target["expr"])
        for name, board in BOARDS.items()
        for panel in panels(board)
        for target in panel["targets"]
    ]


def annotations() -> list[str]:
    """Every expression of an annotation, with the values of variables that match all."""
    found = [each["expr"] for board in BOARDS.values() for each in board["annotations"]["list"]]
    return [re.sub(r'="\$\w+"|=~"\$\w+"', '=~".+"', expression) for expression in found]


def asked(expression: str, values: Mapping[str, str]) -> str:
    """An expression with values for its variables, and one minute for the window of rates."""
    text = expression.replace("$__rate_interval", "1m")
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    assert "$" not in text, text
    return text


def choices(query: Query, board: str) -> list[dict[str, str]]:
    """Every choice of values that the variables of a dashboard offer, as their queries in Prometheus have them."""
    found: list[dict[str, str]] = [{}]
    for variable in BOARDS[board]["templating"]["list"]:
        if variable["type"] != "query":
            continue
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
        name = variable["name"]
        if variable["includeAll"]:
            found = [{**each, name: variable["allValue"]} for each in found]
        else:
            found = [{**each, name: dict(series)[label]} for each in found for series in query(asked(metric, each))]
    return found


def without_data(query: Query) -> list[Target]:
    """The targets without data for any choice of variables; all of a dashboard without choices. Fails on an error."""
    offered = {name: choices(query, name) for name in BOARDS}
    return [
        target
        for target in targets()
        if not any(query(asked(target.expression, each)) for each in offered[target.board])
    ]

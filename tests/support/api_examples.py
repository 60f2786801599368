"""The examples of docs/api.md; `python tests/support/api_examples.py` writes them as the code gives them now."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from details import detailed_snapshot
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from views import NOW, FixtureSource

from alerts.mutes import Mutes
from exporters.api import Api
from exporters.silencing_api import SilencingApi
from exporters.writes import Writes
from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.events.log import EventLog, log_events
from monitor.analysis.view import make_view
from monitor.model.silences import Acknowledgement, Matcher, Silence
from monitor.model.view import AlertRow, RuleRow, View

API_MD = Path(__file__).parents[2] / "docs" / "api.md"
PREFIX = "/api/v1"
EXAMPLE = re.compile(rf"^(### `GET (?P<path>{PREFIX}/\S+)`\n.*?```json\n)(?P<json>.*?)\n```$", re.MULTILINE | re.DOTALL)
ALERT = AlertRow(
    rule="under-min-isr",
    state="firing",
    severity="critical",
    labels=(("topic", "payments"),),
    summary="payments-0 has 1 replica in sync",
    value=1.0,
    active_since=NOW - 130,
    firing_since=NOW - 10,
    silenced_by=("3f9a1c0d5e7b2468",),
    acknowledged_by="ben",
)
RULE = RuleRow(
    rule="under-min-isr",
    on="partition",
    condition="isr_missing > 0",
    for_seconds=120.0,
    severity="critical",
    mode="send",
    source="/etc/kmon/rules/brokers.yaml:4:9",
    firing=1,
)
WIDTH = 110


def changed_view() -> View:
    """The detailed shop after a poll in which group ledger was further: its offsets were reset since."""
    now, before, log = detailed_snapshot(), detailed_snapshot(-1), EventLog()
    commits = before.commits
    further = commits.committed_offset + 700 * (commits.group == before.groups.group.tolist().index("ledger"))
    for each in (replace(before, commits=replace(commits, committed_offset=further)), now):
        log = log_events(log, each, derive_lag(each)[0])
    return replace(make_view(now, alerts=(ALERT,), changes=log.changes), rules=(RULE,))


class Silenced(Mutes):
    """A silence and an acknowledgement that are always the same."""

    def silences(self) -> tuple[Silence, ...]:
        matchers = (Matcher("cluster", "=", "demo"), Matcher("topic", "=~", "pay.*"))
        return (Silence("3f9a1c0d5e7b2468", matchers, NOW - 600, NOW + 3_000, "ana", "broker 4 is being replaced"),)

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        return (Acknowledgement(ALERT.labels, "ben", "looking into it", NOW - 5),)


def api_router() -> APIRouter:
    """The JSON API over the detailed shop, one and a half seconds after its poll."""
    source = FixtureSource(changed_view())
    router = Api([source], lambda: NOW + 1.5).router()
    router.routes.extend(SilencingApi([source], Silenced(), Writes(), lambda: NOW + 1.5).router().routes)
    return router


def api_client() -> TestClient:
    app = FastAPI()
    app.include_router(api_router(), prefix=PREFIX)
    return TestClient(app)


def example(answer: Any) -> str:
    """An answer as the document shows it: of every list of objects only the first, and short things in one line."""
    return _pretty(_cut(answer), 0)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_cut(each) for each in (value[:1] if value and isinstance(value[0], dict) else value)]
    return value


def _pretty(value: Any, depth: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if (depth and len(line) <= WIDTH) or not isinstance(value, dict | list):
        return line
    start, end = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict):
        fields = (f"{json.dumps(key)}: {_pretty(each, depth + 1)}" for key, each in value.items())
        return f"{{{start}{f',{start}'.join(fields)}{end}}}"
    return f"[{start}{f',{start}'.join(_pretty(each, depth + 1) for each in value)}{end}]"


def told() -> Iterator[tuple[str, str]]:
    """Path and example of every path in the document."""
    for each in EXAMPLE.finditer(API_MD.read_text()):
        yield each["path"], each["json"]


def written() -> str:
    """The document with the examples as they are now."""
    client = api_client()
    return EXAMPLE.sub(lambda each: f"{each[1]}{example(client.get(each['path']).json())}\n```", API_MD.read_text())


if __name__ == "__main__":
    API_MD.write_text(written())

"""Rules run over remembered polls by the API: what it answers, and whom it refuses."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from views import NOW, FixtureSource, shop_view

from exporters.preview_api import PreviewApi
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from exporters.writes import MAX_BYTES, Writes
from monitor.poll.source import Source
from monitor.settings.errors import SettingsError

FILES = {"files": {"rules.yaml": "groups: []"}}


class Kmon:
    """The API of a kmon with these clusters; `asked` has what it was to run."""

    def __init__(self, *clusters: str) -> None:
        sources = [FixtureSource(shop_view(), cluster=name) for name in clusters]
        self.asked: list[tuple[str, Mapping[str, str], float]] = []
        api = PreviewApi(sources, self._run, Writes(), lambda: NOW)
        app = create_server(sources, MetricsPage(sources), previews=api)
        self.client = TestClient(app, base_url="http://localhost:9308")

    def _run(self, source: Source, files: Mapping[str, str], since: float) -> dict[str, Any]:
        self.asked.append((source.cluster, files, since))
        if "wrong" in files:
            raise SettingsError("wrong:1:1: first", "wrong:2:1: second")
        return {"polls": 3}

    def ask(self, body: Any = FILES, query: str = "", **headers: str) -> Response:
        content = body if isinstance(body, str) else json.dumps(body)
        given = {"Content-Type": "application/json", **{name.replace("_", "-"): each for name, each in headers.items()}}
        return self.client.post(f"/api/v1/rules/preview{query}", content=content, headers=given)


def test_it_runs_the_files_over_the_polls_of_the_only_cluster() -> None:
    kmon = Kmon("demo")
    answer = kmon.ask()
    assert (answer.status_code, answer.json()) == (200, {"cluster": "demo", "polls": 3})
    assert kmon.asked == [("demo", FILES["files"], 0.0)]


def test_it_takes_a_cluster_and_how_far_back() -> None:
    kmon = Kmon("one", "two")
    assert kmon.ask(query="?cluster=two&seconds=600").json()["cluster"] == "two"
    assert kmon.asked == [("two", FILES["files"], NOW - 600)]


@pytest.mark.parametrize(
    ("body", "query", "status", "detail"),
    [
        ({"files": {"wrong": "", "rules.yaml": ""}}, "?cluster=one", 400, "wrong:1:1: first\nwrong:2:1: second"),
        ({"files": ["rules.yaml"]}, "?cluster=one", 400, "files: "),
        ({"file": {}}, "?cluster=one", 400, "files: Field required"),
        ("no json", "?cluster=one", 400, "body: "),
        ({"files": {"large": "x" * MAX_BYTES}}, "?cluster=one", 413, "has more than"),
        (FILES, "", 400, "choose one with ?cluster=: one, two"),
        (FILES, "?cluster=three", 404, "no such cluster"),
        (FILES, "?cluster=one&seconds=0", 400, "seconds: "),
        (FILES, "?cluster=one&seconds=nan", 400, "seconds: "),
        (FILES, "?cluster=one&hours=1", 400, "unknown parameter hours"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(body: Any, query: str, status: int, detail: str) -> None:
    answer = Kmon("one", "two").ask(body, query)
    assert (answer.status_code, answer.json()["detail"].startswith(detail)) == (status, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Origin": "http://localhost:9308"}, 200),
    ],
)
def test_pages_of_other_sites_may_not_ask(headers: Mapping[str, str], status: int) -> None:
    kmon = Kmon("demo")
    assert kmon.ask(**headers).status_code == status
    assert len(kmon.asked) == (status == 200)

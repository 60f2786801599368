"""Requests of callbacks: one build a View for all viewers, off the event loop, and garbage is refused."""

import json
import threading
from typing import Any
from urllib.request import Request, urlopen

import pytest
from chromium_page import served
from dash_client import DashClient, outputs_of
from views import NOW, FixtureSource, shop_view

from dashboards.app import create_app
from dashboards.callbacks import MOST_BYTES, PATH
from dashboards.pages import groups
from monitor.model.view import View

SEEN = {"cluster": "demo", "time": NOW}


def client_of(*sources: FixtureSource) -> DashClient:
    return DashClient(create_app(sources, lambda: NOW).server)


def test_what_a_page_shows_is_built_once_a_view_whoever_asks_and_off_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[tuple[float, str]] = []
    make = groups.rows

    def counted(view: View) -> Any:
        built.append((view.time, threading.current_thread().name))
        return make(view)

    monkeypatch.setattr(groups, "rows", counted)
    source = FixtureSource(shop_view(0))
    client = client_of(source)
    answers = [
        client.call("groups-feed.data", view_data=SEEN, url_search=search, groups_note_data_made=None)
        for search in ("", "?q=ledger", "?sort=-lag")
    ]
    assert answers[0] == answers[1] == answers[2] is not None
    source.show(shop_view(1))
    client.call("groups-feed.data", view_data=SEEN, url_search="")
    assert [time for time, _ in built] == [NOW, NOW + 10]
    assert all(name.startswith("dashboard") for _, name in built)


def test_a_part_that_is_as_before_does_not_travel_again() -> None:
    source = FixtureSource(shop_view(0))
    client = client_of(source)
    first = client.call("brokers-note.children", view_data=SEEN)
    assert first is not None
    source.show(shop_view(1))
    then = client.call(
        "brokers-note.children", view_data=SEEN, brokers_note_data_made=first["brokers-note"]["data-made"]
    )
    assert then is not None
    assert "brokers-disks" in first
    assert "brokers-disks" not in then
    assert then["brokers-feed"]["data"]["rows"] == []
    assert json.loads(then["brokers-note"]["data-made"])[1] == NOW + 10


def test_the_server_answers_others_while_a_page_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    building, go_on = threading.Event(), threading.Event()

    def slow(_view: View) -> Any:
        building.set()
        assert go_on.wait(20)
        return None

    monkeypatch.setattr(groups, "note", slow)
    with served(FixtureSource(shop_view())) as base:
        client = client_of(FixtureSource(shop_view()))
        callback = next(each for each in client.callbacks if "groups-feed.data" in outputs_of(each))
        body = {"output": callback["output"], "inputs": callback["inputs"], "state": callback["state"]}
        body["inputs"][0]["value"] = SEEN
        answers: list[int] = []

        def ask() -> None:
            with urlopen(Request(base + PATH, json.dumps(body).encode()), timeout=20) as answer:
                answers.append(answer.status)

        viewers = [threading.Thread(target=ask) for _ in range(3)]
        for each in viewers:
            each.start()
        assert building.wait(20)
        with urlopen(f"{base}/assets/favicon.svg", timeout=10) as answer:
            assert answer.status == 200
        assert answers == []
        go_on.set()
        for each in viewers:
            each.join(20)
        assert answers == [200, 200, 200]


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"output": "no.such", "inputs": []}',
        b'{"output": [], "inputs": []}',
        b'{"output": "content.children", "inputs": 3}',
        b'{"output": "view.data...", "inputs": [{"id": "url"}]}',
        b"[" * 100_000,
    ],
    ids=lambda each: repr(each[:40]),
)
def test_garbage_is_refused(garbage: bytes) -> None:
    assert client_of(FixtureSource(shop_view())).http.post(PATH, content=garbage).status_code == 400


def test_values_of_the_wrong_type_and_large_bodies_are_refused() -> None:
    client = client_of(FixtureSource(shop_view()))
    callback = next(each for each in client.callbacks if "content.children" in outputs_of(each))
    body = {"output": callback["output"], "inputs": callback["inputs"], "state": callback["state"]}
    assert client.http.post(PATH, json=body).status_code == 200
    body["inputs"][0]["value"] = 3
    assert client.http.post(PATH, json=body).status_code == 400
    assert client.http.post(PATH, content=b" " * (MOST_BYTES + 1)).status_code == 413
    marked = client.call("groups-feed.data", view_data=SEEN, groups_note_data_made='[["demo"], {}, 1]')
    assert marked is not None
    assert marked["groups-feed"]["data"]["whole"] is True

"""A request that Dash cannot understand gets an answer that says so, and one line in the log however often it comes."""

import logging

import pytest
from fastapi.testclient import TestClient
from views import FixtureSource, shop_view

from dashboards import fill
from dashboards.app import create_app

UPDATE = "/_dash-update-component"


@pytest.mark.parametrize("body", ["{", "[]", "", "{}", '{"output": "nosuch.children", "inputs": []}'])
def test_garbage_to_callbacks_is_a_bad_request(body: str, caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(create_app([FixtureSource(shop_view())]).server)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            answer = client.post(UPDATE, content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()) == (400, {"detail": "not a request of this dashboard"})
    assert caplog.messages == []


def test_a_script_that_is_not_there_is_not_found(caplog: pytest.LogCaptureFixture) -> None:
    client = TestClient(create_app([FixtureSource(shop_view())]).server)
    for name in ("dash/nosuch.js", "nosuch/a.js", "dash/..%2f..%2fetc/passwd"):
        assert client.get(f"/_dash-component-suites/{name}").status_code == 404
    assert caplog.messages == ["404 to a request from testclient to /_dash-component-suites: DependencyException"]


def test_what_a_callback_raises_is_logged_whole_and_is_no_fault_of_the_request(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no view")

    monkeypatch.setattr(fill, "newest", broken)
    client = TestClient(create_app([FixtureSource(shop_view())]).server)
    callback = next(each for each in client.get("/_dash-dependencies").json() if "groups-feed" in each["output"])
    ids = [each.rpartition(".") for each in callback["output"].strip(".").split("...")]
    body = {
        "output": callback["output"],
        "outputs": [{"id": name, "property": part} for name, _, part in ids],
        "inputs": [{**each, "value": {"time": 1.0} if each["id"] == "view" else None} for each in callback["inputs"]],
        "state": [{**each, "value": None} for each in callback["state"]],
        "changedPropIds": ["view.data"],
    }
    answer = client.post(UPDATE, json=body)
    assert answer.status_code < 400
    (record,) = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no view"

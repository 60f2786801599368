"""Silences and acknowledgements by the API: who may change them, what is refused, and what a change does."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr
from views import NOW, FixtureSource, shop_view

from alerts.mutes import Mutes
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from exporters.silencing_api import SilencingApi
from exporters.writes import MAX_BYTES, Writes
from monitor.analysis.view import with_alerts
from monitor.model.fingerprint import fingerprint
from monitor.model.view import AlertRow
from monitor.settings.security import FileSecret

TOKEN = "0123456789abcdef"
SECRET = SecretStr(TOKEN)
LABELS = (("alertname", "Lag"), ("cluster", "demo"), ("group", "pay"), ("severity", "page"))
FINGERPRINT = fingerprint(LABELS)
SILENCE = {"matchers": ["group=pay"], "duration_seconds": 60, "created_by": "me", "comment": "known"}
ACK = {"fingerprint": FINGERPRINT, "created_by": "me"}


class Clock:
    def time(self) -> float:
        return NOW


class Kmon:
    """The API of a kmon on which one alert fires, and a client of it that has the token."""

    def __init__(self, token: SecretStr | None = SECRET, external_url: str | None = None) -> None:
        alert = AlertRow("Lag", "firing", "page", LABELS, "pay is behind", 70.0, NOW, NOW)
        pending = AlertRow("Late", "pending", "page", (("group", "b"),), "b is late", 70.0, NOW)
        source = FixtureSource(with_alerts(shop_view(), (alert, pending)))
        self.mutes = Mutes(clock=Clock())
        api = SilencingApi([source], self.mutes, Writes(token, external_url), lambda: NOW)
        app = create_server([source], MetricsPage([source]), silencing=api)
        self.client = TestClient(app, base_url="http://localhost:9308")

    def send(self, method: str, path: str, body: Any = None, **headers: Any) -> Response:
        given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, str) else None if body is None else json.dumps(body)
        return self.client.request(
            method,
            f"/api/v1/{path}",
            content=content,
            headers={name: value for name, value in {**given, **named}.items() if value is not None},
        )

    @property
    def unchanged(self) -> bool:
        return (self.mutes.silences(), self.mutes.acknowledgements()) == ((), ())


@pytest.fixture
def kmon() -> Kmon:
    return Kmon()


def test_a_silence_is_added_listed_and_expired(kmon: Kmon) -> None:
    answer = kmon.send("POST", "silences", SILENCE)
    assert answer.status_code == 201
    made = answer.json()
    assert made["kept"] is False  # this kmon has no file
    assert made["silence"] == {
        "id": made["silence"]["id"],
        "matchers": ['group="pay"'],
        "starts_at": NOW,
        "ends_at": NOW + 60,
        "created_by": "me",
        "comment": "known",
        "state": "active",
    }
    assert kmon.client.get("/api/v1/silences").json()["silences"] == [made["silence"]]
    ended = kmon.send("DELETE", f"silences/{made['silence']['id']}")
    assert (ended.status_code, ended.json()["silence"]["state"]) == (200, "expired")
    assert kmon.send("DELETE", "silences/none").status_code == 404


def test_a_silence_may_have_a_start_and_an_end(kmon: Kmon) -> None:
    body = {**SILENCE, "duration_seconds": None, "starts_at": NOW + 5, "ends_at": NOW + 9}
    assert kmon.send("POST", "silences", body).json()["silence"]["state"] == "pending"
    body = {**SILENCE, "starts_at": NOW + 5}
    assert kmon.send("POST", "silences", body).json()["silence"]["ends_at"] == NOW + 65


def test_an_alert_is_acknowledged_by_its_fingerprint_and_that_withdrawn(kmon: Kmon) -> None:
    (row, _) = kmon.client.get("/api/v1/alerts").json()["alerts"]
    assert row["fingerprint"] == FINGERPRINT
    answer = kmon.send("POST", "acknowledgements", ACK)
    assert answer.status_code == 201
    (found,) = kmon.mutes.acknowledgements()
    assert (found.labels, found.created_by) == (LABELS, "me")
    (listed,) = kmon.client.get("/api/v1/acknowledgements").json()["acknowledgements"]
    assert listed == answer.json()["acknowledgement"]
    assert kmon.send("DELETE", f"acknowledgements/{FINGERPRINT}").status_code == 200
    assert kmon.send("DELETE", f"acknowledgements/{FINGERPRINT}").status_code == 404
    assert kmon.unchanged


@pytest.mark.parametrize("which", ["0" * 16, fingerprint((("group", "b"),)), ""])
def test_only_an_alert_that_fires_can_be_acknowledged(kmon: Kmon, which: str) -> None:
    answer = kmon.send("POST", "acknowledgements", {**ACK, "fingerprint": which})
    assert (answer.status_code, kmon.unchanged) == (404, True)


CHANGES = [
    ("POST", "silences", SILENCE),
    ("DELETE", "silences/1", None),
    ("POST", "acknowledgements", ACK),
    ("DELETE", f"acknowledgements/{FINGERPRINT}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer 0123456789abcdee"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": b"Bearer \xe9"}, 401),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:9309"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
def test_who_may_not_change_anything_is_told_why(
    kmon: Kmon, method: str, path: str, body: Any, headers: dict[str, Any], status: int
) -> None:
    answer = kmon.send(method, path, body, **headers)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert TOKEN not in answer.text
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert kmon.unchanged


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_without_a_token_in_the_settings_nothing_can_be_changed(method: str, path: str, body: Any) -> None:
    kmon = Kmon(token=None)
    answer = kmon.send(method, path, body)
    assert (answer.status_code, kmon.unchanged) == (403, True)
    assert "api.token_file" in answer.json()["detail"]


@pytest.mark.parametrize(
    "origin", [None, "http://localhost:9308", "https://kmon.example.com"], ids=["none", "host", "external_url"]
)
def test_pages_of_kmon_may(origin: str | None) -> None:
    kmon = Kmon(external_url="https://kmon.example.com/kmon")
    assert kmon.send("POST", "silences", SILENCE, Origin=origin).status_code == 201


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        ("{", {}, 400, "body"),
        ("[]", {}, 400, "body"),
        ("", {}, 400, "body"),
        ({**SILENCE, "matchers": "group=pay"}, {}, 400, "matchers"),
        ({**SILENCE, "matchers": []}, {}, 400, "matchers"),
        ({**SILENCE, "matchers": ["group=~("]}, {}, 400, "RE2"),
        ({**SILENCE, "created_by": ""}, {}, 400, "created_by"),
        ({**SILENCE, "duration_seconds": "60"}, {}, 400, "duration_seconds"),
        ({**SILENCE, "duration_seconds": -1}, {}, 400, "ends_at"),
        ({**SILENCE, "ends_at": NOW + 9}, {}, 400, "either"),
        ({**SILENCE, "owner": "x"}, {}, 400, "owner"),
        (
            '{"matchers": ["a=b"], "created_by": "x", "comment": "x", "duration_seconds": NaN}',
            {},
            400,
            "duration_seconds",
        ),
        (" " * MAX_BYTES + "{}", {}, 413, "bytes"),
        (SILENCE, {"Content_Type": "text/plain"}, 415, "application/json"),
        (SILENCE, {"Content_Type": None}, 415, "application/json"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(
    kmon: Kmon, body: Any, headers: dict[str, str], status: int, detail: str
) -> None:
    answer = kmon.send("POST", "silences", body, **headers)
    assert answer.status_code == status
    assert detail in answer.json()["detail"]
    assert kmon.unchanged


def test_a_token_in_a_file_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("another-token-0123")
    kmon = Kmon(token=FileSecret(path))
    assert kmon.send("POST", "silences", SILENCE).status_code == 401
    path.write_text(f"{TOKEN}\n")
    assert kmon.send("POST", "silences", SILENCE).status_code == 201
    path.unlink()
    assert kmon.send("POST", "silences", SILENCE).status_code == 503


def test_a_parameter_that_a_path_does_not_have_is_refused(kmon: Kmon) -> None:
    assert kmon.client.get("/api/v1/silences?cluster=demo").status_code == 400


def test_alerts_are_listed_with_what_mutes_them_now_and_not_at_the_last_poll() -> None:
    kmon = Kmon()
    assert kmon.send("POST", "acknowledgements", ACK).status_code == 201
    assert kmon.send("POST", "silences", SILENCE).status_code == 201
    first, second = kmon.send("GET", "alerts").json()["alerts"]
    assert (first["marks"], second["marks"]) == (["silenced", "acknowledged by me"], [])
    assert kmon.send("DELETE", f"acknowledgements/{FINGERPRINT}").status_code == 200
    assert kmon.send("GET", "alerts").json()["alerts"][0]["marks"] == ["silenced"]

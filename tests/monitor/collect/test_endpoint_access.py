"""Logins and certificates of metrics endpoints: passwords and tokens are sent, and files are read for each GET."""

import ssl
from base64 import b64encode
from pathlib import Path

import pytest
from certificates import Authority
from metrics_endpoint import GUARD_SECONDS, MetricsEndpoint, exporter_text
from pydantic import SecretStr, ValidationError

from monitor.collect.endpoints.fetch import Fetch
from monitor.collect.endpoints.names import KNOWN_NAMES
from monitor.collect.endpoints.text import Figures, Reader
from monitor.model.reasons import Reason
from monitor.settings.broker_metrics import BrokerMetricsSettings
from monitor.settings.security import FileSecret


def fetched(url: str, settings: BrokerMetricsSettings) -> Figures | Reason:
    fetch = Fetch(url, GUARD_SECONDS, 1 << 20, Reader(KNOWN_NAMES).read, access=settings.endpoints.access)
    fetch.wait()
    assert fetch.response is not None
    return fetch.response.figures


@pytest.mark.parametrize(
    ("settings", "login"),
    [
        (BrokerMetricsSettings(), None),
        (
            BrokerMetricsSettings(username="kmon", password=SecretStr("p:ä")),
            f"Basic {b64encode('kmon:p:ä'.encode()).decode()}",
        ),
        (BrokerMetricsSettings(bearer_token=SecretStr("t0ken\n")), "Bearer t0ken"),
    ],
)
def test_an_endpoint_is_sent_the_login_of_the_settings(settings: BrokerMetricsSettings, login: str | None) -> None:
    with MetricsEndpoint(exporter_text()) as endpoint:
        assert isinstance(fetched(endpoint.url, settings), Figures)
    assert endpoint.logins == [login]


def test_a_login_is_not_sent_to_where_an_endpoint_redirects() -> None:
    settings = BrokerMetricsSettings(bearer_token=SecretStr("t0ken"))
    with MetricsEndpoint(exporter_text()) as other, MetricsEndpoint(status=302) as endpoint:
        endpoint.headers["Location"] = other.url
        assert isinstance(fetched(endpoint.url, settings), Reason)
    assert other.logins == []


def test_a_token_is_read_for_each_request(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    settings = BrokerMetricsSettings(bearer_token=FileSecret(file))
    with MetricsEndpoint(exporter_text()) as endpoint:
        fetched(endpoint.url, settings)
        file.write_text("new\n")
        fetched(endpoint.url, settings)
        file.unlink()
        gone = fetched(endpoint.url, settings)
    assert endpoint.logins == ["Bearer old", "Bearer new"]
    assert isinstance(gone, Reason)
    assert f"{file}: " in gone.detail


def test_a_token_that_no_header_can_have_is_refused_and_not_repeated() -> None:
    with MetricsEndpoint(exporter_text()) as endpoint:
        found = fetched(endpoint.url, BrokerMetricsSettings(bearer_token=SecretStr("se\ncret")))
    assert isinstance(found, Reason)
    assert "bearer_token" in found.detail
    assert "cret" not in found.detail


def test_the_certificate_of_an_endpoint_is_checked(tmp_path: Path) -> None:
    authority, context = Authority("kmon test"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("broker", ["127.0.0.1"]).write(tmp_path, "broker"))
    file = tmp_path / "ca.pem"
    file.write_text(authority.pem)
    trusting = BrokerMetricsSettings(ssl_cafile=str(file))
    with MetricsEndpoint(exporter_text(), tls=context) as endpoint:
        assert isinstance(fetched(endpoint.url, trusting), Figures)
        unknown = fetched(endpoint.url, BrokerMetricsSettings())
        file.write_text("no certificate")
        wrong = fetched(endpoint.url, trusting)
    assert isinstance(unknown, Reason)
    assert "certificate" in str(unknown)
    assert isinstance(wrong, Reason)
    assert wrong.detail == f"{file}: is not PEM: it has no line -----BEGIN …-----"
    assert len(endpoint.gets) == 1


@pytest.mark.parametrize(
    "given", [{"username": "a"}, {"password": "b"}, {"username": "a", "password": "b", "bearer_token": "c"}]
)
def test_a_login_is_whole_and_of_one_kind(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="username and password"):
        BrokerMetricsSettings.model_validate(given)

"""A real Kafka with TLS, SASL and an authorizer: every way in, what is said at closed doors, renewed credentials."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from certificates import Authority
from kafka.admin import ConfigResource, ConfigResourceType
from kafka_cluster import commit, make_topic, produce, unique, wait_until
from real_kmon import rows_of, settings_of
from secure_cluster import KMON_NEEDS, SCRAM, SecureKafka, unsigned_token
from token_endpoint import TokenEndpoint, said

from monitor.model.view import View
from monitor.poll.poller import poll_once
from monitor.settings import load
from monitor.settings.security import FileSecret, SecuritySettings

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def lagging(secure_kafka: SecureKafka) -> tuple[str, str]:
    """A topic and a group that is two records behind."""
    topic, group = make_topic(secure_kafka.cluster, "secure"), unique("secure-group")
    produce(secure_kafka.cluster, topic, count=3)
    commit(secure_kafka.cluster, group, {(topic, 0): 1})
    return topic, group


def hold(view: View, lagging: tuple[str, str]) -> None:
    """The poll was answered in full."""
    topic, group = lagging
    assert view.up, view.snapshot.error
    assert rows_of(view, group)[topic, 0]["lag"] == 2


def error(secure: SecureKafka, listener: str, **security: Any) -> str:
    """What one poll says that is refused at a listener, without the address."""
    bootstrap = secure.bootstrap(listener)
    view = poll_once(settings_of(bootstrap, security=SecuritySettings(**security)))
    assert not view.up
    assert "\n" not in view.snapshot.error
    assert view.snapshot.error.startswith(f"{bootstrap}: ")
    return view.snapshot.error.removeprefix(f"{bootstrap}: ")


# -------------------------------------------------------------------- every way in


@pytest.mark.parametrize(
    ("listener", "mechanism"),
    [("SASL", SCRAM[0]), ("SASL", SCRAM[1]), ("SASL", "PLAIN"), ("MTLS", None), ("OAUTH", "OAUTHBEARER")],
)
def test_every_way_in_shows_the_same(
    secure_kafka: SecureKafka, lagging: tuple[str, str], listener: str, mechanism: str | None
) -> None:
    security = secure_kafka.security("watcher", listener, sasl_mechanism=mechanism)
    with secure_kafka.polling("watcher", listener, security=security) as poller:
        view = poller.poll()
        hold(view, lagging)
        assert view.complete


def test_kafkas_own_client_properties_open_the_door(secure_kafka: SecureKafka, lagging: tuple[str, str]) -> None:
    path = secure_kafka.client_properties("watcher")
    hold(poll_once(load(None, {"KMON_REQUEST_TIMEOUT": "10s"}, command_config=path).settings.cluster), lagging)


def test_a_user_name_with_commas_logs_in(secure_kafka: SecureKafka, lagging: tuple[str, str]) -> None:
    user = secure_kafka.make_user("CN=kmon,O=x", *KMON_NEEDS)
    with secure_kafka.polling(user) as poller:
        hold(poller.poll(), lagging)


def test_tokens_of_an_endpoint_open_the_door(secure_kafka: SecureKafka, lagging: tuple[str, str]) -> None:
    """Polls on one connection take one token."""
    with TokenEndpoint(lambda: said(200, access_token=unsigned_token("watcher"), expires_in=3600)) as endpoint:
        security = secure_kafka.security("watcher", "OAUTH", oauth_token_file=None, **oauth(endpoint))
        with secure_kafka.polling("watcher", "OAUTH", security=security) as poller:
            for _ in range(3):
                hold(poller.poll(), lagging)
    assert endpoint.forms == [{"grant_type": "client_credentials", "scope": "kafka"}]


def oauth(endpoint: TokenEndpoint, secret: str = "client-secret") -> dict[str, str]:
    return {
        "oauth_token_endpoint": endpoint.url,
        "oauth_client_id": "kmon",
        "oauth_client_secret": secret,
        "oauth_scope": "kafka",
    }


def test_connections_outlive_their_tokens(secure_kafka: SecureKafka, lagging: tuple[str, str]) -> None:
    """The broker has a connection log in again before its token ends, which takes a new token and breaks no poll."""
    with TokenEndpoint(lambda: said(200, access_token=unsigned_token("watcher", seconds=5), expires_in=5)) as endpoint:
        security = secure_kafka.security("watcher", "OAUTH", oauth_token_file=None, **oauth(endpoint))
        with secure_kafka.polling("watcher", "OAUTH", security=security) as poller:

            def polled() -> int:
                hold(poller.poll(), lagging)
                return len(endpoint.forms)

            wait_until(lambda: polled() >= 2, "a renewed token")


# -------------------------------------------------------------------- closed doors

INVALID = "authentication failed: invalid credentials with SASL mechanism "
REFUSED = "TLS handshake failed: the broker rejected kmon's certificate"


@pytest.mark.parametrize("mechanism", SCRAM)
@pytest.mark.parametrize("user", ["watcher", "stranger"])
def test_a_wrong_password_and_an_unknown_user(secure_kafka: SecureKafka, mechanism: str, user: str) -> None:
    security = tls(secure_kafka, "SASL_SSL", sasl_mechanism=mechanism, username=user, password="wrong-horse")
    assert error(secure_kafka, "SASL", **security) == INVALID + mechanism


def tls(secure: SecureKafka, protocol: str, **more: Any) -> dict[str, Any]:
    return {"protocol": protocol, "ssl_cafile": str(secure.ca_file), **more}


PLAIN = {"sasl_mechanism": "PLAIN", "username": "watcher", "password": "wrong-horse"}


@pytest.mark.parametrize(
    ("listener", "protocol", "login", "words"),
    [
        ("SASL", "SASL_SSL", PLAIN, "authentication failed: Invalid username or password"),
        ("OAUTH", "SASL_SSL", PLAIN, "authentication failed: the listener does not support this sasl_mechanism"),
        ("SASL", "SSL", {}, "connection lost: socket disconnected; a SASL listener closes connections like this"),
        ("MTLS", "SSL", {}, "TLS handshake failed: the broker requires a client certificate: set ssl_certfile"),
        ("MTLS", "SASL_SSL", PLAIN, "TLS handshake failed: the broker requires a client certificate: set ssl_certfile"),
        ("ADMIN", "SSL", {}, "speaks plaintext, but security.protocol is SSL"),
    ],
)
def test_the_wrong_protocol_or_mechanism(
    secure_kafka: SecureKafka, listener: str, protocol: str, login: dict[str, str], words: str
) -> None:
    assert error(secure_kafka, listener, **tls(secure_kafka, protocol, **login)).startswith(words)


@pytest.mark.parametrize(
    ("listener", "settings", "words"),
    [
        ("SASL", {"protocol": "PLAINTEXT"}, "speaks TLS, but security.protocol is PLAINTEXT"),
        ("SASL", {"protocol": "SASL_PLAINTEXT", **PLAIN}, "speaks TLS, but security.protocol is SASL_PLAINTEXT"),
        ("ADMIN", {"protocol": "SASL_PLAINTEXT", **PLAIN}, "authentication failed: the listener does not use SASL"),
    ],
)
def test_plaintext_where_it_is_not_wanted(
    secure_kafka: SecureKafka, listener: str, settings: dict[str, Any], words: str
) -> None:
    assert error(secure_kafka, listener, **settings).startswith(words)


@pytest.mark.parametrize("fault", ["expired", "of a stranger"])
def test_a_client_certificate_that_is_refused(secure_kafka: SecureKafka, tmp_path: Path, fault: str) -> None:
    authority, days = (secure_kafka.authority, -3) if fault == "expired" else (Authority("another"), 3)
    cert, key = authority.issue("watcher", days=days).write(tmp_path, "client")
    security = tls(secure_kafka, "SSL", ssl_certfile=str(cert), ssl_keyfile=str(key))
    assert error(secure_kafka, "MTLS", **security).startswith(REFUSED)


def test_a_broker_of_an_unknown_authority(secure_kafka: SecureKafka, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    other.write_text(Authority("another").pem)
    login = {"sasl_mechanism": SCRAM[0], "username": "watcher", "password": "watcher-secret"}
    for cafile in ({"ssl_cafile": str(other)}, {}):
        said_of_it = error(secure_kafka, "SASL", protocol="SASL_SSL", **login, **cafile)
        assert said_of_it.startswith("TLS handshake failed: certificate verify failed")
        assert said_of_it.endswith("ssl_cafile does not contain the broker's authority")


def test_a_broker_of_another_name(secure_kafka: SecureKafka) -> None:
    bootstrap = secure_kafka.bootstrap().replace("127.0.0.1", "localhost")
    view = poll_once(settings_of(bootstrap, security=secure_kafka.security()))
    assert "certificate verify failed: Hostname mismatch" in view.snapshot.error
    assert "'localhost'" in view.snapshot.error


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (
            unsigned_token("watcher", seconds=-60),
            "authentication failed: the broker rejected the token: invalid_token: it expired at 20",
        ),
        ("garbled", "authentication failed: the broker rejected the token: invalid_token"),
        ("two words", "authentication failed: {}: holds no bearer token"),
        ("", "authentication failed: {}: is empty"),
    ],
    ids=["expired", "garbled", "words", "empty"],
)
def test_a_token_that_is_refused(secure_kafka: SecureKafka, tmp_path: Path, token: str, words: str) -> None:
    path = tmp_path / "token"
    path.write_text(token)
    security = tls(secure_kafka, "SASL_SSL", sasl_mechanism="OAUTHBEARER", oauth_token_file=str(path))
    line = error(secure_kafka, "OAUTH", **security)
    assert line.startswith(words.format(path))
    assert token == "" or token not in line


def test_a_client_secret_that_is_refused(secure_kafka: SecureKafka) -> None:
    with TokenEndpoint(lambda: said(200)) as endpoint:
        security = tls(secure_kafka, "SASL_SSL", sasl_mechanism="OAUTHBEARER", **oauth(endpoint, "wrong-horse"))
        line = error(secure_kafka, "OAUTH", **security)
    assert line.startswith(f"authentication failed: token endpoint {endpoint.url}: HTTP 401 invalid_client")


def test_a_refused_login_is_tried_once_in_several_polls(secure_kafka: SecureKafka) -> None:
    """Brokers and directories lock accounts."""
    log = secure_kafka.cluster.logs / "broker-1.log"
    user = secure_kafka.make_user("locked")
    security = secure_kafka.security(user, password="wrong-horse")
    before = log.read_text().count("Failed authentication")
    with secure_kafka.polling(user, security=security) as poller:
        for _ in range(4):
            assert INVALID in poller.poll().snapshot.error
    # One more, that the broker's log is written to the end.
    poll_once(secure_kafka.settings(user, security=security))
    wait_until(lambda: log.read_text().count("Failed authentication") >= before + 2, "both refusals in the log")
    assert log.read_text().count("Failed authentication") == before + 2


# -------------------------------------------------------------------- renewed while kmon runs


def test_a_password_that_is_changed_in_its_file(
    secure_kafka: SecureKafka, lagging: tuple[str, str], tmp_path: Path
) -> None:
    user = secure_kafka.make_user("renewed", *KMON_NEEDS)
    path = tmp_path / "password"
    path.write_text(secure_kafka.passwords[user] + "\n")
    security = secure_kafka.security(user, password=FileSecret(path))
    with secure_kafka.polling(user, security=security) as poller:
        hold(poller.poll(), lagging)
        secure_kafka.set_password(user, "another-secret")
        hold(poller.poll(), lagging)
        path.write_text("wrong-horse\n")
        assert INVALID in poller.poll().snapshot.error
        path.write_text("another-secret\n")
        hold(poller.poll(), lagging)


def test_a_client_certificate_that_is_renewed(
    secure_kafka: SecureKafka, lagging: tuple[str, str], tmp_path: Path
) -> None:
    """The next poll is made by the user of the new certificate; one that cannot be used leaves all as it is."""
    cert, key = secure_kafka.authority.issue("watcher").write(tmp_path, "client")
    security = secure_kafka.security("watcher", "MTLS", ssl_certfile=str(cert), ssl_keyfile=str(key))
    with secure_kafka.polling("watcher", "MTLS", security=security) as poller:
        hold(poller.poll(), lagging)
        key.write_text("half of a")
        hold(poller.poll(), lagging)
        secure_kafka.authority.issue("nobody").write(tmp_path, "client")
        view = poller.poll()
        topic, group = lagging
        assert topic not in view.topic_rows or view.snapshot.topics.partitions[view.topic_rows[topic]] == 0
        # That nobody sees the group does not prove that it is gone: it is unknown.
        assert np.isnan(view.group_lags.lag[view.group_rows[group]])
        assert not view.complete
        secure_kafka.authority.issue("watcher").write(tmp_path, "client")
        hold(poller.poll(), lagging)


@pytest.fixture
def keystore(secure_kafka: SecureKafka) -> Iterator[Any]:
    """Has the listener SASL show another certificate; afterwards its own again."""

    def show(pem: Path) -> None:
        name = "listener.name.sasl.ssl.keystore.location"
        with closing(secure_kafka.cluster.admin()) as admin:
            resource = ConfigResource(ConfigResourceType.BROKER, "1", {name: str(pem)})
            admin.alter_configs([resource], raise_on_unknown=False)

    yield show
    show(secure_kafka.folder / "broker.pem")


def test_a_broker_whose_certificate_changes(
    secure_kafka: SecureKafka, lagging: tuple[str, str], keystore: Any, tmp_path: Path
) -> None:
    """To one of another authority, which ssl_cafile then names, too, and to one that has expired."""
    other, ca_file = Authority("another"), tmp_path / "ca.crt"
    ca_file.write_text(secure_kafka.authority.pem)

    def show(days: int) -> None:
        broker = other.issue("broker", ["127.0.0.1"], days=days)
        pem = tmp_path / f"{days}.pem"
        pem.write_text(broker.key + broker.cert)
        keystore(pem)

    with secure_kafka.polling(security=secure_kafka.security(ssl_cafile=str(ca_file))) as poller:

        def refused(words: str) -> bool:
            ca_file.write_text(ca_file.read_text() + "\n")  # so that connections are made anew
            return f"TLS handshake failed: certificate verify failed: {words}" in poller.poll().snapshot.error

        hold(poller.poll(), lagging)
        show(days=9)
        wait_until(lambda: refused("unable to get local issuer certificate"), "a refusal of the authority")
        ca_file.write_text(secure_kafka.authority.pem + other.pem)
        hold(poller.poll(), lagging)
        show(days=-9)
        wait_until(lambda: refused("certificate has expired"), "a refusal of what has expired")

"""kmon serve and kmon lag as processes, on brokers that are not there, not ready, not what was expected, or broken."""

import contextlib
import http.server
import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from breakable import Cluster
from broker_pems import CERT, KEY
from http_receiver import HttpReceiver
from kafka.net.transport import KafkaTCPTransport
from kafka_cluster import commit, make_topic, produce, unique, wait_until
from real_kmon import COMMAND_SECONDS, Serve, command, environment, kmon, settings_of

from kmon.commands.serve import serving
from kmon.demo.node import free_ports
from monitor.settings.alerts import AlertSettings
from monitor.settings.model import Settings

pytestmark = pytest.mark.kafka

END_SECONDS = 10.0
"""Within 5 s it shall end; a busy machine may double that."""
QUICK = ("--interval", "1s", "--timeout", "1s", "--no-dashboard")
OWN_RULES = {"KMON_ALERTS_CATALOGUE": "false"}
"""Else a busy machine, on which polls take longer than the interval, is an alert as well."""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, kafka: Cluster) -> Iterator[Cluster]:
    """A broker with a listener for each protocol. (After `kafka`: where that is not to be had, neither is this.)"""
    keystore = tmp_path_factory.mktemp("keys") / "broker.pem"
    keystore.write_text(KEY + CERT)
    plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_kmon="right";'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    listeners = {name: name for name in ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")}
    jaas = {
        f"listener.name.{listener}.{mechanism}.sasl.jaas.config": login
        for listener in ("sasl_plaintext", "sasl_ssl")
        for mechanism, login in (("plain", plain), ("scram-sha-256", scram))
    }
    config = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": keystore,
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        **jaas,
    }
    scram_user = ("--add-scram", "SCRAM-SHA-256=[name=kmon,password=right]")
    with Cluster(brokers=1, listeners=listeners, config=config, format_args=scram_user) as cluster:
        yield cluster


@pytest.fixture
def broker(secured: Cluster) -> Iterator[Cluster]:
    """The same broker, for tests that break it."""
    yield secured
    if secured.state(1) == "paused":
        secured.resume(1)
    if secured.state(1) == "ended":
        secured.start(1)


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def http_server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def refused(*args: str) -> str:
    """What `kmon lag` says, in one line and nothing else, when it cannot reach the cluster."""
    done = kmon("lag", *args)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("kmon lag: ")
    return line


# -------------------------------------------------------------------- not there


def test_lag_of_a_cluster_that_is_not_there() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    assert f"{address}: connection refused" in refused("-b", address)


def test_lag_of_a_host_that_does_not_exist() -> None:
    assert "no-such-host.invalid:9092: cannot resolve the host name" in refused("-b", "no-such-host.invalid:9092")


def test_lag_at_a_server_that_is_silent() -> None:
    with silent_server() as address:
        assert f"{address}: accepts connections but does not respond" in refused("-b", address, "--timeout", "1s")


def test_lag_at_a_web_server() -> None:
    with http_server() as address:
        assert f"{address}: speaks HTTP, not Kafka" in refused("-b", address)


def test_lag_at_a_controller(secured: Cluster) -> None:
    """The port next door of a KRaft node speaks Kafka, but not to clients."""
    address = secured._nodes[1].address("CONTROLLER")
    assert "controller" in refused("-b", address)


def test_serve_starts_without_the_cluster_and_recovers_by_itself(broker: Cluster) -> None:
    broker.stop(1)
    with Serve("-b", broker.bootstrap, *QUICK) as serve:
        serve.wait_up(False)
        assert serve.get("/-/healthy").status_code == 200
        ready = serve.get("/-/ready")
        assert ready.status_code == 200
        assert re.search(f"{broker.bootstrap}: .*connection refused", ready.text)
        wait_until(
            lambda: re.search(f"is unreachable: {broker.bootstrap}: .*connection refused", serve.said), "the reason"
        )
        polled = "kmon_last_successful_poll_timestamp_seconds"
        assert serve.value(polled, cluster=broker.bootstrap) == 0
        (cluster,) = serve.json("/api/v1/clusters")["clusters"]
        assert cluster["up"] is False
        broker.start(1)
        serve.wait_up()
        assert serve.get("/-/ready").status_code == 200
        # The cluster has no name in the settings: its id takes the place of its address, once it is known.
        (cluster,) = serve.json("/api/v1/clusters")["clusters"]
        assert cluster["cluster"] == cluster["cluster_id"]
        assert serve.value(polled, cluster=cluster["cluster_id"])
        assert serve.value(polled, cluster=broker.bootstrap) is None
        wait_until(lambda: "all requests succeed" in serve.said, "the recovery to be told")
        topic = make_topic(broker)
        wait_until(lambda: serve.value("kmon_partition_end_offset", topic=topic) == 0, "the topic's offset")
        broker.kill(1)
        serve.wait_up(False)
        # What was known last is shown with its age; a metric that is no longer known is gone.
        assert serve.value("kmon_partition_end_offset", topic=topic) is None
        answer = serve.json("/api/v1/topics")
        assert answer["up"] is False
        assert topic in [row["topic"] for row in answer["topics"]]
        broker.start(1)
        serve.wait_up()
        # A busy machine may let a poll of a broker that is there time out beside these.
        assert len(re.findall("is unreachable: .*connection refused", serve.said)) == 2
        assert serve.end() == 0


# -------------------------------------------------------------------- not what was expected


@pytest.fixture(scope="module")
def group(secured: Cluster) -> str:
    topic, group = make_topic(secured), unique("group")
    produce(secured, topic, count=3)
    commit(secured, group, {(topic, 0): 1})
    return group


JAAS = 'org.apache.kafka.common.security.{module} required username="kmon" password="{password}";'


def properties(folder: Path, protocol: str, mechanism: str = "", password: str = "right", trust: str = CERT) -> str:
    """A client.properties file."""
    lines = [f"security.protocol={protocol}"]
    if mechanism:
        module = "plain.PlainLoginModule" if mechanism == "PLAIN" else "scram.ScramLoginModule"
        lines += [f"sasl.mechanism={mechanism}", "sasl.jaas.config=" + JAAS.format(module=module, password=password)]
    if protocol.endswith("SSL") and trust:
        (folder / "ca.pem").write_text(trust)
        lines += ["ssl.truststore.type=PEM", f"ssl.truststore.location={folder / 'ca.pem'}"]
    path = folder / "client.properties"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.mark.parametrize(
    ("protocol", "mechanism"),
    [
        ("PLAINTEXT", ""),
        ("SSL", ""),
        ("SASL_PLAINTEXT", "PLAIN"),
        ("SASL_PLAINTEXT", "SCRAM-SHA-256"),
        ("SASL_SSL", "PLAIN"),
        ("SASL_SSL", "SCRAM-SHA-256"),
    ],
)
def test_every_protocol(secured: Cluster, group: str, tmp_path: Path, protocol: str, mechanism: str) -> None:
    config = properties(tmp_path, protocol, mechanism)
    done = kmon("lag", "-b", secured.bootstrap_of(protocol), "--command-config", config, "-o", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert f",{group},classic," in done.stdout


def test_plaintext_at_a_tls_listener(secured: Cluster) -> None:
    address = secured.bootstrap_of("SSL")
    assert f"{address}: speaks TLS, but security.protocol is PLAINTEXT" in refused("-b", address)


def test_tls_at_a_plaintext_listener(secured: Cluster, tmp_path: Path) -> None:
    line = refused("-b", secured.bootstrap, "--command-config", properties(tmp_path, "SSL"))
    assert f"{secured.bootstrap}: speaks plaintext, but security.protocol is SSL" in line


def test_tls_with_an_authority_that_is_not_trusted(secured: Cluster, tmp_path: Path) -> None:
    config = properties(tmp_path, "SSL", trust="")
    line = refused("-b", secured.bootstrap_of("SSL"), "--command-config", config)
    assert "TLS handshake failed" in line
    assert "certificate verify failed" in line


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_wrong_password(secured: Cluster, tmp_path: Path, protocol: str, mechanism: str) -> None:
    config = properties(tmp_path, protocol, mechanism, "wr0ng-s3cret")
    line = refused("-b", secured.bootstrap_of(protocol), "--command-config", config)
    assert "authentication failed" in line
    assert "wr0ng-s3cret" not in line


def test_plaintext_at_a_sasl_listener(secured: Cluster) -> None:
    line = refused("-b", secured.bootstrap_of("SASL_PLAINTEXT"))
    assert "SASL" in line
    assert "security.protocol is PLAINTEXT" in line


# -------------------------------------------------------------------- its end


@contextlib.contextmanager
def scraper(serve: Serve) -> Iterator[None]:
    """A client that has scraped and stays connected, as Prometheus does."""
    with httpx.Client(base_url=serve.url, timeout=COMMAND_SECONDS, trust_env=False) as client:
        assert client.get("/-/healthy").status_code == 200
        yield


SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize("number", SIGNALS, ids=["SIGTERM", "SIGINT"])
def test_ends_when_told_to(secured: Cluster, number: signal.Signals) -> None:
    with Serve("-b", secured.bootstrap, "--interval", "1s") as serve:
        serve.wait_up()
        with scraper(serve):
            assert serve.end(number, END_SECONDS) == 0
        assert "Traceback" not in serve.said


@pytest.mark.parametrize("first", [True, False], ids=["first poll", "later poll"])
def test_ends_during_a_poll_that_hangs(broker: Cluster, first: bool) -> None:
    """At either signal; two servers wait and end side by side."""
    patient = ("--interval", "60s", "--timeout", "60s") if first else ("--interval", "3s", "--timeout", "60s")
    if first:
        broker.pause(1)
    argv = ("-b", broker.bootstrap, *patient, "--no-dashboard")
    with Serve(*argv) as one, Serve(*argv) as other:
        if first:
            assert one.url
            assert other.url
        else:
            one.wait_up()
            other.wait_up()
            broker.pause(1)
            for serve in (one, other):
                hangs_in_a_poll(serve)
        with scraper(one), scraper(other), ThreadPoolExecutor() as pool:
            ends = pool.map(lambda serve, number: serve.end(number, END_SECONDS), (one, other), SIGNALS)
            assert list(ends) == [0, 0]
        assert "Traceback" not in one.said + other.said


def hangs_in_a_poll(serve: Serve) -> None:
    """Return when its broker does not answer a poll that came after one that was answered."""
    before = serve.value("kmon_last_successful_poll_timestamp_seconds")
    wait_until(lambda: serve.json("/api/v1/clusters")["clusters"][0]["age_seconds"] > 3.5, "the next poll")
    assert serve.value("kmon_last_successful_poll_timestamp_seconds") == before


def interruptible() -> None:
    """A shell starts what runs in the background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_lag_ends_at_a_signal_during_a_poll_that_hangs(broker: Cluster) -> None:
    broker.pause(1)
    argv = command("lag", "-b", broker.bootstrap, "--timeout", "60s", "--interval", "60s")
    with subprocess.Popen(
        argv,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        preexec_fn=interruptible,  # noqa: PLW1509  # it only sets a signal
    ) as process:
        try:
            listening = int(broker.bootstrap.rpartition(":")[2])
            wait_until(lambda: _connected(process.pid, listening), "its connection")
            process.send_signal(signal.SIGINT)
            assert process.wait(END_SECONDS) == 130
            assert process.stderr is not None
            assert b"Traceback" not in process.stderr.read()
        finally:
            process.kill()


def _connected(pid: int, port: int) -> bool:
    return any(each.raddr and each.raddr.port == port for each in psutil.Process(pid).net_connections())


def test_port_taken(secured: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = kmon("serve", "-b", secured.bootstrap, "--listen", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"kmon serve: cannot listen on {address}: the port is in use: choose another with --listen"
    ]


# -------------------------------------------------------------------- what it asks, and what it sends


def test_scrapes_ask_kafka_nothing(secured: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do the API and the pages: between polls not a byte goes to a broker."""
    sent: list[object] = []
    for name in ("write", "writelines"):
        original = getattr(KafkaTCPTransport, name)

        def write(self: Any, data: Any, original: Any = original) -> None:
            sent.append(data)
            original(self, data)

        monkeypatch.setattr(KafkaTCPTransport, name, write)
    context = settings_of(secured.bootstrap, interval_seconds=3600.0)
    settings = Settings(contexts=(context,), listen="127.0.0.1:0", alerts=AlertSettings(keep_state=False))
    with (
        serving(settings, settings.contexts) as (monitor, url),
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        wait_until(monitor.memory.latest, "the first poll")
        assert sent
        sent.clear()
        for _ in range(20):
            assert "kmon_cluster_up" in client.get("/metrics").raise_for_status().text
        for path in ("clusters", "groups", "lag", "topics", "brokers", "alerts"):
            assert client.get(f"/api/v1/{path}").raise_for_status().json()
        assert client.get("/").raise_for_status()
        assert client.get("/-/ready").raise_for_status()
    assert sent == []


def test_alert_from_lag_to_its_end(secured: Cluster) -> None:
    """A group falls behind, the receiver is told; it catches up, and the receiver is told that, too."""
    topic, group = make_topic(secured, "pay"), unique('late "group"')
    produce(secured, topic, count=25)
    commit(secured, group, {(topic, 0): 25})
    with HttpReceiver() as receiver:
        rule = ("--lag-above", "10", "--for", "0s", "--alertmanager-url", receiver.url)
        with Serve("-b", secured.bootstrap, *QUICK, *rule, **OWN_RULES) as serve:
            serve.wait_up()
            commit(secured, group, {(topic, 0): 5})

            def alerts(ended: bool) -> list[dict[str, object]]:
                ours = [alert for alert in receiver.elements if alert["labels"].get("group") == group]
                return [
                    alert for alert in ours if (datetime.fromisoformat(alert["endsAt"]) <= datetime.now(UTC)) == ended
                ]

            assert receiver.wait_for(lambda: bool(alerts(ended=False)))
            (fired, *_) = alerts(ended=False)
            assert alerts(ended=True) == []
            assert fired["labels"] == {
                "alertname": "LagAbove",
                "cluster": serve.json("/api/v1/clusters")["clusters"][0]["cluster_id"],
                "group": group,
                "severity": "warning",
            }
            wait_until(
                lambda: [a["state"] for a in serve.json("/api/v1/alerts")["alerts"]] == ["firing"], "it to be shown"
            )
            commit(secured, group, {(topic, 0): 20})
            assert receiver.wait_for(lambda: bool(alerts(ended=True)))
            assert alerts(ended=True)[0]["labels"] == fired["labels"]
            wait_until(lambda: serve.json("/api/v1/alerts")["alerts"] == [], "it to be over")
            assert serve.end() == 0
        assert set(receiver.paths) == {"/api/v2/alerts"}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_within_an_incident_neither_resolves_nor_pages_again(
    secured: Cluster, tmp_path: Path, end: signal.Signals
) -> None:
    """The second kmon would have to wait for an hour, had it not the first one's state."""
    topic, group = make_topic(secured), unique("group")
    produce(secured, topic, count=20)
    commit(secured, group, {(topic, 0): 5})
    variables = {**OWN_RULES, "KMON_ALERTS_KEEP_STATE": "true", "KMON_ALERTS_STATE_DIRECTORY": str(tmp_path)}
    with HttpReceiver() as receiver:
        rule = {"name": "Behind", "lag_above": 10, "group": group}

        def ours(ended: bool) -> list[dict[str, object]]:
            found = [each for each in receiver.elements if each["labels"].get("group") == group]
            return [each for each in found if (datetime.fromisoformat(each["endsAt"]) <= datetime.now(UTC)) == ended]

        def run(patience: str) -> Serve:
            rules = json.dumps([{**rule, "for": patience}])
            return Serve(
                *("-b", secured.bootstrap, *QUICK, "--alertmanager-url", receiver.url),
                **variables,
                KMON_ALERTS_RULES=rules,
            )

        with run("0s") as serve:
            serve.wait_up()
            assert receiver.wait_for(lambda: bool(ours(ended=False)))
            serve.end(end)  # nothing is sent before the state is written
        (first,) = ours(ended=False)
        with run("1h") as serve:
            serve.wait_up()
            assert receiver.wait_for(lambda: len(ours(ended=False)) > 1)
            (alert,) = serve.json("/api/v1/alerts")["alerts"]
            assert alert["state"] == "firing"
            again = ours(ended=False)[1]
            assert (again["labels"], again["startsAt"]) == (first["labels"], first["startsAt"])
            assert ours(ended=True) == []
            (label,) = {dict(key)["receiver"] for key in serve.metrics()["kmon_alert_notifications_sent_total"]}
            assert label == f"{receiver.url}/api/v2/alerts"
            commit(secured, group, {(topic, 0): 20})
            assert receiver.wait_for(lambda: bool(ours(ended=True)))
            assert ours(ended=True)[0]["startsAt"] == first["startsAt"]

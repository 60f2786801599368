"""Why a cluster cannot be reached, told from what its addresses really speak."""

import socket
import struct
import time

import pytest
from loopback import Talk, over_tls, saying, serving, silent

from monitor.kafka.client import reach as module
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.reach import diagnose
from monitor.model.reasons import Kind, Reason, written

KAFKA = struct.pack(">iih", 6, 7, 0)
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x46"
ERROR = Reason(Kind.OTHER, detail="the error")
LOST = Fault(Kind.DISCONNECTED, 1, "Metadata", detail="socket disconnected")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time enough for servers that do respond, on a machine with a load."""
    monkeypatch.setattr(module, "SECONDS", 10.0)


def verdict(talk: Talk, protocol: str = "PLAINTEXT", error: Reason = ERROR) -> str:
    """What is said of a server that talks so, without its address."""
    with serving(talk) as server:
        return "; ".join(each.what for each in diagnose([server.address], protocol, (error,), time.monotonic() + 60))


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_nothing_listens() -> None:
    address = free_address()
    assert written(diagnose([address], "PLAINTEXT", (ERROR,), time.monotonic() + 60)) == (
        f"{address}: connection refused, nothing listens on this port"
    )


def test_a_web_server() -> None:
    assert verdict(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) == "speaks HTTP, not Kafka"
    assert verdict(saying(b"HTT", b"P/1.1 400 Bad Request\r\n\r\n")) == "speaks HTTP, not Kafka"


def test_a_silent_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.4)
    assert verdict(silent).startswith("accepts connections but does not respond within")


def test_something_else() -> None:
    assert verdict(saying(b"SSH-2.0-OpenSSH_9.2\r\n")) == "does not speak Kafka"


@pytest.mark.parametrize("talk", [saying(TLS_ALERT), over_tls(silent)], ids=["alert", "handshake"])
@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_a_tls_listener_asked_in_plaintext(talk: Talk, protocol: str) -> None:
    assert verdict(talk, protocol) == f"speaks TLS, but security.protocol is {protocol}"


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_a_plaintext_listener_asked_over_tls(protocol: str) -> None:
    assert verdict(saying(KAFKA), protocol) == f"speaks plaintext, but security.protocol is {protocol}"


def test_a_listener_that_speaks_what_it_should_leaves_the_error_as_it_is() -> None:
    assert verdict(saying(KAFKA)) == "the error"
    assert verdict(saying(KAFKA[:5], KAFKA[5:])) == "the error"
    assert verdict(over_tls(silent), "SSL") == "the error"


def test_a_listener_that_wants_sasl_and_a_controller_are_guessed() -> None:
    assert "a SASL listener" in verdict(saying(KAFKA), error=LOST)
    assert verdict(saying(KAFKA), "SASL_PLAINTEXT", error=LOST) == LOST.what
    assert "KRaft controller" in verdict(saying(KAFKA), error=Fault(Kind.UNSUPPORTED, 1, "Metadata"))


def test_a_host_that_is_none() -> None:
    assert written(diagnose(["a..b:9092"], "PLAINTEXT", (ERROR,), time.monotonic() + 60)).startswith(
        "a..b:9092: cannot resolve the host name"
    )


def test_several_addresses_are_told_apart() -> None:
    address = free_address()
    with serving(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        said = written(diagnose([address, server.address], "PLAINTEXT", (ERROR,), time.monotonic() + 60))
    assert said == (
        f"{address}: connection refused, nothing listens on this port; {server.address}: speaks HTTP, not Kafka"
    )


@pytest.mark.parametrize("kind", [Kind.AUTHENTICATION, Kind.CERTIFICATE])
def test_no_address_is_looked_at_where_the_broker_itself_said_why(kind: Kind) -> None:
    with serving(silent) as server:
        errors = (Reason(kind, "b:1", detail="x"),)
        assert diagnose([server.address], "SASL_SSL", errors, time.monotonic() + 60) == errors
        assert server.connections == 0


def test_no_address_is_looked_at_after_the_deadline() -> None:
    with serving(silent) as server:
        assert diagnose([server.address], "PLAINTEXT", (ERROR,), time.monotonic()) == (ERROR,)
        assert server.connections == 0

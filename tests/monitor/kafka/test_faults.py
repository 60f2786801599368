"""Every exception that a connection can raise becomes one line that says what is wrong."""

import os
import ssl

import pytest
from kafka import errors

from monitor.kafka.client.faults import REFUSED, Fault, error_name, error_reason, fault_of
from monitor.model.reasons import Kind

RAISED = [
    (errors.KafkaConnectionError("111 ECONNREFUSED"), f"cannot connect: {REFUSED}"),
    (errors.KafkaConnectionError("113 EHOSTUNREACH"), f"cannot connect: {os.strerror(113)}"),
    (
        errors.KafkaConnectionError("unable to connect: [Errno 101] Network is unreachable"),
        f"cannot connect: {os.strerror(101)}",
    ),
    (errors.NodeNotReadyError(7), "cannot connect: waiting before the next attempt"),
    (errors.UnknownBrokerIdError(7), "cannot connect: the broker is no longer in the cluster's metadata"),
    (errors.KafkaConnectionError("Connection timed out"), "timed out after 3.0 s"),
    (errors.KafkaTimeoutError("Timed out after 3000 ms"), "timed out after 3.0 s"),
    (errors.KafkaTimeoutError(), "timed out after 3.0 s"),
    (errors.RequestTimedOutError("Request timed out after 3000 ms"), "timed out after 3.0 s"),
    (TimeoutError(), "timed out after 3.0 s"),
    (errors.KafkaConnectionError("DNS lookup failed for nowhere:9092, gaierror()"), "cannot resolve the host name"),
    (errors.KafkaConnectionError("DNS resolution failure: unknown"), "cannot resolve the host name: unknown"),
    (
        errors.SaslAuthenticationFailedError("SaslAuthenticationFailedError: Authentication failed: Invalid username"),
        "authentication failed: Invalid username",
    ),
    (
        errors.SaslAuthenticationFailedError(
            "SaslAuthenticationFailedError: Authentication failed during authentication due to invalid credentials"
        ),
        "authentication failed: invalid credentials",
    ),
    (
        errors.UnsupportedSaslMechanismError(),
        "authentication failed: the listener does not support this sasl_mechanism (UNSUPPORTED_SASL_MECHANISM)",
    ),
    (
        errors.IllegalSaslStateError(),
        "authentication failed: the listener does not use SASL: set a protocol without SASL_ (ILLEGAL_SASL_STATE)",
    ),
    (
        ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: x. (_ssl.c:1006)"),
        "TLS handshake failed: certificate verify failed: x",
    ),
    (
        ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
        (
            "TLS handshake failed: certificate verify failed: self-signed certificate: ssl_cafile does not contain the"
            " broker's authority"
        ),
    ),
    (
        errors.KafkaConnectionError("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required"),
        "TLS handshake failed: the broker requires a client certificate: set ssl_certfile",
    ),
    (
        errors.KafkaConnectionError("[SSL: SSLV3_ALERT_BAD_CERTIFICATE] sslv3 alert bad certificate (_ssl.c:2580)"),
        (
            "TLS handshake failed: the broker rejected kmon's certificate, "
            "which may be expired or from an unknown authority (sslv3 alert bad certificate)"
        ),
    ),
    (errors.KafkaConnectionError("Handshake failed: [SSL] wrong version"), "TLS handshake failed: [SSL] wrong version"),
    (errors.ClusterAuthorizationFailedError(), "denied: CLUSTER_AUTHORIZATION_FAILED"),
    (errors.NodeNotReadyError("Node paused: {'throttle'}"), "throttled"),
    (errors.IncompatibleBrokerVersion("no version fits"), "not supported: no version fits"),
    (
        errors.UnsupportedVersionError("Metadata is not served by this broker"),
        "not supported: Metadata is not served by this broker",
    ),
    (errors.KafkaProtocolError("Unable to decode response"), "invalid response: Unable to decode response"),
    (
        errors.InvalidReceiveError("Invalid frame length: 1213486160"),
        "invalid response: Invalid frame length: 1213486160",
    ),
    (errors.CorrelationIdError("sent 1, recv 2"), "invalid response: sent 1, recv 2"),
    (errors.KafkaConnectionError("socket disconnected"), "connection lost: socket disconnected"),
    (errors.KafkaConnectionError(), "connection lost"),
    (errors.Cancelled(), "connection lost"),
    (ConnectionResetError(104, "Connection reset by peer"), "connection lost: [Errno 104] Connection reset by peer"),
    (RuntimeError("Transport closed for writes"), "error: Transport closed for writes"),
    (AssertionError(), "error: AssertionError"),
]


@pytest.mark.parametrize(("error", "line"), RAISED, ids=[f"{type(each).__name__}-{line[:30]}" for each, line in RAISED])
def test_each_exception_is_one_line(error: Exception, line: str) -> None:
    fault = fault_of(error, "Metadata", 7, 3.0)
    assert fault.what == line
    assert str(fault) == f"broker 7: {line}"
    assert (fault.api, fault.node, fault.seconds) == ("Metadata", 7, 3.0)


def test_a_bootstrap_address_is_named_as_it_is() -> None:
    assert str(Fault(Kind.CONNECT, "b:9092", "Metadata", detail="refused", address="b:9092")) == (
        "b:9092: cannot connect: refused"
    )


def test_the_address_of_a_broker_is_said_to_be_the_one_that_it_advertises() -> None:
    fault = Fault(Kind.RESOLVE, 1, "Metadata", address="b:9092")
    assert str(fault) == "broker 1: advertised address b:9092: cannot resolve the host name"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (29, "Describe on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"),
        (30, "Describe on the group is denied (GROUP_AUTHORIZATION_FAILED)"),
        (31, "Describe on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"),
        (53, "Describe on the transactional id is denied (TRANSACTIONAL_ID_AUTHORIZATION_FAILED)"),
        (6, "NOT_LEADER_FOR_PARTITION"),
        (-1, "UNKNOWN"),
        (9999, "error 9999"),
    ],
)
def test_error_codes_in_words(code: int, text: str) -> None:
    assert str(error_reason(code)) == text


def test_every_code_that_kafka_python_knows_has_a_name() -> None:
    assert all(error_name(code).isupper() for code in errors.kafka_errors if code is not None)

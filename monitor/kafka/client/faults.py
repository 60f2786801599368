"""Why a question to Kafka has no answer, as data: a Fault is what one request gives instead of an Answer."""

import errno
import os
import re
import ssl
from dataclasses import dataclass, field

from kafka import errors as kafka_errors

from monitor.model.reasons import Kind, Reason


@dataclass(frozen=True)
class Fault(Reason):
    """No answer from `node` to `api`, after `seconds`.

    `address` is the host:port that a broker advertises, where no connection to it could be made; "" otherwise.
    """

    node: int | str = ""
    seconds: float = field(default=0.0, compare=False)
    address: str = ""

    @property
    def what(self) -> str:
        return f"advertised address {self.address}: {super().what}" if self.is_advertised else super().what

    @property
    def is_advertised(self) -> bool:
        """Whether it is about an address that kmon knows from a broker, not from its settings."""
        return bool(self.address) and isinstance(self.node, int)


REFUSED = "connection refused, nothing listens on this port"


_RULES: tuple[tuple[Kind, tuple[type[BaseException], ...], tuple[str, ...]], ...] = (
    (
        Kind.AUTHENTICATION,
        (
            kafka_errors.SaslAuthenticationFailedError,
            kafka_errors.UnsupportedSaslMechanismError,
            kafka_errors.IllegalSaslStateError,
        ),
        (),
    ),
    (Kind.TLS, (ssl.SSLError,), ("handshake failed", "certificate verify", "[ssl: ")),
    (Kind.TIMEOUT, (kafka_errors.RequestTimedOutError, kafka_errors.KafkaTimeoutError, TimeoutError), ("timed out",)),
    (Kind.RESOLVE, (), ("dns resolution", "dns lookup")),
    (Kind.UNSUPPORTED, (kafka_errors.IncompatibleBrokerVersion, kafka_errors.UnsupportedVersionError), ()),
    (Kind.DENIED, (kafka_errors.AuthorizationError,), ()),
    (Kind.THROTTLED, (), ("throttle",)),
    (Kind.PROTOCOL, (kafka_errors.InvalidReceiveError, kafka_errors.KafkaProtocolError), ()),
    (
        Kind.CONNECT,
        (kafka_errors.NodeNotReadyError, kafka_errors.UnknownBrokerIdError),
        ("econnrefused", "unable to connect", "ehostunreach", "enetunreach"),
    ),
    (Kind.DISCONNECTED, (kafka_errors.KafkaConnectionError, kafka_errors.Cancelled, ConnectionError), ()),
)
"""A fault is of the first kind whose exception types or words fit."""


def fault_of(error: BaseException, api: str, node: int | str, seconds: float) -> Fault:
    """The Fault that an exception from kafka-python, ssl or the sockets stands for; `seconds` is how long it took."""
    text = _text(error)
    kind = next(
        (
            kind
            for kind, types, words in _RULES
            if isinstance(error, types) or any(word in text.lower() for word in words)
        ),
        Kind.ERROR,
    )
    detail = text.removeprefix("Handshake failed: ")
    if kind is Kind.TIMEOUT:
        detail = f"after {seconds:.1f} s"
    elif kind is Kind.CONNECT:
        detail = _connection_words(error, text, node)
    elif kind is Kind.RESOLVE:
        detail = text.partition(": ")[2]
    elif kind is Kind.THROTTLED:
        detail = ""
    elif kind is Kind.AUTHENTICATION:
        detail = _login_words(text)
    elif kind is Kind.TLS:
        kind = Kind.CERTIFICATE if re.search("certificate|unknown ca", detail) else kind
        detail = _tls_words(detail)
    elif kind is Kind.ERROR:
        detail = text or type(error).__name__
    return Fault(kind, node, api, detail=detail, seconds=seconds)


def _connection_words(error: BaseException, text: str, node: int | str) -> str:
    """Why there is no connection, in the operating system's words if the error has a number."""
    if isinstance(error, kafka_errors.NodeNotReadyError) and text == str(node):
        return "waiting before the next attempt"
    if isinstance(error, kafka_errors.UnknownBrokerIdError):
        return "the broker is no longer in the cluster's metadata"
    number = re.search(r"(\d+)(?:\] | E[A-Z]+)", text)
    if number is None:
        return text
    return REFUSED if int(number[1]) == errno.ECONNREFUSED else os.strerror(int(number[1]))


def resolver_words(error: OSError | UnicodeError) -> str:
    """Why a host name cannot be resolved, by what getaddrinfo raised."""
    return (error.strerror or "") if isinstance(error, OSError) else "not a host name"


_LOGIN_WORDS = {
    "UNSUPPORTED_SASL_MECHANISM": "the listener does not support this sasl_mechanism (UNSUPPORTED_SASL_MECHANISM)",
    "ILLEGAL_SASL_STATE": "the listener does not use SASL: set a protocol without SASL_ (ILLEGAL_SASL_STATE)",
}


def _login_words(text: str) -> str:
    """Why a login was refused, without what the kind says already."""
    text = re.sub(r"^\w+Error: ", "", text)
    text = re.sub(r"^Authentication failed(?:: | during authentication due to )", "", text)
    return _LOGIN_WORDS.get(text, text)


def _tls_words(text: str) -> str:
    """What OpenSSL says, without its names and source lines, and with what to do where that is known."""
    text = re.sub(r"^\[SSL: \w+\] |\.? \(_ssl\.c:\d+\)$", "", text)
    if "alert certificate required" in text:
        return "the broker requires a client certificate: set ssl_certfile"
    if re.search(r"alert (?:(?:bad|unsupported) certificate|certificate |unknown ca)", text):
        return f"the broker rejected kmon's certificate, which may be expired or from an unknown authority ({text})"
    if "issuer certificate" in text or "self-signed" in text:
        return f"{text}: ssl_cafile does not contain the broker's authority"
    return text


def _text(error: BaseException) -> str:
    """What an exception says, without its own name, which kafka-python puts before."""
    if isinstance(error, kafka_errors.KafkaError):
        return " ".join(map(str, error.args)) or str(getattr(error, "message", None) or "")
    return str(error)


def error_name(code: int) -> str:
    """Kafka's name of an error code, such as TOPIC_AUTHORIZATION_FAILED; its number where kafka-python has no name."""
    return str(kafka_errors.kafka_errors[code].message) if code in kafka_errors.kafka_errors else f"error {code}"


DENIED_CODES = {
    29: Kind.TOPIC_DENIED,
    30: Kind.GROUP_DENIED,
    31: Kind.CLUSTER_DENIED,
    53: Kind.TRANSACTIONAL_ID_DENIED,
}


def error_reason(code: int, node: int | str | None = None) -> Reason:
    """What an error code of Kafka stands for."""
    return Reason(DENIED_CODES.get(code, Kind.OTHER), node, code=code, detail=error_name(code))

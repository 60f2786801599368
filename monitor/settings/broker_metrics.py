"""The settings of brokers' own metrics: where their endpoints are, and names that kmon does not know by itself."""

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.model.broker_metrics import FIGURES, Endpoints, MetricName
from monitor.settings.errors import SettingsError
from monitor.settings.security import text_of
from monitor.settings.tls import authorities
from monitor.settings.values import (
    Duration,
    FilePath,
    Frozen,
    Notation,
    Secret,
    Size,
    Text,
    check_unique,
    is_url,
)

PLACEHOLDERS = {"host": "kafka-1.example.com", "node": "1", "rack": "a"}
"""What a URL may have of its broker, with an example."""


def check_template(text: str) -> str:
    """The template itself. Raises ValueError, which does not repeat it: it may hold a password."""
    unknown = set(re.findall(r"\{([^{}]*)\}", text)) - set(PLACEHOLDERS)
    if unknown:
        allowed = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
        raise ValueError(f"has {{{min(unknown)}}}, which is not a placeholder: write one of {allowed}")
    filled = re.sub(r"\{(\w+)\}", lambda match: PLACEHOLDERS[match[1]], text)
    if not is_url(filled.partition("?")[0]) or "@" in filled or not re.fullmatch(r"[^\s{}#]+", filled):
        raise ValueError("is not a URL without user and password, e.g. http://{host}:9404/metrics")
    return text


def check_metric(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", text):
        raise ValueError(f"{text!r} is not the name of a metric, e.g. kafka_server_brokertopicmetrics_bytesin_total")
    return text


def check_figure(text: str) -> str:
    if text not in FIGURES:
        raise ValueError(f"{text!r} is not a figure: write one of {', '.join(FIGURES)}")
    return text


EndpointUrl = Annotated[str, AfterValidator(check_template), Notation("URL")]


class EndpointSettings(Frozen):
    """The metrics endpoint of one broker."""

    node: int = Field(ge=0, le=2**31 - 1, description="node id of the broker")
    url: EndpointUrl = Field(description="URL of its metrics endpoint, with the same placeholders")


class MetricNameSettings(Frozen):
    """A name that an exporter gives a figure, beside those that kmon knows."""

    metric: Annotated[str, AfterValidator(check_metric)] = Field(description="name of the metric, in any letter case")
    figure: Annotated[str, AfterValidator(check_figure)] = Field(
        description="figure that the metric provides, see docs/broker-metrics.md, e.g. bytes_in"
    )
    labels: Mapping[str, str] = Field(default_factory=dict, description="labels that a sample must have")
    scale: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="factor for its values, e.g. 0.001 if they are in milliseconds",
    )


class BrokerMetricsSettings(Frozen):
    """Where brokers have metrics of their own, from jmx_exporter or in its names: see docs/broker-metrics.md."""

    url: EndpointUrl | None = Field(
        default=None,
        description="URL of each broker's metrics endpoint; {host}, {node} and {rack} stand for those of the broker, "
        "e.g. http://{host}:9404/metrics (default: not requested)",
    )
    brokers: tuple[EndpointSettings, ...] = Field(default=(), description="brokers with a different URL")
    timeout_seconds: Duration = Field(default=5.0, ge=0.1, le=60, description="timeout of one request")
    max_answer_bytes: Size = Field(default=16 * 2**20, ge=2**10, le=2**28, description="largest response to read")
    names: tuple[MetricNameSettings, ...] = Field(default=(), description="metric names that kmon does not know")
    username: Text | None = Field(default=None, description="user name for HTTP basic authentication")
    password: Secret | None = Field(default=None, description="password of this user")
    bearer_token: Secret | None = Field(default=None, description="token to send as Authorization: Bearer")
    ssl_cafile: FilePath | None = Field(
        default=None, description="PEM file of the CAs that sign the endpoints' certificates (default: the system's)"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_unique("brokers", [str(each.node) for each in self.brokers])
        if (self.username is None) is not (self.password is None):
            raise ValueError("username and password need each other")
        if self.username is not None and self.bearer_token is not None:
            raise ValueError("set username and password or bearer_token, not both")
        return self

    def headers(self) -> Mapping[str, str]:
        """Raises SettingsError when the file of a secret cannot be read."""
        if self.bearer_token is not None:
            token = text_of(self.bearer_token).strip()
            if not (token.isascii() and token.isprintable()):  # http.client's error would repeat it
                raise SettingsError("broker_metrics.bearer_token: has a character that a header cannot have")
            return {"Authorization": f"Bearer {token}"}
        if self.username is not None and self.password is not None:
            login = f"{self.username}:{text_of(self.password)}".encode()
            return {"Authorization": f"Basic {b64encode(login).decode()}"}
        return {}

    def tls(self) -> ssl.SSLContext | None:
        """Raises SettingsError when the file of CAs cannot be used."""
        return None if self.ssl_cafile is None else authorities(self.ssl_cafile)

    @property
    def endpoints(self) -> Endpoints:
        """The settings as the core has them."""
        return Endpoints(
            self.url,
            {each.node: each.url for each in self.brokers},
            self.timeout_seconds,
            self.max_answer_bytes,
            tuple(MetricName(each.metric, each.figure, tuple(each.labels.items()), each.scale) for each in self.names),
            self if self.bearer_token or self.username or self.ssl_cafile else None,
        )

"""The settings of kmon: clusters by name like kubectl's contexts, the server, and alerts."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.model.limits import DISK_CRITICAL, DISK_DEGRADED, TRANSACTION_LATE_SECONDS, Limits
from monitor.model.selection import Choice, Names
from monitor.settings.alerts import AlertSettings
from monitor.settings.api import ApiSettings
from monitor.settings.broker_metrics import BrokerMetricsSettings
from monitor.settings.errors import SettingsError
from monitor.settings.metrics import MetricsSettings
from monitor.settings.otlp import OtlpSettings
from monitor.settings.owners import OwnerSettings
from monitor.settings.security import SecuritySettings
from monitor.settings.slos import SloSettings
from monitor.settings.values import (
    Duration,
    ExternalUrl,
    Frozen,
    Hosts,
    Listen,
    Name,
    Regexes,
    Servers,
    Size,
    check_unique,
)

NO_CLUSTER = (
    "no bootstrap servers: set -b HOST:PORT, KMON_BOOTSTRAP_SERVERS, or contexts[].bootstrap_servers in a --config file"
)


class NameSettings(Frozen):
    """Names to monitor: each expression matches a whole name."""

    include: Regexes = Field(default=(), description="expressions (RE2) of names to include (default: all names)")
    exclude: Regexes = Field(default=(), description="expressions (RE2) of names to exclude, even if included")

    @property
    def names(self) -> Names:
        return Names.of(self.include, self.exclude)


class LimitSettings(Frozen):
    """How much of a cluster is monitored at most. Every face reports what is cut."""

    partitions: int = Field(
        default=200_000, ge=1, description="most partitions to monitor; whole topics, in order of their names"
    )
    groups: int = Field(default=20_000, ge=1, description="most groups to monitor, in order of their ids")
    empty_groups_for_seconds: Duration = Field(
        default=604_800.0,
        ge=0,
        le=31_536_000,
        description="how long to monitor a group after kmon first saw it without members; 0s for ever",
    )


Share = Annotated[float, Field(ge=0, lt=1)]


class HealthSettings(Frozen):
    """Limits beyond which something is degraded or critical: see docs/health.md."""

    disk_degraded: Share = Field(default=DISK_DEGRADED, description="free share of a disk below which it is degraded")
    disk_critical: Share = Field(default=DISK_CRITICAL, description="free share of a disk below which it is critical")
    transaction_late_seconds: Duration = Field(
        default=TRANSACTION_LATE_SECONDS,
        ge=0,
        le=86_400,
        description="how long after its timeout an open transaction is hanging",
    )

    @property
    def limits(self) -> Limits:
        return Limits(self.disk_degraded, self.disk_critical, self.transaction_late_seconds)


Every = Annotated[Duration, Field(ge=1, le=86_400)]


class CollectSettings(Frozen):
    """How often to request what changes slowly, and what to request in addition."""

    start_offsets_seconds: Every = Field(default=30.0, description="time between requests for log start offsets")
    log_dirs_seconds: Every = Field(
        default=60.0, description="time between requests for log dirs and sizes of replicas"
    )
    configs_seconds: Every = Field(default=300.0, description="time between requests for configs of topics and brokers")
    transactions_seconds: Every = Field(default=30.0, description="time between requests for ongoing transactions")
    permissions_seconds: Every = Field(default=60.0, description="time between checks of kmon's permissions")
    producers: bool = Field(
        default=False, description="request producers of partitions with an open transaction; needs Read on the topics"
    )

    @property
    def every(self) -> Mapping[str, float]:
        """Seconds by collector name."""
        suffix = "_seconds"
        return {name.removesuffix(suffix): value for name, value in self if name.endswith(suffix)}


class ClusterSettings(Frozen):
    """One cluster: its address, how to log in, and what to request how often."""

    name: Name | None = Field(
        default=None, description="name of the cluster in metrics, alerts, pages and output (default: its cluster id)"
    )
    bootstrap_servers: Servers = Field(
        description="brokers to connect to first, as host:port; one that responds is enough"
    )
    interval_seconds: Duration = Field(default=10.0, ge=0.1, le=86400, description="time between polls")
    request_timeout_seconds: Duration = Field(default=3.0, ge=0.01, le=3600, description="longest time for one request")
    client_id: Name = Field(default="kmon", description="client.id, which is in the brokers' logs and quotas")
    max_answer_bytes: Size = Field(default=256 * 2**20, ge=2**20, le=2**31 - 1, description="largest response to read")
    max_inflight_bytes: Size = Field(
        default=256 * 2**20,
        ge=2**20,
        le=2**40,
        description="memory for the responses of all brokers while they arrive; a response that needs more is refused",
    )
    security: SecuritySettings = Field(default=SecuritySettings(), description="TLS and SASL")
    topics: NameSettings = Field(default=NameSettings(), description="topics to monitor")
    internal_topics: bool = Field(
        default=False, description="monitor topics internal to Kafka, e.g. __consumer_offsets"
    )
    groups: NameSettings = Field(default=NameSettings(), description="groups to monitor")
    limits: LimitSettings = Field(default=LimitSettings(), description="how much of a cluster is monitored at most")
    collect: CollectSettings = Field(default=CollectSettings(), description="how often to request what changes slowly")
    health: HealthSettings = Field(default=HealthSettings(), description="limits of degraded and critical")
    owners: tuple[OwnerSettings, ...] = Field(default=(), description="who is responsible for groups and topics")
    slos: tuple[SloSettings, ...] = Field(default=(), description="objectives for the time lag of groups")
    broker_metrics: BrokerMetricsSettings = Field(
        default=BrokerMetricsSettings(), description="metrics endpoints of the brokers"
    )

    @property
    def title(self) -> str:
        """What the settings call the cluster: its name, or else its addresses."""
        return self.name or ",".join(self.bootstrap_servers)

    @property
    def choice(self) -> Choice:
        """What the collectors request."""
        return Choice(
            topics=self.topics.names,
            internal_topics=self.internal_topics,
            groups=self.groups.names,
            empty_group_seconds=self.limits.empty_groups_for_seconds or None,
            max_partitions=self.limits.partitions,
            max_groups=self.limits.groups,
            every=self.collect.every,
            producers=self.collect.producers,
            endpoints=self.broker_metrics.endpoints,
        )


def check_contexts(contexts: tuple[ClusterSettings, ...]) -> tuple[ClusterSettings, ...]:
    if len(contexts) > 1 and any(context.name is None for context in contexts):
        raise ValueError(f"context {[context.name for context in contexts].index(None) + 1} needs a name")
    check_unique("contexts", [context.title for context in contexts])
    return contexts


def check_choice(names: Sequence[str], wanted: str | None) -> str | None:
    """What is wrong with choosing `wanted` of the contexts of these names, None where nothing is."""
    if wanted is None or not names or wanted in names:
        return None
    return f"no context {wanted!r}: contexts are {', '.join(map(repr, names))}"


def choose(names: Sequence[str]) -> str:
    """What to do where one of several contexts is needed and none is chosen."""
    return f"select one of the contexts {', '.join(map(repr, names))} with current_context or --context"


class Settings(Frozen):
    """All settings of kmon."""

    current_context: str | None = Field(
        default=None, description="context for commands on one cluster; needed if there are several contexts"
    )
    contexts: Annotated[tuple[ClusterSettings, ...], AfterValidator(check_contexts)] = Field(
        default=(), description="Kafka clusters"
    )
    listen: Listen = Field(
        default="127.0.0.1:9308", description="address and port that kmon serve listens on; port 0 selects a free port"
    )
    external_url: ExternalUrl | None = Field(
        default=None, description="URL that users reach kmon by, for links in alerts (default: the listen address)"
    )
    allowed_hosts: Hosts = Field(
        default=(),
        description="host names that a reverse proxy on this machine may ask for, beside localhost and external_url",
    )
    dashboard: bool = Field(default=True, description="serve the web dashboard")
    api: ApiSettings = Field(default=ApiSettings(), description="the JSON API")
    metrics: MetricsSettings = Field(default=MetricsSettings(), description="which series the metrics page has")
    otlp: OtlpSettings = Field(default=OtlpSettings(), description="pushing metrics by OTLP")
    alerts: AlertSettings = Field(default=AlertSettings(), description="alert rules and receivers")

    @model_validator(mode="after")
    def _current(self) -> Self:
        if problem := check_choice([context.title for context in self.contexts], self.current_context):
            raise ValueError(problem)
        return self

    @property
    def cluster(self) -> ClusterSettings:
        """The current context; SettingsError when there is none, or several and none is chosen."""
        if not self.contexts:
            raise SettingsError(NO_CLUSTER)
        if self.current_context is None and len(self.contexts) > 1:
            raise SettingsError(choose([context.title for context in self.contexts]))
        return next((each for each in self.contexts if each.title == self.current_context), self.contexts[0])

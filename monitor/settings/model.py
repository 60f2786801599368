"""The settings of kmon: clusters by name like kubectl's contexts, the server, and alerts."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.model.selection import Choice
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError
from monitor.settings.security import SecuritySettings
from monitor.settings.selection import CollectSettings, HealthSettings, LimitSettings, NameSettings
from monitor.settings.values import Duration, Frozen, Listen, Servers, Size

NO_CLUSTER = (
    "no bootstrap servers: set -b HOST:PORT, KMON_BOOTSTRAP_SERVERS, or contexts[].bootstrap_servers in a --config file"
)


class ClusterSettings(Frozen):
    """One cluster: where it is, how to log in, how often to ask."""

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="name of the cluster in labels, alerts and pages; without one, its cluster id",
    )
    bootstrap_servers: Servers = Field(description="brokers to ask first, as host:port; one that answers is enough")
    interval_seconds: Duration = Field(
        default=10.0, validation_alias="interval", ge=0.1, le=86400, description="from the start of a poll to the next"
    )
    request_timeout_seconds: Duration = Field(
        default=3.0, validation_alias="request_timeout", ge=0.01, le=3600, description="how long one request may take"
    )
    client_id: str = Field(
        default="kmon", min_length=1, max_length=255, description="client.id, seen in the brokers' logs and quotas"
    )
    max_answer_bytes: Size = Field(
        default=256 * 2**20, ge=2**20, le=2**31 - 1, description="largest answer that is read"
    )
    max_inflight_bytes: Size = Field(
        default=256 * 2**20,
        ge=2**20,
        le=2**40,
        description="what all brokers' responses may take together while they are received; one beyond it is refused",
    )
    security: SecuritySettings = Field(default=SecuritySettings(), description="TLS and SASL")
    topics: NameSettings = Field(default=NameSettings(), description="topics to watch")
    internal_topics: bool = Field(
        default=False, description="whether topics internal to Kafka are watched, such as __consumer_offsets"
    )
    groups: NameSettings = Field(default=NameSettings(), description="groups to watch")
    limits: LimitSettings = Field(default=LimitSettings(), description="how much of a cluster is asked at most")
    collect: CollectSettings = Field(default=CollectSettings(), description="what is asked less often than each poll")
    health: HealthSettings = Field(default=HealthSettings(), description="beyond what it is degraded or critical")

    @property
    def title(self) -> str:
        """What the settings call the cluster: its name, or else its addresses."""
        return self.name or ",".join(self.bootstrap_servers)

    @property
    def choice(self) -> Choice:
        """What the collectors are to ask."""
        return Choice(
            topics=self.topics.names,
            internal_topics=self.internal_topics,
            groups=self.groups.names,
            empty_group_seconds=self.limits.empty_groups_for_seconds or None,
            max_partitions=self.limits.partitions,
            max_groups=self.limits.groups,
            every=self.collect.every,
            producers=self.collect.producers,
        )


def check_contexts(contexts: tuple[ClusterSettings, ...]) -> tuple[ClusterSettings, ...]:
    if len(contexts) > 1 and any(context.name is None for context in contexts):
        raise ValueError(f"context {[context.name for context in contexts].index(None) + 1} needs a name")
    for name, count in Counter(context.title for context in contexts).items():
        if count > 1:
            raise ValueError(f"{count} contexts are named {name!r}: names must be unique")
    return contexts


def check_choice(names: Sequence[str], wanted: str | None) -> str | None:
    """What is wrong with choosing `wanted` of the contexts of these names, None where nothing is."""
    if wanted is None or not names or wanted in names:
        return None
    return f"no context {wanted!r}: contexts are {', '.join(map(repr, names))}"


def choose(names: Sequence[str]) -> str:
    """What to do where one of several contexts is needed and none is chosen."""
    return f"choose one of the contexts {', '.join(map(repr, names))}: current_context or --context"


class Settings(Frozen):
    """Everything kmon can be told."""

    current_context: str | None = Field(
        default=None, description="the context that commands on one cluster use; without it the only one"
    )
    contexts: Annotated[tuple[ClusterSettings, ...], AfterValidator(check_contexts)] = Field(
        default=(), description="the clusters kmon knows"
    )
    listen: Listen = Field(
        default="127.0.0.1:9308", description="address and port that kmon serve listens on; port 0 takes a free one"
    )
    dashboard: bool = Field(default=True, description="whether kmon serve has the web dashboard")
    alerts: AlertSettings = Field(default=AlertSettings(), description="alert rules and where alerts go")

    @model_validator(mode="after")
    def _current(self) -> Self:
        if complaint := check_choice([context.title for context in self.contexts], self.current_context):
            raise ValueError(complaint)
        return self

    @property
    def cluster(self) -> ClusterSettings:
        """The current context; SettingsError when there is none, or several and none is chosen."""
        if not self.contexts:
            raise SettingsError(NO_CLUSTER)
        if self.current_context is None and len(self.contexts) > 1:
            raise SettingsError(choose([context.title for context in self.contexts]))
        return next((each for each in self.contexts if each.title == self.current_context), self.contexts[0])

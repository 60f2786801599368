"""Settings of alerts: rules over lag, and where alerts go."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.model.patterns import Pattern
from monitor.settings.heartbeat import HEARTBEAT, HeartbeatSettings
from monitor.settings.receivers import ReceiverSettings, check_receivers
from monitor.settings.values import Duration, FilePath, Frozen, Name, Regex, Text, check_unique, is_url, split_list

UNREACHABLE, WATCHDOG = "KmonClusterUnreachable", "KmonWatchdog"
"""Names of kmon's own alerts."""

RESERVED_LABELS = ("alertname", "cluster", "group", "topic", "partition", "severity")


def check_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    for name in labels:
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            raise ValueError(f"{name!r} is not a label name: letters, digits and _, not starting with a digit")
        if name in RESERVED_LABELS:
            raise ValueError(f"{name!r} is a label that kmon sets")
    return labels


def check_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """The URLs themselves. An error never repeats one: it may hold a password."""
    for number, url in enumerate(urls, 1):
        if not is_url(url):
            raise ValueError(f"URL {number} is not an address, e.g. http://alertmanager:9093")
    places = [re.sub(r"//[^/@]*@", "//", url).rstrip("/") for url in urls]
    for number, place in enumerate(places, 1):
        if (first := places.index(place) + 1) < number:
            raise ValueError(f"URL {number} is the same address as URL {first}")
    return urls


def check_heartbeat_name(receivers: tuple[ReceiverSettings, ...]) -> tuple[ReceiverSettings, ...]:
    if any(each.name == HEARTBEAT for each in receivers):
        raise ValueError(f"{HEARTBEAT!r} is the name of the heartbeat: choose another name")
    return receivers


Period = Annotated[Duration, Field(ge=0, le=31_536_000)]
Severity = Annotated[str, Field(min_length=1, max_length=64, description="value of the label severity")]
Labels = Annotated[Mapping[str, str], AfterValidator(check_labels), Field(description="labels to add to the alert")]
Annotations = Annotated[Mapping[str, str], Field(description="annotations to add to the alert")]
Names = Annotated[tuple[Text, ...], BeforeValidator(split_list)]
Globs = Annotated[tuple[Text, ...], BeforeValidator(split_list)]
Urls = Annotated[tuple[str, ...], BeforeValidator(split_list), AfterValidator(check_urls)]


Receivers = Annotated[
    tuple[ReceiverSettings, ...], AfterValidator(check_receivers), AfterValidator(check_heartbeat_name)
]


class RuleSettings(Frozen):
    """A rule: alert on each group, or each partition of a group, whose lag stays above a threshold."""

    hints: ClassVar[Mapping[str, str]] = {
        "alert": "kmon calls it name",
        "expr": "kmon does not evaluate PromQL: write lag_above, or give the rule to Prometheus",
    }

    name: Name = Field(description="name of the alert (label alertname)")
    lag_above: float = Field(ge=0, allow_inf_nan=False, description="fire when lag is above this number of records")
    for_seconds: Period = Field(default=0.0, description="how long lag must stay above before the alert fires")
    keep_firing_for_seconds: Period = Field(
        default=0.0, description="how long the alert keeps firing after the lag is back at or below the limit"
    )
    over: Literal["group", "partition"] = Field(
        default="group", description="what lag is compared: the total of a group, or that of each partition"
    )
    severity: Severity = "warning"
    group: Regex | None = Field(default=None, description="only groups whose whole id matches this expression (RE2)")
    topic: Regex | None = Field(default=None, description="only topics whose whole name matches this expression (RE2)")
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)

    @cached_property
    def patterns(self) -> Mapping[str, Pattern]:
        """The expressions of `group` and `topic`, compiled; none that matches all."""
        texts = {"group": self.group, "topic": self.topic}
        return {name: Pattern(text) for name, text in texts.items() if text}


class UnreachableSettings(Frozen):
    """The alert on each cluster that kmon cannot poll."""

    name: ClassVar[str] = UNREACHABLE
    keep_firing_for_seconds: ClassVar[float] = 0.0
    enabled: bool = Field(default=True, description=f"fire {UNREACHABLE} for a cluster that kmon cannot poll")
    for_seconds: Period = Field(
        default=120.0, description="how long a cluster must be unreachable before the alert fires"
    )
    severity: Severity = "critical"
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


class WatchdogSettings(Frozen):
    """The alert that always fires, for a dead man's switch."""

    name: ClassVar[str] = WATCHDOG
    for_seconds: ClassVar[float] = 0.0
    keep_firing_for_seconds: ClassVar[float] = 0.0
    enabled: bool = Field(default=False, description=f"fire {WATCHDOG} all the time, one alert per cluster")
    severity: Severity = "none"
    labels: Labels = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)


def check_rules(rules: tuple[RuleSettings, ...]) -> tuple[RuleSettings, ...]:
    for name in (UNREACHABLE, WATCHDOG):
        if any(rule.name == name for rule in rules):
            raise ValueError(f"{name!r} is a built-in alert: choose another name")
    check_unique("rules", [rule.name for rule in rules])
    return rules


class AlertSettings(Frozen):
    """Rules, and where their alerts go."""

    rules: Annotated[tuple[RuleSettings, ...], AfterValidator(check_rules)] = Field(
        default=(), description="alert rules, evaluated on every poll"
    )
    rule_files: Globs = Field(
        default=(), description="files of rules over any subject, as patterns of paths, e.g. /etc/kmon/rules/*.yaml"
    )
    catalogue: bool = Field(
        default=True, description="evaluate the alerts of kmon's catalogue, except those that are off by default"
    )
    enable: Names = Field(
        default=(), description="catalogue alerts to enable that are off by default, e.g. KafkaGroupTimeLag"
    )
    disable: Names = Field(default=(), description="catalogue alerts to disable, e.g. KafkaGroupStopped")
    runbooks: Text = Field(
        default="docs/runbooks.md",
        description="page that runbook_url of these alerts links to, e.g. https://docs.example.com/kmon/runbooks",
    )
    unreachable: UnreachableSettings = Field(
        default=UnreachableSettings(), description="the alert on each cluster that kmon cannot poll"
    )
    watchdog: WatchdogSettings = Field(
        default=WatchdogSettings(), description="the alert that always fires, for a dead man's switch"
    )
    alertmanagers: Urls = Field(default=(), description="base URLs of Alertmanagers; each one receives every alert")
    receivers: Receivers = Field(
        default=(), description="where notifications go, beside alertmanagers; see docs/receivers.md"
    )
    keep_state: bool = Field(
        default=True, description="keep the state of alerts in a file, so that it survives a restart of kmon serve"
    )
    state_directory: FilePath | None = Field(
        default=None,
        description="directory of that file (default: $STATE_DIRECTORY, $XDG_STATE_HOME/kmon or ~/.local/state/kmon)",
    )
    heartbeat: HeartbeatSettings = Field(
        default=HeartbeatSettings(), description="a URL to request while alerting works, for a dead man's switch"
    )
    print: bool = Field(default=False, description="print alerts when they start and end")

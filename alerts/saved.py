"""The alerts of one cluster as they are kept over a restart: what is saved, its JSON, and how a new run takes it up."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from alerts.rules import AnyRule, covers
from alerts.samples import Labels, Sample
from alerts.state import PENDING, RESOLVED, RESOLVED_SECONDS, Alert, State, Stopwatch, identity

VERSION = 1
KEPT_SECONDS = 3_600.0
"""A state that is older is not taken up: nobody knows what was in between, and receivers hold its alerts for over."""


@dataclass(frozen=True)
class Saved:
    """The alerts of a cluster by the names of their rules. `saved_at` is unix seconds.

    `cluster` is the name of the cluster in their labels; `cluster_id` its id, None when it has never responded.
    """

    saved_at: float
    cluster: str
    cluster_id: str | None
    alerts: Mapping[str, tuple[Alert, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Farewell:
    """An alert that fired before the restart and does not live on: `why` is its one sentence."""

    alert: Alert
    resolution: str
    why: str


def to_json(saved: Saved) -> str:
    """The text of the file. Readings of the monotonic clock, which ends with the machine, are left out."""
    alerts = [{"rule": rule, **_written(alert)} for rule, alerts in saved.alerts.items() for alert in alerts]
    head = {"version": VERSION, "saved_at": saved.saved_at, "cluster": saved.cluster, "cluster_id": saved.cluster_id}
    # Escapes stand for what UTF-8 could not carry, such as lone surrogates in a group id.
    return json.dumps({**head, "alerts": alerts}, ensure_ascii=True)


def _written(alert: Alert) -> dict[str, Any]:
    sample = alert.sample
    return {
        "labels": alert.labels,
        "sample": {name: getattr(sample, name) for name in ("labels", "value", "at_least", "why", "texts")},
        "held_seconds": alert.held.seconds,
        "calm_seconds": alert.calm.seconds,
        "sent": alert.sent_at is not None,
        **{name: getattr(alert, name) for name in KEPT},
    }


def from_json(text: str) -> Saved:
    """What `to_json` wrote, with `sent_at` 0 for what was sent. Raises ValueError for anything else."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']!r} is not {VERSION}")
        alerts: dict[str, list[Alert]] = {}
        for each in document["alerts"]:
            alerts.setdefault(_text(each["rule"]), []).append(_read(each))
        cluster_id = document["cluster_id"]
        return Saved(
            _number(document["saved_at"]),
            _text(document["cluster"]),
            None if cluster_id is None else _text(cluster_id),
            {rule: tuple(found) for rule, found in alerts.items()},
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"is not a state of alerts: {type(error).__name__}: {error}") from None


def _read(each: Mapping[str, Any]) -> Alert:
    sample = each["sample"]
    labels, value = _labels(sample["labels"]), _number(sample["value"])
    if "cluster" not in dict(labels) or not {"alertname", "severity"} <= dict(_labels(each["labels"])).keys():
        raise ValueError("an alert lacks a label that every alert has")
    texts = _labels(sample.get("texts", ()))  # a file of an earlier kmon has none
    found = Sample(labels, value, bool(sample["at_least"]), why=_text(sample["why"]), texts=texts)
    return Alert(
        _labels(each["labels"]),
        found,
        held=Stopwatch(_number(each["held_seconds"])),
        calm=Stopwatch(_number(each["calm_seconds"])),
        sent_at=0.0 if each["sent"] else None,
        **{name: read(each[name]) for name, read in KEPT.items()},
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _moment(value: Any) -> float | None:
    return None if value is None else _number(value)


def _labels(value: Any) -> Labels:
    return tuple((_text(name), _text(text)) for name, text in value)


KEPT: Mapping[str, Callable[[Any], Any]] = {
    "active_at": _number,
    "since_earlier": bool,
    "fired_at": _moment,
    "calm_at": _moment,
    "unknown_at": _moment,
    "unknown_reason": _text,
    "resolved_at": _moment,
    "resolution": _text,
}
"""Attributes of an alert that the file has under the same names, and how each is read."""


def take_up(
    saved: Saved, rules: Iterable[AnyRule], cluster: str, cluster_id: str | None, *, now: float, monotonic: float
) -> tuple[dict[str, State], tuple[Farewell, ...]]:
    """The states by rule with which a new run goes on at unix time `now`, and the alerts that end here.

    `cluster` and `cluster_id` are the cluster's name and id now. An alert of which a label has changed since, such as
    its severity or the cluster's name, goes on by its new labels and ends by the old ones.
    """
    known = {rule.name: rule for rule in rules}
    renamed = cluster_id is not None and cluster_id == saved.cluster_id and cluster != saved.cluster
    states: dict[str, State] = {}
    farewells: list[Farewell] = []
    for name, alerts in saved.alerts.items():
        state: dict[Labels, Alert] = {}
        for old in alerts:
            told = old.phase != PENDING and old.sent_at is not None
            rule = known.get(name)
            if rule is None or not covers(rule, old.sample.labels):
                if told and old.phase != RESOLVED:
                    why = "its rule is no longer in the settings" if rule is None else "its rule no longer covers it"
                    farewells.append(Farewell(old, "removed", why))
                continue
            labels = tuple((key, cluster if renamed and key == "cluster" else text) for key, text in old.sample.labels)
            alert = _resumed(old, now, monotonic)
            if (anew := identity(rule, labels)) != old.labels and old.phase != RESOLVED:
                if told:
                    farewells.append(Farewell(old, "renamed", "its labels changed, it continues with the new ones"))
                alert = replace(alert, labels=anew, sample=replace(old.sample, labels=labels), sent_at=None)
            state[alert.labels] = alert
        if state:
            states[name] = state
    return states, tuple(farewells)


def _resumed(alert: Alert, now: float, monotonic: float) -> Alert:
    """The alert as this run has it: to be sent at once, as one that was sent before where it was."""
    ago = min(max(0.0, now - alert.resolved_at), RESOLVED_SECONDS) if alert.resolved_at is not None else 0.0
    return replace(
        alert,
        resolved_monotonic=monotonic - ago,
        sent_at=None if alert.sent_at is None else -math.inf,
    )

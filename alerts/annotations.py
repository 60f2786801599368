"""An alert in words: the sentence that stands in a page, and the annotations around it."""

import math
from collections.abc import Iterable, Iterator

from alerts.facts import facts_of, urgent
from alerts.facts.scene import Scene
from alerts.rules import CONDITIONS, AnyRule, ClusterRule
from alerts.samples import Details, Labels
from alerts.saved import Farewell
from alerts.state import RESOLVED, Alert
from alerts.subject_rules import SubjectRule, named
from monitor.model.text import duration, moment, name_of, plural, visible
from monitor.settings.alerts import RuleSettings

HEADLINE = 150
"""Most characters of the first line of a message: with the name of its rule before it, it stays below 200."""

_NAME = 64  # characters of a name in a sentence: a summary stays below PagerDuty's 1,024; labels have it whole


def annotate(rule: AnyRule, alert: Alert, scene: Scene | None = None) -> Labels:
    """The annotations of an alert, sorted by name: the parts of its message, with the facts of a View where given."""
    labels = dict(alert.sample.labels)
    texts = {"summary": summarise(rule, alert), "began": _began(alert, scene)}
    if isinstance(rule, SubjectRule):
        texts["description"] = _describe_row(rule, alert)
    elif isinstance(rule, ClusterRule):
        texts["description"] = CONDITIONS[rule.name].description
    else:
        texts |= {"description": _describe(rule, alert), "lag": _lag(alert)}
    if alert.unknown_at is not None:
        texts["unknown"] = f"since {moment(alert.unknown_at)}: {visible(alert.unknown_reason)}"
    if alert.resolution:
        texts["resolution"] = alert.resolution
    told: Iterable[tuple[str, str]] = ()
    if scene is not None:
        texts |= facts_of(scene, labels, alert.active_at, resolved=alert.phase == RESOLVED)
        told = urgent(scene, labels) if alert.phase != RESOLVED else ()
    texts["headline"] = headline(_said(rule, alert), [*told, *_when_and_where(alert)])
    own = dict(alert.sample.texts) if isinstance(rule, SubjectRule) else rule.annotations
    return tuple(sorted({**texts, **own}.items()))


def headline(said: str, more: Iterable[tuple[str, str]] = ()) -> str:
    """The first line: what is `said`, and what fits of `more`, each unless its second text is said already."""
    if len(said) > HEADLINE:
        cut = max(said.rfind(end, 0, HEADLINE) for end in ("; ", ". ", ", "))
        said = f"{said[: cut if cut > HEADLINE // 2 else HEADLINE - 1]}…"
    for text, known in more:
        if known not in said and len(said) + len(text) + 2 <= HEADLINE:
            said += f"; {text}"
    return said


def _said(rule: AnyRule, alert: Alert) -> str:
    """How the first line of an alert begins: the rule's summary without the reason, or kmon's own sentence."""
    if not isinstance(rule, SubjectRule):
        return summarise(rule, alert).partition("; ")[0].partition(" since ")[0]
    sample = alert.sample
    own, why = dict(sample.texts).get("summary", ""), visible(sample.why, 8 * _NAME)
    said = visible(own, 8 * _NAME).removesuffix(why).rstrip(" .") if own.endswith(f". {why}") else visible(own)
    said = said or f"{named(sample.labels)}: {why}"
    return f"{'no longer there' if alert.resolution == 'gone' else 'over'}: {said}" if alert.resolution else said


def _when_and_where(alert: Alert) -> Iterator[tuple[str, str]]:
    if alert.resolved_at is not None:
        yield f"fired for {duration(alert.resolved_at - (alert.fired_at or alert.active_at))}", "fired for"
    else:
        yield f"since {moment(alert.active_at)[11:16]} UTC", " since "
    where = f"cluster {visible(dict(alert.sample.labels)['cluster'], _NAME)}"
    yield where, where


def _began(alert: Alert, scene: Scene | None) -> str:
    """When the condition became true and for how long it is; of a resolved alert also when it ended."""
    began = moment(alert.active_at) + (" or earlier" if alert.since_earlier else "")
    if alert.resolved_at is not None:
        seconds = alert.resolved_at - alert.active_at
        return f"{began}, until {moment(alert.resolved_at)} ({duration(seconds)})"
    return f"{began} ({duration(scene.now - alert.active_at)})" if scene is not None else began


def summarise(rule: AnyRule, alert: Alert) -> str:
    """One plain sentence on one line, of any alert in any phase."""
    labels = dict(alert.sample.labels)
    if isinstance(rule, SubjectRule):
        return _summarise_row(alert)
    if isinstance(rule, ClusterRule):
        condition, cluster = CONDITIONS[rule.name], visible(labels["cluster"], _NAME)
        if alert.phase == RESOLVED:
            return f"{condition.over.format(cluster=cluster)}; it fired {_since(alert)}"
        why = f"; {visible(alert.sample.why, 8 * _NAME)}" if alert.sample.why else ""
        return f"{condition.fires.format(cluster=cluster)} {_since(alert)}{why}"
    subject = f"group {name_of(labels['group'], _NAME)} on cluster {visible(labels['cluster'], _NAME)}"
    if "partition" in labels:
        subject += f", partition {_partition(labels['topic'], int(labels['partition']))}"
    limit, since = _records(rule.lag_above), _since(alert)
    if alert.phase == RESOLVED:
        end = "no longer listed" if alert.resolution == "gone" else f"at or below {limit} records of lag again"
        return f"{subject}: {end}; its lag was above {limit} records {since}; last value {_lag(alert)}"
    parts = [f"{subject}: lag {_lag(alert)} records, above {limit} {since}"]
    if alert.unknown_at is not None:
        parts.append(f"unknown since {moment(alert.unknown_at)} ({visible(alert.unknown_reason, 2 * _NAME)})")
    if alert.calm_at is not None:
        parts.append(f"at or below {limit} since {moment(alert.calm_at)}, kept firing")
    if alert.sample.details is not None:
        parts += _circumstances(alert.sample.details, worst="partition" not in labels)
    return "; ".join(parts)


def _summarise_row(alert: Alert) -> str:
    """Of a rule over a subject: its own summary, or else why the row is as it is; behind it since when."""
    sample = alert.sample
    said = dict(sample.texts).get("summary") or f"{named(sample.labels)}: {sample.why}"
    parts = [visible(said, 8 * _NAME), f"it fired {_since(alert)}" if alert.phase == RESOLVED else _since(alert)]
    if alert.phase == RESOLVED:
        parts.insert(0, "no longer there" if alert.resolution == "gone" else "over")
        return f"{parts[0]}: {parts[1]}; {parts[2]}"
    if alert.unknown_at is not None:
        parts.append(f"unknown since {moment(alert.unknown_at)} ({visible(alert.unknown_reason, 2 * _NAME)})")
    if alert.calm_at is not None:
        why = f" while {visible(alert.followed_by, _NAME)} applies" if alert.followed_by else ""
        parts.append(f"no longer so since {moment(alert.calm_at)}, kept firing{why}")
    return "; ".join(parts)


def _describe_row(rule: SubjectRule, alert: Alert) -> str:
    text = f"{visible(rule.name, _NAME)}: {rule.subject.name} where {visible(rule.text, 8 * _NAME)}"
    text += f", for {duration(rule.for_seconds)}" if rule.for_seconds else ""
    return f"{text}. {visible(alert.sample.why, 8 * _NAME)}".rstrip()


def annotate_farewell(farewell: Farewell) -> Labels:
    """The annotations of an alert that ends because of the settings, whatever its rule was, sorted by name."""
    alert = farewell.alert
    labels = dict(alert.labels)
    subject = ", ".join(f"{name} {visible(text, _NAME)}" for name, text in alert.sample.labels)
    summary = f"{visible(labels['alertname'], _NAME)} of {subject} is over: {farewell.why}; it fired {_since(alert)}"
    return (("headline", headline(summary)), ("resolution", farewell.resolution), ("summary", summary))


def _since(alert: Alert) -> str:
    """Since when the condition is true, or for how long at least where its beginning was not seen."""
    since = f"since {moment(alert.active_at)}"
    if not alert.since_earlier:
        return since
    known = f"for at least {duration(alert.held.seconds)}, " if alert.held.seconds >= 1 else ""
    return f"{known}{since} or earlier"


def _circumstances(details: Details, *, worst: bool) -> list[str]:
    if details.client_id is not None:
        reader = (
            f"assigned to {name_of(details.client_id, _NAME)} at {visible(details.host or 'an unknown host', _NAME)}"
        )
    else:
        reader = "unassigned" if details.state is not None else "member unknown"
    parts = []
    if details.worst_topic is not None:
        where = f"worst {_partition(details.worst_topic, details.worst_partition)} with {_records(details.worst_lag)}, "
        parts.append((where if worst else "") + reader)
    members = "members unknown" if math.isnan(details.members) else plural(int(details.members), "member")
    parts.append(f"state {visible(details.state or 'unknown', _NAME)}, {members}")
    if details.unknown_partitions:
        parts.append(
            f"{details.unknown_partitions:,} of {plural(details.partitions, 'partition')} unknown "
            f"({visible(details.unknown_reason, 2 * _NAME)})"
        )
    elif details.unknown_reason:
        parts.append(f"partly unknown ({visible(details.unknown_reason, 2 * _NAME)})")
    return parts


def _describe(rule: RuleSettings, alert: Alert) -> str:
    what = "a partition of a group" if rule.over == "partition" else "a group over its partitions"
    topics = f" of topics matching {visible(rule.topic, _NAME)}" if rule.topic else ""
    keep = f", kept firing for {rule.keep_firing_for_seconds:g} s" if rule.keep_firing_for_seconds else ""
    text = (
        f"{visible(rule.name, _NAME)}: lag of {what}{topics} above {_records(rule.lag_above)} records "
        f"for {rule.for_seconds:g} s{keep}."
    )
    if alert.sample.at_least:
        text += " The lag is a lower bound: its known part is already above the threshold."
    if alert.unknown_at is not None:
        text += " The current lag is unknown; the alert keeps its state until the lag is known again."
    return text


def _lag(alert: Alert) -> str:
    return ("≥ " if alert.sample.at_least else "") + _records(alert.sample.value)


def _records(value: float) -> str:
    """A number of records with thousands separated."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _partition(topic: str, partition: int) -> str:
    return f"{name_of(topic, _NAME)}-{partition}"

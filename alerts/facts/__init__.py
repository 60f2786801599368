"""What a View knows of the thing that an alert is about, as parts of a message; what is unknown is left out or said.

A part of a message is declared in alerts/parts.py; a new kind of thing is a module here and a line in `facts_of`.
"""

import re
from collections.abc import Iterator, Mapping

import numpy as np

from alerts.facts.changes import About, changed_before
from alerts.facts.groups import OfGroup
from alerts.facts.scene import Scene, few
from alerts.facts.things import kafka, of_broker, of_topic
from monitor.model.events import Events
from monitor.model.owners import NOBODY
from monitor.model.text import NAME, duration, moment, visible
from monitor.subjects.owners import of_groups, of_topics

AFTERWARDS = ("behind", "data_loss", "data", "owner")
"""Facts that still matter when an alert is resolved."""

Facts = Mapping[str, str]
"""Texts of parts, by their names in PARTS."""


def facts_of(scene: Scene, labels: Mapping[str, str], began: float, *, resolved: bool = False) -> Facts:
    """The facts about what these labels of an alert name, which began at unix time `began`.

    Of an alert that is `resolved` only those that still matter then.
    """
    view = scene.view
    found: dict[str, str] = {}
    group, topic = view.group_rows.get(labels.get("group", "")), view.topic_rows.get(labels.get("topic", ""))
    found["kafka"] = kafka(scene)
    if "group" in labels:
        if group is not None:
            of = OfGroup(scene, group, _lag_row(scene, group, labels))
            found |= of.facts()
            found["kafka"] = "; ".join(filter(None, (of.suspect(), found["kafka"])))
    elif "topic" in labels and topic is not None:
        found |= of_topic(scene, topic, _number(labels, "partition"))
    elif (broker := _number(labels, "broker", "node")) is not None:
        found |= of_broker(scene, broker)
    found["before"] = changed_before(scene, began, _is_about(scene, labels))
    found["data"] = _data(scene)
    found["owner"] = _owner(scene, labels, group, topic)
    return {name: text for name, text in found.items() if text and (not resolved or name in AFTERWARDS)}


def urgent(scene: Scene, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the first line says beside its rule's words, the most urgent first, unless these have the second text."""
    group = scene.view.group_rows.get(labels.get("group", ""))
    if group is not None:
        of = OfGroup(scene, group, _lag_row(scene, group, labels))
        for said in filter(None, (of.late_by(), of.records(), of.losing_in(), of.direction())):
            # The rule may have the number in a sentence of its own.
            yield said, re.sub(r"^(≥|time lag|data loss in) | behind$", "", said)


def _lag_row(scene: Scene, group: int, labels: Mapping[str, str]) -> int | None:
    """The row of `lag` that the labels name, None where they name a whole group or the row is not there."""
    topic, partition = scene.view.topic_rows.get(labels.get("topic", "")), _number(labels, "partition")
    if topic is None or partition is None:
        return None
    rows, lag = scene.view.lag.of_group(group), scene.view.lag
    mine = slice(rows.start, rows.stop)
    found = np.flatnonzero((lag.topic[mine] == topic) & (lag.partition[mine] == partition))
    return rows.start + int(found[0]) if len(found) else None


def _number(labels: Mapping[str, str], *names: str) -> int | None:
    return next((int(labels[name]) for name in names if labels.get(name, "").isdecimal()), None)


def _is_about(scene: Scene, labels: Mapping[str, str]) -> About:
    """Events of the group itself and of its topics, of the topic, or of the broker."""
    group, topic, broker = labels.get("group"), labels.get("topic"), _number(labels, "broker", "node")
    topics = {topic} if topic is not None else set()
    row = scene.view.group_rows.get(group or "") if group is not None and topic is None else None
    if row is not None:
        rows = scene.view.lag.of_group(row)
        of_group = np.unique(scene.view.lag.topic[rows.start : rows.stop])
        topics = {str(scene.view.snapshot.topics.topic[each]) for each in of_group.tolist()}

    def is_about(events: Events, event: int) -> bool:
        of, on = events.group[event], events.topic[event]
        if of is not None:
            return bool(of == group)
        return on in topics if on is not None else broker is not None and events.broker[event] == broker

    return is_about


def _data(scene: Scene) -> str:
    """How old the numbers are and what is missing; empty for a poll that is new and complete."""
    newest, last = scene.newest, scene.view
    if not newest.up:
        if not last.up:
            return "no poll has succeeded yet"
        return f"from the last successful poll at {moment(last.time)}, {duration(newest.time - last.time)} ago"
    failed = [each for each in newest.snapshot.outcomes if not each.success]
    missing = [f"{each.collector.replace('_', ' ')} ({visible(each.error, 2 * NAME)})" for each in failed]
    return f"incomplete: {few(missing, 'collector')}" if missing else ""


def _owner(scene: Scene, labels: Mapping[str, str], group: int | None, topic: int | None) -> str:
    """The owner and the team of the group, or else of the topic."""
    view, code = scene.view, NOBODY
    if "group" in labels and group is not None:
        code = int(of_groups(view)[group])
    if code == NOBODY and topic is not None:
        code = int(of_topics(view)[topic])
    if code == NOBODY:
        return ""
    rule = view.owners.rules[code]
    team = f"team {visible(rule.team, NAME)}" if rule.team else ""
    return ", ".join(filter(None, (visible(rule.owner, NAME) if rule.owner else "", team)))

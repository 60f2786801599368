"""Alerts, the rules that they are of, and the silences that keep them from being sent."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from monitor.analysis.derive.alert_problems import About
from monitor.model.fingerprint import fingerprint
from monitor.model.levels import LEVELS, alert_level
from monitor.model.silences import ACTIVE, EXPIRED, PENDING
from monitor.model.table import Floats, Texts, objects
from monitor.model.text import visible
from monitor.model.view import AlertRow, RuleRow, View
from monitor.subjects.column import Column, Subject
from monitor.subjects.kinds import COUNT, NODE, SECONDS, TEXT, UNIX, WORD, Kind
from monitor.subjects.tables import LEVEL, numbers, sentences, size, texts

STATES = ("firing", "pending")
RULE_STATES = (*STATES, "inactive")


def _texts(
    path: str, name: str, meaning: str, value: Callable[[Any], Any], *, words: tuple[str, ...] = (), kind: Kind = TEXT
) -> Column:
    """A text of each alert or silence."""

    def values(view: View) -> Texts:
        return objects(value(each) for each in getattr(view, path))

    return texts(name, meaning, values, words=words, kind=kind)


_alert, _silence, _rule = (partial(_texts, path) for path in ("alerts", "silences", "rules"))


def _lasting(view: View) -> Floats:
    return np.array([view.time - (each.firing_since or each.active_since) for each in view.alerts], np.float64)


def _brokers(view: View) -> Floats:
    found = (About.of(each).broker for each in view.alerts)
    return np.array([np.nan if each is None else each for each in found], np.float64)


def _level(alert: AlertRow | RuleRow) -> str:
    return alert_level(alert.state, alert.severity)


def _marks(view: View, row: int) -> str:
    return visible(", ".join(view.alerts[row].marks))


def _summary(view: View, row: int) -> str:
    return visible(view.alerts[row].summary)


ALERT = Subject(
    "alert",
    "alert that fires or is pending",
    ("fingerprint",),
    size("alerts"),
    (
        _alert("fingerprint", "id of the alert, for `kmon ack ID`", lambda each: fingerprint(each.labels)),
        _alert("rule", "name of the rule", lambda each: each.rule),
        _alert("status", "state, as in Prometheus", lambda each: each.state, words=STATES, kind=WORD),
        _alert("level", LEVEL, _level, words=LEVELS, kind=WORD),
        _alert("severity", "label of the rule, e.g. page, ticket or info", lambda each: each.severity, kind=WORD),
        numbers("lasting_seconds", SECONDS, "how long it has been firing, or pending", _lasting),
        sentences("muted", "why kmon's own receivers are not sent it; empty if they are", size("alerts"), _marks),
        _alert("group", "group that it is about", lambda each: About.of(each).group),
        _alert("topic", "topic that it is about", lambda each: About.of(each).topic),
        numbers("broker", NODE, "broker that it is about", _brokers, otherwise="it is about no broker"),
        sentences("summary", "what it reports", size("alerts"), _summary),
    ),
)


def _silence_states(view: View) -> Texts:
    return objects(each.state(view.time) for each in view.silences)


def _numbers(path: str, name: str) -> Callable[[View], Floats]:
    return lambda view: np.array([getattr(each, name) for each in getattr(view, path)], np.float64)


def _matchers(view: View, row: int) -> str:
    return ", ".join(map(str, view.silences[row].matchers))


SILENCE = Subject(
    "silence",
    "silence, of all clusters, the newest first",
    ("id",),
    size("silences"),
    (
        _silence("id", "id of the silence, for `kmon silence expire ID`", lambda each: each.id),
        texts(
            "state",
            "pending before its start, then active, then expired",
            _silence_states,
            words=(PENDING, ACTIVE, EXPIRED),
            kind=WORD,
        ),
        sentences("matchers", "conditions on labels; alerts that match all are not sent", size("silences"), _matchers),
        numbers("starts_at", UNIX, "time from which on it holds alerts back", _numbers("silences", "starts_at")),
        numbers("ends_at", UNIX, "time of its end", _numbers("silences", "ends_at")),
        _silence("created_by", "who added it", lambda each: each.created_by),
        _silence("comment", "why it was added", lambda each: each.comment),
    ),
)


def _condition(view: View, row: int) -> str:
    return visible(view.rules[row].condition)


RULE = Subject(
    "rule",
    "alert rule in effect",
    ("rule",),
    size("rules"),
    (
        _rule("rule", "name of the rule, which is the name of its alerts", lambda each: each.rule),
        _rule("status", "state of its alerts, as in Prometheus", lambda each: each.state, words=RULE_STATES, kind=WORD),
        _rule("level", LEVEL, _level, words=LEVELS, kind=WORD),
        _rule("severity", "label of its alerts, e.g. page, ticket or info", lambda each: each.severity, kind=WORD),
        _rule("on", "subject that it is about", lambda each: each.on, kind=WORD),
        sentences("condition", "filter for which it has alerts", size("rules"), _condition),
        numbers("for_seconds", SECONDS, "how long the filter must be true", _numbers("rules", "for_seconds")),
        _rule("mode", "send, or observe for a rule on probation", lambda each: each.mode, kind=WORD),
        numbers("firing", COUNT, "alerts that fire", _numbers("rules", "firing")),
        numbers("pending", COUNT, "alerts that are pending", _numbers("rules", "pending")),
        _rule("source", "where it is declared: FILE:LINE:COLUMN, or in words", lambda each: each.source),
    ),
)

ALERTS = (ALERT, SILENCE, RULE)

"""The alerts of a cluster and the silences: those of the kmon that sends alerts, where one is named."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from monitor.model.silences import EXPIRED, Acknowledgement, Matcher, Silence
from monitor.model.table import Ints
from monitor.model.text import duration, moment, visible
from monitor.model.units import parse_duration
from monitor.model.view import AlertRow, View
from monitor.subjects.alerts import ALERT, RULE, SILENCE
from tui.format import wrap
from tui.keys import ALERT_KEYS, SILENCE_KEYS
from tui.picture import Picture
from tui.screens.form import Field, FormScreen
from tui.screens.problems import Health
from tui.server import Change
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons, statuses

HERE = "Evaluated here, not sent"
NEEDS = "To acknowledge and silence alerts: kmon tui --url URL"
NOT_FIRING = "Only an alert that fires can be acknowledged"
DURATION = "2h"
BLANKS = 3
"""Empty matchers of a silence that begins with none."""


def _muted(rows: Rows, row: int) -> Cell:
    return Cell(rows.sentence(row, "muted"))


ALERT_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(ALERT, "lasting_seconds", width=10),
    column(ALERT, "rule", "Alert", "A", 18, grow=2, most=36),
    column(ALERT, "severity", "Severity", "V", 8, rank=1),
    column(ALERT, "lasting_seconds", "For", "F", 8),
    column(ALERT, "muted", "Muted", "", 14, grow=2, most=44, cell=_muted),
    reasons(ALERT, "summary", "Summary", width=30, grow=8),
)

SILENCE_COLUMNS: tuple[Column[Rows], ...] = (
    column(SILENCE, "state", "State", "S", 8),
    column(SILENCE, "matchers", "Matchers", "", 24, grow=4, most=90),
    column(SILENCE, "ends_at", "Ends", "E", 23),
    column(SILENCE, "created_by", "By", "B", 8, grow=1, most=20, rank=1),
    reasons(SILENCE, "comment", "Comment", width=14, grow=3),
)


RULE_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(RULE, "firing", width=10),
    column(RULE, "rule", "Rule", "U", 20, grow=2, most=36),
    column(RULE, "severity", "Severity", "V", 8, rank=1),
    column(RULE, "firing", "Firing", "F", 7),
    column(RULE, "pending", "Pending", "P", 8),
    column(RULE, "for_seconds", "For", "O", 8, rank=1),
    column(RULE, "mode", "Mode", "M", 8, rank=2),
    reasons(RULE, "condition", "Condition", width=30, grow=8),
)


class Mutable(Health):
    """What both tables have in common: whose rows they show, and what is asked of that kmon."""

    LIVE = True

    def source(self, picture: Picture) -> View:
        """The newest View, with the alerts, silences, rules and time of the server where these are known."""
        view = picture.newest
        found = None if picture.served is None else picture.served.found
        if found is None:
            return view
        there = replace(view.snapshot, time=found.time)
        return replace(view, snapshot=there, alerts=found.alerts, silences=found.silences, rules=found.rules)

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        served = picture.served
        url = "" if served is None else visible(served.url)
        if served is None:
            return [Line([Part(f" {HERE}. {NEEDS}", "dim")])]
        if served.error:
            found = served.found
            old = HERE if found is None else f"Last known, {duration(max(0.0, picture.now - found.time))} ago"
            lines = wrap(f"{old}: {visible(served.error)}", self.app.size.width - 2, 2)
            return [Line([Part(f" {each}", "degraded")]) for each in lines]
        return [Line([Part(f" From kmon at {url}" if served.found else f" Asking kmon at {url} …", "dim")])]

    def action_silence(self) -> None:
        self.ask_for_silence([])

    def ask_for_silence(self, matchers: Sequence[str]) -> None:
        """Have a silence typed that begins with these matchers."""
        fields = [Field("matcher", each) for each in matchers]
        fields += [Field("matcher", "", 'label="value"') for _ in range(1 if matchers else BLANKS)]
        count = len(fields)

        def change(values: list[str]) -> Change:
            seconds = float(parse_duration(values[count]))
            return lambda server: server.silence([*filter(None, values[:count])], seconds, values[count + 1])

        self.fill_in(
            "Silence alerts",
            "kmon does not send alerts that match all matchers; an empty one is left out. Alertmanager gets them: it "
            "has silences of its own.",
            [*fields, Field("for", DURATION, "30m, 2h or 1d"), Field("comment", "", "why they are silenced")],
            change,
            verb="silence",
            check=lambda values: wrong_silence(values[:count], *values[count:]),
            first=count + 1 if matchers else 0,
        )

    def fill_in(
        self,
        title: str,
        note: str,
        fields: Sequence[Field],
        change: Callable[[list[str]], Change],
        *,
        verb: str,
        check: Callable[[list[str]], str] = lambda _values: "",
        first: int = 0,
    ) -> None:
        """Have the fields typed, and then the server asked for the change that they give."""

        def done(values: list[str] | None) -> None:
            if values is not None:
                self.app.ask_server(change(values))

        if self.app.picture.served is None:
            self.app.notify(NEEDS, severity="warning", markup=False)
        else:
            self.app.push_screen(FormScreen(title, note, fields, verb=verb, check=check, first=first), done)

    def confirm_expiry(self, silences: Sequence[Silence]) -> None:
        """Have it confirmed that silences are expired."""
        ids = [each.id for each in silences]
        said = "; ".join(", ".join(map(str, each.matchers)) for each in silences)
        title = "Expire the silence" if len(ids) == 1 else f"Expire {len(ids)} silences"
        note = f"{visible(said)}. Alerts that still fire are sent."
        self.fill_in(title, note, (), lambda _values: lambda server: server.expire(ids), verb="expire")


class AlertsScreen(Mutable):
    """The alerts that fire or are pending, the worst first."""

    NAME, TITLE = "alerts", "Problems: alerts"
    SUBJECT = ALERT
    KEYED = ("fingerprint",)
    NAMED = ("rule", "summary")
    OPENS = ("group", "topic", "broker")
    KEYS = ALERT_KEYS
    COLUMNS = ALERT_COLUMNS
    NOUN = "alert"
    EMPTY = "No alerts: none fires and none is pending"

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        alert = _alert(rows, row)
        yield from self.sentence("", rows.sentence(row, "summary"))
        for each in _silences(rows, alert):
            yield from self._mute(f"silenced until {moment(each.ends_at)} by {each.created_by}", each.comment)
        known = self._known(alert)
        if known is not None:
            ago = duration(max(0.0, rows.source.time - known.at))
            yield from self._mute(f"acknowledged {ago} ago by {known.created_by}", known.comment)

    def _mute(self, what: str, comment: str) -> Iterable[Line]:
        return self.sentence("", visible(f"{what}: {comment}" if comment else what), "dim")[:1]

    def _known(self, alert: AlertRow) -> Acknowledgement | None:
        served = self.app.picture.served
        known = () if served is None or served.found is None else served.found.acknowledgements
        return next((each for each in known if each.labels == alert.labels), None)

    def _chosen(self) -> tuple[Rows, int] | None:
        """The row under the cursor."""
        row = self.table.cursor_row
        return None if self._rows is None or row is None else (self._rows, row)

    def action_acknowledge(self) -> None:
        if (chosen := self._chosen()) is None:
            return
        rows, row = chosen
        alert, name = _alert(rows, row), rows.word("fingerprint", row) or ""
        if alert.acknowledged_by:
            self.fill_in(
                f"Withdraw the acknowledgement of {visible(alert.rule)}",
                f"By {visible(alert.acknowledged_by)}. While it fires, its notifications are repeated again.",
                (),
                lambda _values: lambda server: server.withdraw(name),
                verb="withdraw",
            )
            return
        if alert.state != "firing" and self.app.picture.served is not None:
            self.app.notify(NOT_FIRING, severity="warning", markup=False)
            return
        self.fill_in(
            f"Acknowledge {visible(alert.rule)}",
            f"{visible(alert.summary)}. While it fires, its notifications are not repeated.",
            [Field("comment", "", "what is known or done; may be empty")],
            lambda values: lambda server: server.acknowledge(name, values[0]),
            verb="acknowledge",
        )

    def action_silence(self) -> None:
        chosen = self._chosen()
        labels = () if chosen is None else _alert(*chosen).labels
        self.ask_for_silence([str(Matcher(name, "=", value)) for name, value in labels])

    def action_expire(self) -> None:
        if (chosen := self._chosen()) is None:
            return
        if silences := _silences(chosen[0], _alert(*chosen)):
            self.confirm_expiry(silences)
        else:
            self.app.notify("No silence holds this alert back", severity="warning", markup=False)


class SilencesScreen(Mutable):
    """The silences that are in effect or will be, of all clusters."""

    NAME, TITLE = "silences", "Problems: silences"
    SUBJECT = SILENCE
    NAMED = ("matchers", "created_by", "comment")
    KEYS = SILENCE_KEYS
    COLUMNS = SILENCE_COLUMNS
    SORT = "ends_at"
    NOUN = "silence"
    EMPTY = "No silences"

    def pick(self, view: View) -> Ints:
        there = [each.state(view.time) != EXPIRED for each in view.silences]
        return np.flatnonzero(there).astype(np.int32)

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        silence: Silence = rows.source.silences[rows.pick[row]]
        yield from self.sentence("", rows.sentence(row, "matchers"))
        said = f"{silence.id}, from {moment(silence.starts_at)} to {moment(silence.ends_at)}"
        yield from self.sentence("", f"{said}, by {visible(silence.created_by)}: {visible(silence.comment)}", "dim")

    def action_expire(self) -> None:
        row = self.table.cursor_row
        if self._rows is not None and row is not None:
            self.confirm_expiry([self._rows.source.silences[self._rows.pick[row]]])


class RulesScreen(Mutable):
    """The alert rules in effect, and how many alerts there are of each."""

    NAME, TITLE = "rules", "Problems: alert rules"
    SUBJECT = RULE
    NAMED = ("rule", "on", "condition", "source")
    COLUMNS = RULE_COLUMNS
    SORT = "firing"
    NOUN = "rule"
    EMPTY = "No alert rules"

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        yield from self.sentence("", f"{rows.sentence(row, 'on')}: {rows.sentence(row, 'condition')}")
        yield from self.sentence("", f"from {visible(rows.source.rules[rows.pick[row]].source)}", "dim")


def wrong_silence(matchers: Sequence[str], duration: str, comment: str) -> str:
    """What is wrong with a silence as it is typed; empty for nothing."""
    for each in filter(None, matchers):
        try:
            Matcher.of(each)
        except ValueError as error:
            return f"{each} {error}"
    if not any(matchers):
        return "needs a matcher"
    try:
        parse_duration(duration)
    except ValueError as error:
        return f"for: {duration or 'it'} {error}"
    return "" if comment else "needs a comment: why the alerts are silenced"


def _alert(rows: Rows, row: int) -> AlertRow:
    found: AlertRow = rows.source.alerts[rows.pick[row]]
    return found


def _silences(rows: Rows, alert: AlertRow) -> list[Silence]:
    return [each for each in rows.source.silences if each.id in alert.silenced_by]

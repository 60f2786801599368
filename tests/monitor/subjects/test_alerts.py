"""Alerts and silences as rows: who mutes them, what they are about, and hostile texts as they are."""

from views import NOW, shop_view

from monitor.analysis.view import with_alerts
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import Matcher, Silence
from monitor.model.view import AlertRow
from monitor.subjects import SUBJECTS

HOSTILE = "<b>\x1b\n"
GROUP = (("alertname", "Lag"), ("group", HOSTILE))
BROKER = (("alertname", "Down"), ("broker", "3"))
VIEW = with_alerts(
    shop_view(),
    (
        AlertRow("Lag", "firing", "page", GROUP, HOSTILE, 1.0, NOW - 90, NOW - 60, acknowledged_by="ana\n"),
        AlertRow("Down", "pending", "ticket", BROKER, "down", None, NOW - 30, silenced_by=("1",)),
    ),
    (
        Silence("1", (Matcher("broker", "=", "3"), Matcher("team", "!~", "a.*")), NOW - 5, NOW + 5, "ben", "why"),
        Silence("2", (Matcher("group", "=", "\u202e"),), NOW + 5, NOW + 9, "ben", ""),
        Silence("3", (Matcher("group", "=", "b"),), NOW - 9, NOW - 5, "ben", "why"),
    ),
)


def test_alerts_have_their_level_age_subject_and_marks() -> None:
    first, second = SUBJECTS["alert"].plain(VIEW)
    assert first["fingerprint"] == fingerprint(GROUP)
    assert [first[name] for name in ("status", "level", "severity")] == ["firing", "critical", "page"]
    assert [second[name] for name in ("status", "level", "severity")] == ["pending", "attention", "ticket"]
    assert (first["lasting_seconds"], second["lasting_seconds"]) == (60, 30)
    assert (first["muted"], second["muted"]) == ("acknowledged by ana\\n", "silenced")
    assert (first["group"], first["broker"]) == (HOSTILE, None)
    assert (second["group"], second["broker"]) == (None, 3)
    assert first["summary"] == "<b>\\x1b\\n"


def test_silences_have_their_state_and_matchers_as_they_are_typed() -> None:
    rows = SUBJECTS["silence"].plain(VIEW)
    assert [each["state"] for each in rows] == ["active", "pending", "expired"]
    assert rows[0]["matchers"] == 'broker="3", team!~"a.*"'
    assert rows[1]["matchers"] == 'group="\\u202e"'
    assert (rows[0]["starts_at"], rows[0]["ends_at"]) == (NOW - 5, NOW + 5)

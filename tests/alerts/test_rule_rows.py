"""The rules in effect as faces list them: of each kind, with what their alerts do."""

from pathlib import Path

from views import NOW

from alerts.effective import rules_of
from alerts.rule_rows import rule_rows
from monitor.model.view import AlertRow, RuleRow
from monitor.settings.alerts import AlertSettings

FILE = """\
groups:
  - name: g
    rules:
      - {alert: Late, on: group, where: lag > 1000, for: 1m, severity: page}
      - {alert: Tried, on: lag, where: lost > 0, mode: observe}
"""


def alert(rule: str, state: str) -> AlertRow:
    return AlertRow(rule, state, "page", (("group", state),), "it is behind", 1.0, NOW)


def test_every_kind_of_rule_has_a_row_with_its_alerts(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(FILE)
    settings = AlertSettings.model_validate(
        {
            "rules": [{"name": "Lag", "lag_above": 5, "for": "2m"}],
            "rule_files": [str(path)],
            "catalogue": False,
            "unreachable": {"for": "30s"},
        }
    )
    alerts = [alert("Late", "firing"), alert("Late", "pending"), alert("Lag", "pending"), alert("gone", "firing")]
    found = {each.rule: each for each in rule_rows(rules_of(settings), alerts)}
    assert found["Late"] == RuleRow("Late", "group", "lag > 1000", 60, "page", "send", f"{path}:4:9", 1, 1)
    assert found["Tried"] == RuleRow("Tried", "lag", "lost > 0", 0, "ticket", "observe", f"{path}:5:9")
    assert found["Lag"] == RuleRow("Lag", "group", "lag > 5", 120, "warning", "send", "alerts.rules", 0, 1)
    (unreachable,) = (each for each in found.values() if each.source == "built in")
    assert (unreachable.on, unreachable.for_seconds, unreachable.state) == ("cluster", 30, "inactive")
    assert [found[name].state for name in ("Late", "Lag", "Tried")] == ["firing", "pending", "inactive"]

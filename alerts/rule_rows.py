"""The rules in effect, as commands and faces list them."""

from collections import Counter
from collections.abc import Iterable

from alerts.rules import AnyRule, is_observed
from alerts.state import FIRING, PENDING
from alerts.subject_rules import SubjectRule
from monitor.model.view import AlertRow, RuleRow
from monitor.settings.alerts import RuleSettings

BUILT_IN = "built in"


def rule_rows(rules: Iterable[AnyRule], alerts: Iterable[AlertRow] = ()) -> tuple[RuleRow, ...]:
    """A row for each rule, with how many of these alerts are of it."""
    counts = Counter((each.rule, each.state) for each in alerts)
    return tuple(_row(each, counts[each.name, FIRING], counts[each.name, PENDING]) for each in rules)


def _row(rule: AnyRule, firing: int, pending: int) -> RuleRow:
    if isinstance(rule, SubjectRule):
        on, condition, source = rule.subject.name, rule.text, rule.place
    elif isinstance(rule, RuleSettings):
        on, condition, source = rule.over, f"lag > {rule.lag_above:g}", "alerts.rules"
    else:
        on, condition, source = "cluster", BUILT_IN, BUILT_IN
    mode = "observe" if is_observed(rule) else "send"
    return RuleRow(rule.name, on, condition, rule.for_seconds, rule.severity, mode, source, firing, pending)

"""Alerts as the faces show them."""

from alerts.annotations import summarise
from alerts.mutes import Mutes
from alerts.rules import AnyRule, is_observed
from alerts.state import Alert
from monitor.model.view import AlertRow


def row_of(rule: AnyRule, alert: Alert, mutes: Mutes) -> AlertRow:
    """An alert as a row; its value is None while it is unknown."""
    acknowledged = mutes.acknowledged(alert.labels)
    return AlertRow(
        rule=rule.name,
        state=alert.phase,
        severity=rule.severity,
        labels=alert.labels,
        summary=summarise(rule, alert),
        value=None if alert.unknown_at is not None else alert.sample.value,
        active_since=alert.active_at,
        firing_since=alert.fired_at,
        observed=is_observed(rule),
        inhibited_by=alert.inhibited_by,
        silenced_by=mutes.silenced_by(alert.labels),
        acknowledged_by="" if acknowledged is None else acknowledged.created_by,
    )

"""The rules in effect: those of the settings, of their rule files and of the catalogue, and the built-in ones."""

from alerts.catalogue import RUNBOOK, catalogue, chosen, runbook
from alerts.parts import RUNBOOKS
from alerts.rule_files import rules_in
from alerts.rules import AnyRule, ClusterRule
from monitor.model.text import visible
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, AlertSettings
from monitor.settings.errors import SettingsError


def rules_of(alerts: AlertSettings) -> list[AnyRule]:
    """Every rule that these settings put into effect. Raises SettingsError with everything that is wrong."""
    problems: list[str] = []
    try:
        written = rules_in(alerts.rule_files)
    except SettingsError as error:
        written, problems = (), [*error.problems]
    names = {UNREACHABLE, WATCHDOG, *(each.name for each in alerts.rules)}
    problems += [
        f"{each.place}: alert {visible(each.name)} has the name of another rule"
        for each in written
        if each.name in names
    ]
    over_subjects = {each.name for each in (*written, *catalogue())}
    problems += [
        f"{each.place}: inhibited_by: no rule over a subject is called {visible(name)}"
        for each in written
        for name in each.inhibited_by
        if name not in over_subjects
    ]
    brought = []
    try:
        brought = chosen(alerts, names | {each.name for each in written})
    except SettingsError as error:
        problems += error.problems
    if problems:
        raise SettingsError(*problems)
    built_in = (_with_runbook(each, alerts.runbooks) for each in (alerts.unreachable, alerts.watchdog) if each.enabled)
    return [*alerts.rules, *(each for each in written if each.enabled), *brought, *built_in]


def _with_runbook(rule: ClusterRule, page: str) -> ClusterRule:
    """A built-in rule that names its runbook on this page, unless its annotations name another."""
    if any(name in rule.annotations for name in RUNBOOKS):
        return rule
    return rule.model_copy(update={"annotations": {**rule.annotations, RUNBOOK: runbook(rule.name, page)}})

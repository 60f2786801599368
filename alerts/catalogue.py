"""The alerts that kmon brings: the rules of catalogue.yaml as the settings have them."""

from collections.abc import Container
from dataclasses import replace
from functools import cache
from pathlib import Path

from alerts.rule_files import read_rules
from alerts.subject_rules import SubjectRule
from alerts.template import Template
from monitor.model.text import visible
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import Path as SettingsPath
from monitor.settings.raw_values import dotted, nearest

PATH = Path(__file__).with_name("catalogue.yaml")

PLACE = "catalogue"
"""Where a rule of the catalogue stands, to users."""

RUNBOOK = "runbook_url"
"""The annotation with the address of an alert's runbook."""


@cache
def catalogue() -> tuple[SubjectRule, ...]:
    """Every alert of the catalogue, those that are off by default as well."""
    return tuple(replace(rule, place=PLACE) for rule in read_rules([PATH]))


def chosen(alerts: AlertSettings, taken: Container[str] = ()) -> list[SubjectRule]:
    """The alerts of the catalogue that are on, with their runbooks; a rule of the user's with its name replaces one.

    `taken` are the names of those. Raises SettingsError for names that the settings have and the catalogue has not.
    """
    if problems := wrong_names(alerts):
        raise SettingsError(*(f"{dotted(path[:-1])}: {text}" for path, text in problems))
    if not alerts.catalogue:
        return []
    return [
        with_runbook(rule, alerts.runbooks)
        for rule in catalogue()
        if (rule.enabled or rule.name in alerts.enable) and rule.name not in alerts.disable and rule.name not in taken
    ]


def with_runbook(rule: SubjectRule, page: str) -> SubjectRule:
    """A rule of the catalogue that names its runbook on this page."""
    return replace(rule, annotations={**rule.annotations, RUNBOOK: Template((runbook(rule.name, page),))})


def runbook(name: str, page: str) -> str:
    """The address of an alert's runbook on this page."""
    return f"{page}#{anchor(name)}"


def anchor(name: str) -> str:
    """The anchor of an alert's heading in docs/runbooks.md."""
    return name.lower()


def wrong_names(alerts: AlertSettings) -> list[tuple[SettingsPath, str]]:
    """What is wrong with the names of alerts in the settings, and where in the settings each stands."""
    known = [rule.name for rule in catalogue()]
    found: list[tuple[SettingsPath, str]] = []
    for key, names in (("enable", alerts.enable), ("disable", alerts.disable)):
        for number, name in enumerate(names):
            path = ("alerts", key, number)
            if name not in known:
                found.append((path, f"the catalogue has no alert {visible(name)}: {nearest(name, known)}"))
            elif key == "disable" and name in alerts.enable:
                found.append((path, f"{name} is also in alerts.enable"))
    return found

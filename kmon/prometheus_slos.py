"""Objectives for Prometheus: recording rules of burn rates over kmon's metrics, and specifications for Sloth."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from kmon.promql import RECORDED, quoted
from monitor.model.slos import WINDOWS
from monitor.settings.model import ClusterSettings

RULES = "kmon-burn-rates"
"""The group of recording rules, before the alerts that read them."""

FRESH, OBSERVED = "kmon_group_fresh_seconds_total", "kmon_group_observed_seconds_total"
ALLOWED = "(1 - kmon_group_slo_objective_ratio)"


def recording_rules() -> list[dict[str, Any]]:
    """The burn rates that kmon's alerts compare, where time that was not observed counts as fresh, as in kmon."""
    return [
        {
            "record": RECORDED["group", f"burn_rate_{name}_at_least"],
            "expr": f"(increase({OBSERVED}[{name}]) - increase({FRESH}[{name}])) / {seconds:.0f} / {ALLOWED}",
        }
        for name, seconds in WINDOWS.items()
    ]


def reads_recorded(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any of these rules needs the recording rules."""
    return any(name in each["expr"] for each in rules for name in RECORDED.values())


def sloth(clusters: Iterable[ClusterSettings]) -> str:
    """A specification for Sloth (prometheus/v1) for each cluster that has objectives, as YAML documents.

    An objective is about all its groups together: the late share of the time of all of them.
    """
    documents = [_service(each) for each in clusters if each.slos]
    return "---\n".join(yaml.safe_dump(each, sort_keys=False, width=1_000, allow_unicode=True) for each in documents)


def _service(cluster: ClusterSettings) -> dict[str, Any]:
    labels = {"cluster": cluster.name} if cluster.name else {}
    before: list[str] = []
    slos = []
    for number, each in enumerate(cluster.slos, 1):
        mine = "|".join(each.groups)
        matchers = [f"{name}={quoted(text)}" for name, text in labels.items()]
        matchers += [f"group=~{quoted(mine)}", *(f"group!~{quoted(text)}" for text in before)]
        slos.append(_slo(number, each.objective, each.time_lag_seconds, mine, ",".join(matchers)))
        before.append(mine)
    return {"version": "prometheus/v1", "service": _name(f"kafka-{cluster.title}"), "labels": labels, "slos": slos}


def _slo(number: int, objective: float, seconds: float, groups: str, matchers: str) -> dict[str, Any]:
    observed, fresh = (f"sum(rate({name}{{{matchers}}}[{{{{.window}}}}]))" for name in (OBSERVED, FRESH))
    return {
        "name": f"freshness-{number}",
        "objective": objective,
        "description": f"time lag of groups {groups} is at most {seconds:g} s",
        "sli": {"events": {"error_query": f"{observed} - {fresh}", "total_query": observed}},
        "alerting": {
            "name": "KafkaGroupsBurning",
            "page_alert": {"labels": {"severity": "page"}},
            "ticket_alert": {"labels": {"severity": "ticket"}},
        },
    }


def _name(text: str) -> str:
    """A name as Sloth takes it: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")

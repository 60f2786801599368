"""kmon alerts: lists the alerts of a running kmon."""

import argparse
import json
from collections.abc import Iterable, Sequence
from typing import Any

from kmon.commands.remote import Remote, on_remote
from kmon.commands.terminal import align
from monitor.model.text import clip, moment, visible

FIRING = 1
"""Exit code while an alert fires that nothing keeps from being sent."""
SUMMARY = 100
HEADERS = ("ID", "STATE", "SEVERITY", "SINCE", "ALERT", "SUMMARY")


def run(args: argparse.Namespace) -> int:
    """0, 1 while an alert fires that is sent, or 2 with a line on what is wrong."""
    return on_remote("alerts", args, _list)


def _list(remote: Remote, args: argparse.Namespace) -> int:
    clusters = [each["cluster"] for each in remote.get("clusters")["clusters"]]
    wanted = clusters if args.cluster is None else [args.cluster]
    alerts = [each for name in wanted for each in remote.get("alerts", cluster=name)["alerts"]]
    if args.state is not None:
        alerts = [each for each in alerts if each["state"] == args.state]
    if args.output == "json":
        print(json.dumps({"alerts": alerts}, indent=2))
    else:
        print("\n".join(table(alerts)) if alerts else "no alerts")
    return FIRING if any(is_sent(each) for each in alerts) else 0


def is_sent(alert: dict[str, Any]) -> bool:
    """Whether it fires and nothing keeps it from being sent; one of severity none reports no problem."""
    return alert["state"] == "firing" and alert["severity"] != "none" and not alert["marks"]


def table(alerts: Iterable[dict[str, Any]]) -> list[str]:
    rows: list[Sequence[str]] = [HEADERS]
    for each in alerts:
        since = each["firing_since"] or each["active_since"]
        state = ", ".join([each["state"], *each["marks"]])
        cells = (each["fingerprint"], state, each["severity"], moment(since), each["rule"])
        rows.append([*map(visible, cells), clip(visible(each["summary"]), SUMMARY)])
    return align(rows, [False] * len(HEADERS))

"""kmon rules preview: when rules would have fired, on polls of now or on those that a running kmon remembers."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alerts.effective import rules_of
from alerts.preview import Preview
from alerts.rule_files import named, rules_in
from kmon.commands.options import loaded_from, option
from kmon.commands.poll import ask
from kmon.commands.remote import Remote, on_remote
from kmon.commands.signals import ending
from kmon.commands.terminal import align
from monitor.model.text import duration, moment, plural, visible
from monitor.model.units import parse_duration
from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError

SECONDS = 600.0
"""How long it polls by default."""
HEADER = ("ALERT", "SEVERITY", "ABOUT", "TRUE SINCE", "FIRED", "RESOLVED", "SENT")
WRONG, UNREACHABLE = 1, 2
NOT_ABOUT = ("alertname", "severity")


def run(args: argparse.Namespace) -> int:
    """0 when the rules were run, 1 with everything that is wrong in the files, 2 when Kafka or kmon is unreachable."""
    seconds = option("--for", args.watch_for, parse_duration)
    try:
        rules = rules_in(args.files, "")
    except SettingsError as error:
        print("\n".join(map(visible, error.problems)), file=sys.stderr)
        return WRONG
    if args.url is not None:
        return on_remote("rules", args, lambda remote, args: _remembered(remote, args, seconds))
    if args.cluster is not None:
        raise SettingsError("--cluster: needs --url; --context chooses a cluster to poll")
    settings = loaded_from(args).settings
    preview = Preview(rules, rules_of(settings.alerts))
    with ending() as end:
        newest = ask(settings.cluster, seconds or SECONDS, everything=True, end=end, seen=preview.observe)
    if not newest.shown.up:
        print(f"kmon rules: {visible(newest.snapshot.error)}", file=sys.stderr)
        return UNREACHABLE
    preview.end()
    _print(preview.plain(), args)
    return 0


def _remembered(remote: Remote, args: argparse.Namespace, seconds: float | None) -> int:
    """Have a running kmon run the rules over the polls that it remembers, of all clusters or one."""
    files = {path: read_bytes(Path(path)).decode("utf-8-sig") for path in named(args.files)}
    query = {} if seconds is None else {"seconds": f"{seconds:g}"}
    clusters = [each["cluster"] for each in remote.get("clusters")["clusters"]]
    wanted = clusters if args.cluster is None else [args.cluster]
    found = [remote.ask("rules/preview", {"files": files}, cluster=name, **query) for name in wanted]
    _print(_together(found), args)
    return 0


def _together(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The results of several clusters as one; its alerts have the label `cluster`."""
    notifications: Counter[str] = Counter()
    for each in found:
        notifications.update(each["notifications"])
    silent = [set(each["never_true"]) for each in found]
    seconds = [each for one in found for each in (one["since"], one["until"]) if each is not None]
    return {
        "alerts": sorted((alert for each in found for alert in each["alerts"]), key=lambda each: each["pending_at"]),
        "never_true": sorted(set.intersection(*silent)),
        "polls": sum(each["polls"] for each in found),
        "failed_polls": sum(each["failed_polls"] for each in found),
        "notifications": dict(notifications),
        "since": min(seconds, default=None),
        "until": max(seconds, default=None),
    }


def _print(found: dict[str, Any], args: argparse.Namespace) -> None:
    print(json.dumps(found, allow_nan=False) if args.output == "json" else as_table(found))


def as_table(found: Mapping[str, Any]) -> str:
    """A line for each alert of a result as `Preview.plain` gives it, and how many would have been sent."""
    alerts = found["alerts"]
    hidden = NOT_ABOUT if len({each["labels"].get("cluster") for each in alerts}) > 1 else (*NOT_ABOUT, "cluster")
    lines = align([HEADER, *(_row(each, hidden) for each in alerts)], [False] * len(HEADER)) if alerts else []
    if found["never_true"]:
        lines.append(f"Never true: {', '.join(map(visible, found['never_true']))}")
    return "\n".join([*lines, *_totals(found), _polls(found)])


def _polls(found: Mapping[str, Any]) -> str:
    failed = f", {found['failed_polls']:,} failed" if found["failed_polls"] else ""
    if found["since"] is None:
        return "no poll is remembered yet"
    return f"{plural(found['polls'], 'poll')} from {_clock(found['since'])} to {_clock(found['until'])}{failed}"


def _totals(found: Mapping[str, Any]) -> Iterable[str]:
    sent = Counter(str(each["severity"]) for each in found["alerts"] if each["sent"])
    for severity, number in sorted(sent.items()):
        notifications = plural(found["notifications"].get(severity, 0), "notification")
        yield f"{visible(severity)}: {plural(number, 'alert')} sent, in {notifications} grouped by alert and cluster"
    if not sent:
        yield "No alert would have been sent"


def _row(alert: Mapping[str, Any], hidden: Collection[str]) -> tuple[str, ...]:
    about = ", ".join(f"{name}={visible(text, 60)}" for name, text in alert["labels"].items() if name not in hidden)
    fired = "no" if alert["fired_at"] is None else _clock(alert["fired_at"])
    over = "no"
    if alert["ended_at"] is not None:
        over = f"{_clock(alert['ended_at'])} (after {duration(alert['ended_at'] - alert['pending_at'])})"
    sent = "yes" if alert["sent"] else "observe" if alert["observed"] else "no"
    if alert["inhibited_by"]:
        sent = f"inhibited by {visible(alert['inhibited_by'])}"
    return visible(alert["rule"]), visible(alert["severity"]), about, _clock(alert["pending_at"]), fired, over, sent


def _clock(unix: float) -> str:
    """The time of day in UTC."""
    return moment(unix)[11:19]

"""kmon rules preview: polls for a while, runs rules over the polls, and prints when they would have fired."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict

from alerts.effective import rules_of
from alerts.preview import Life, Preview
from alerts.rule_files import rules_in
from kmon.commands.options import loaded_from, option
from kmon.commands.poll import ask
from kmon.commands.signals import ending
from kmon.commands.terminal import align
from monitor.model.text import duration, moment, plural, visible
from monitor.model.units import parse_duration
from monitor.settings.errors import SettingsError

SECONDS = 600.0
"""How long it polls by default."""
HEADER = ("ALERT", "SEVERITY", "ABOUT", "TRUE SINCE", "FIRED", "RESOLVED", "SENT")
WRONG, UNREACHABLE = 1, 2
NOT_ABOUT = ("alertname", "severity", "cluster")


def run(args: argparse.Namespace) -> int:
    """0 when the rules were run, 1 with everything that is wrong in the files, 2 when Kafka is unreachable."""
    seconds = option("--for", args.watch_for, parse_duration) or SECONDS
    settings = loaded_from(args).settings
    try:
        rules = rules_in(args.files, "")
    except SettingsError as error:
        print("\n".join(map(visible, error.problems)), file=sys.stderr)
        return WRONG
    preview = Preview(rules, rules_of(settings.alerts))
    with ending() as end:
        newest = ask(settings.cluster, seconds, everything=True, end=end, seen=preview.observe)
    if not newest.shown.up:
        print(f"kmon rules: {visible(newest.snapshot.error)}", file=sys.stderr)
        return UNREACHABLE
    preview.end()
    print(as_json(preview) if args.output == "json" else as_table(preview))
    return 0


def as_table(preview: Preview) -> str:
    """A line for each alert, and how many would have been sent."""
    lives = preview.lives
    failed = f", {preview.failed:,} failed" if preview.failed else ""
    lines = align([HEADER, *map(_row, lives)], [False] * len(HEADER)) if lives else []
    silent = [each for each in preview.names if each not in {life.rule for life in lives}]
    if silent:
        lines.append(f"Never true: {', '.join(map(visible, silent))}")
    return "\n".join([*lines, *_totals(preview, lives), f"{plural(preview.polls, 'poll')}{failed}"])


def as_json(preview: Preview) -> str:
    lives = [{**asdict(each), "labels": dict(each.labels), "sent": each.sent} for each in preview.lives]
    counts = {"polls": preview.polls, "failed_polls": preview.failed, "notifications": preview.notifications}
    return json.dumps({"alerts": lives, **counts}, allow_nan=False)


def _totals(preview: Preview, lives: Iterable[Life]) -> Iterable[str]:
    sent: dict[str, int] = {}
    for each in lives:
        if each.sent:
            sent[each.severity] = sent.get(each.severity, 0) + 1
    for severity, number in sorted(sent.items()):
        notifications = plural(preview.notifications.get(severity, 0), "notification")
        yield f"{visible(severity)}: {plural(number, 'alert')} sent, in {notifications} grouped by alert and cluster"
    if not sent:
        yield "No alert would have been sent"


def _row(life: Life) -> tuple[str, ...]:
    about = ", ".join(f"{name}={visible(text, 60)}" for name, text in life.labels if name not in NOT_ABOUT)
    fired = "no" if life.fired_at is None else _clock(life.fired_at)
    over = "no"
    if life.ended_at is not None:
        over = f"{_clock(life.ended_at)} (after {duration(life.ended_at - life.pending_at)})"
    sent = "yes" if life.sent else "observe" if life.observed else "no"
    if life.inhibited_by:
        sent = f"inhibited by {visible(life.inhibited_by)}"
    return visible(life.rule), visible(life.severity), about, _clock(life.pending_at), fired, over, sent


def _clock(unix: float) -> str:
    """The time of day in UTC."""
    return moment(unix)[11:19]

"""The options of the commands that ask a running kmon: kmon alerts, kmon ack, kmon silence, and kmon tui."""

import argparse
from typing import Any

from kmon.arguments import add_output, command

URL = "URL of the running kmon, e.g. https://kmon.example.com (default: external_url or listen of the settings)"
SERVED = "URL of the kmon serve that sends alerts, e.g. https://kmon.example.com (default: alerts are only shown)"
DONE = "Exit codes: 0 done, 2 kmon is unreachable or refuses, or bad usage."
ALERTS = (
    "Exit codes: 0 no alert fires, other than silenced, acknowledged or inhibited ones, 1 an alert fires, "
    "2 kmon is unreachable, or bad usage."
)
MATCHER = "alerts to hold back, as in Alertmanager, e.g. cluster=prod 'group=~\"payments-.*\"'; all must match"


def add_alerts(commands: Any) -> None:
    parser = _remote(commands, "alerts", "list the alerts of a running kmon", ALERTS)
    add_output(parser, "table", "json")
    which = "only alerts of this cluster, e.g. prod (default: all clusters)"
    parser.add_argument("--cluster", metavar="NAME", help=which)
    parser.add_argument("--state", choices=("firing", "pending"), help="only alerts in this state (default: both)")


def add_ack(commands: Any) -> None:
    summary = "acknowledge an alert of a running kmon: it is not repeated, and its end is sent"
    parser = _remote(commands, "ack", summary, DONE)
    parser.add_argument("id", metavar="ID", help="id of the alert in kmon alerts, e.g. 6d0d1a2e9f3b4c58")
    what = "what is known or done, e.g. 'restarting the consumers'"
    parser.add_argument("--comment", metavar="TEXT", default="", help=what)
    _add_author(parser)
    parser.add_argument("--withdraw", action="store_true", help="remove the acknowledgement instead")


def add_silence(commands: Any) -> None:
    summary = "add, list or expire silences of a running kmon"
    parser = command(commands, "silence", summary, cluster=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = _remote(actions, "add", "hold back alerts for some time, and print the id of the silence", DONE)
    add.add_argument("matchers", metavar="MATCHER", nargs="+", help=MATCHER)
    add.add_argument("--for", metavar="TIME", dest="silence_for", required=True, help="how long, e.g. 30m")
    why = "why, e.g. 'broker 3 is being replaced'"
    add.add_argument("--comment", metavar="TEXT", required=True, help=why)
    _add_author(add)
    listed = _remote(actions, "list", "print silences", DONE)
    add_output(listed, "table", "json")
    listed.add_argument("--expired", action="store_true", help="also silences that ended in the last five days")
    expire = _remote(actions, "expire", "end silences now", DONE)
    expire.add_argument("ids", metavar="ID", nargs="+", help="id of the silence, e.g. 3f9a1c0d5e7b2468")


def add_served(parser: argparse.ArgumentParser) -> None:
    """The options of a terminal UI that acknowledges and silences alerts."""
    about = (
        "Where alerts are listed, acknowledged and silenced; changes need its token, in KMON_API_TOKEN or the settings."
    )
    group = parser.add_argument_group("alerts", about)
    group.add_argument("--url", metavar="URL", help=SERVED)
    _add_author(group)


def _remote(parent: Any, name: str, summary: str, ends: str) -> argparse.ArgumentParser:
    parser = command(parent, name, summary, cluster=False, epilog=ends)
    parser.add_argument("--url", metavar="URL", help=URL)
    parser.add_argument("--config", metavar="FILE", help="settings file in YAML, e.g. kmon.yaml")
    return parser


def _add_author(parser: Any) -> None:
    parser.add_argument("--created-by", metavar="NAME", help="who does this, e.g. ana (default: the user name)")

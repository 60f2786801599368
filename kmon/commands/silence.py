"""kmon silence: adds, lists and expires silences of a running kmon."""

import argparse
import json
from typing import Any

from kmon.commands.options import option
from kmon.commands.remote import Remote, author, on_remote, warn_if_lost
from kmon.commands.terminal import align
from monitor.model.text import clip, moment, visible
from monitor.model.units import parse_duration

HEADERS = ("ID", "STATE", "STARTS", "ENDS", "BY", "MATCHERS", "COMMENT")
CELL = 80


def run(args: argparse.Namespace) -> int:
    """0, or 2 with a line on what is wrong."""
    return on_remote("silence", args, {"add": _add, "list": _list, "expire": _expire}[args.action])


def _add(remote: Remote, args: argparse.Namespace) -> int:
    seconds = option("--for", args.silence_for, parse_duration)
    body = {
        "matchers": args.matchers,
        "duration_seconds": seconds,
        "created_by": author(args),
        "comment": args.comment,
    }
    answer = remote.post("silences", body)
    print(answer["silence"]["id"])
    warn_if_lost(answer)
    return 0


def _list(remote: Remote, args: argparse.Namespace) -> int:
    found = [each for each in remote.get("silences")["silences"] if args.expired or each["state"] != "expired"]
    if args.output == "json":
        print(json.dumps({"silences": found}, indent=2))
    elif found:
        print("\n".join(align([HEADERS, *map(_row, found)], [False] * len(HEADERS))))
    else:
        print("no silences")
    return 0


def _row(silence: dict[str, Any]) -> tuple[str, ...]:
    times = (moment(silence["starts_at"]), moment(silence["ends_at"]))
    words = (silence["created_by"], ", ".join(silence["matchers"]), silence["comment"])
    return (silence["id"], silence["state"], *times, *(clip(visible(each), CELL) for each in words))


def _expire(remote: Remote, args: argparse.Namespace) -> int:
    for each in args.ids:
        answer = remote.delete("silences", each)
        print(f"expired: {visible(each)}")
        warn_if_lost(answer)
    return 0

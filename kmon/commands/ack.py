"""kmon ack: acknowledges an alert of a running kmon, or withdraws that."""

import argparse

from kmon.commands.remote import Remote, author, on_remote, warn_if_lost
from monitor.model.text import visible


def run(args: argparse.Namespace) -> int:
    """0, or 2 with a line on what is wrong."""
    return on_remote("ack", args, _withdraw if args.withdraw else _acknowledge)


def _acknowledge(remote: Remote, args: argparse.Namespace) -> int:
    body = {"fingerprint": args.id, "created_by": author(args), "comment": args.comment}
    answer = remote.post("acknowledgements", body)
    print(f"acknowledged: {visible(answer['acknowledgement']['labels']['alertname'])}")
    warn_if_lost(answer)
    return 0


def _withdraw(remote: Remote, args: argparse.Namespace) -> int:
    answer = remote.delete("acknowledgements", args.id)
    print(f"no longer acknowledged: {visible(args.id)}")
    warn_if_lost(answer)
    return 0

"""kmon tui: watches a cluster in the terminal."""

import argparse
import sys
import threading

from kmon.commands.options import settings_from
from monitor.settings import Settings
from monitor.source import Memory


def run(args: argparse.Namespace) -> int:
    """Run the terminal UI until it is quit. 2 when there is no terminal."""
    settings = settings_from(args)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("kmon tui: needs a terminal; kmon lag prints the same numbers without one", file=sys.stderr)
        return 2
    from tui.app import KmonApp  # noqa: PLC0415 - so that bad usage is told at once

    cluster = settings.cluster
    memory = Memory(cluster.name, cluster.interval_seconds)
    app = KmonApp([memory], addresses=[",".join(cluster.bootstrap_servers)])
    done = threading.Event()
    poll = threading.Thread(target=_poll, args=(settings, memory, done), name="poll", daemon=True)
    poll.start()
    try:
        app.run()
    finally:
        done.set()
        poll.join(timeout=5)
    return app.return_code or 0


def _poll(settings: Settings, memory: Memory, done: threading.Event) -> None:
    """Poll into `memory` until `done`: the client is imported here, beside the first paint instead of before it."""
    from monitor.poll import PollLoop  # noqa: PLC0415 - see above

    loop = PollLoop(settings.cluster, memory)
    loop.start()
    done.wait()
    loop.stop()

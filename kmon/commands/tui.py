"""kmon tui: watches clusters in the terminal."""

import argparse
import sys
import threading
from collections.abc import Sequence

from kmon.commands.options import clusters_from
from monitor.settings.model import ClusterSettings
from monitor.source import Memory


def run(args: argparse.Namespace) -> int:
    """Run the terminal UI until it is quit. 2 when there is no terminal."""
    _, clusters = clusters_from(args)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("kmon tui: needs a terminal; kmon lag prints the same numbers without one", file=sys.stderr)
        return 2
    from tui.app import KmonApp  # noqa: PLC0415 - so that bad usage is told at once

    memories = [Memory(each.title, each.interval_seconds, named=each.name is not None) for each in clusters]
    app = KmonApp(memories, addresses=[",".join(each.bootstrap_servers) for each in clusters])
    done = threading.Event()
    poll = threading.Thread(target=_poll, args=(clusters, memories, done), name="poll", daemon=True)
    poll.start()
    try:
        app.run()
    finally:
        done.set()
        poll.join(timeout=5)
    return app.return_code or 0


def _poll(clusters: Sequence[ClusterSettings], memories: Sequence[Memory], done: threading.Event) -> None:
    """Poll into `memories` until `done`: the client is imported here, beside the first paint instead of before it."""
    from monitor.poll_loop import PollLoop, stop_all  # noqa: PLC0415 - see above

    loops = [PollLoop(cluster, memory) for cluster, memory in zip(clusters, memories, strict=True)]
    for loop in loops:
        loop.start()
    done.wait()
    stop_all(loops)

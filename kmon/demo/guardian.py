"""Ends the demo's processes when the process that started them is gone, however it went.

Runs on its own as `python guardian.py PARENT_PID FOLDER`, standard library only. It leads the process group that the
demo's processes join, and waits for the end of its standard input, which only the parent holds. Then it kills the whole
group at once: there is no list of pids to be late with, and a stopped process dies like any other.
"""

import os
import select
import shutil
import signal
import sys
import time


def wait_for_end_of(parent: int) -> None:
    """Return once standard input ends, or `parent` is no longer our parent (a fork of it may hold the pipe)."""
    while os.getppid() == parent:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], 1.0)
        if ready and not os.read(sys.stdin.fileno(), 1):
            return


def main() -> None:
    """Wait, kill the group, remove FOLDER."""
    parent, folder = int(sys.argv[1]), sys.argv[2]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print("ready", flush=True)
    wait_for_end_of(parent)
    group = os.getpgrp()
    if os.fork():
        # The child kills us with the group, once it has left it.
        while True:
            signal.pause()
    os.setpgid(0, 0)
    # The folder goes once nobody is left who could write to it.
    for _ in range(100):
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

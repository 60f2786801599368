"""kmon as its users start it: `kmon serve` and its memory, `kmon --help` and the first paint of `kmon tui`."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

KMON = [sys.executable, "-m", "kmon"]


@contextmanager
def serving(bootstrap: str, *options: str) -> Iterator[tuple[psutil.Process, str, int]]:
    """A running `kmon serve` on a free port: its process, host and port."""
    env = {**os.environ, "KMON_ALERTS_KEEP_STATE": "false"}
    command = [*KMON, "serve", "-b", bootstrap, "--listen", "127.0.0.1:0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr
        try:
            for line in process.stderr:
                if found := re.search(r"http://([\d.]+):(\d+)/metrics", line):
                    yield psutil.Process(process.pid), found[1], int(found[2])
                    break
            else:
                raise RuntimeError("kmon serve ended before it listened")
        finally:
            process.terminate()
            process.stderr.close()


def time_help(runs: int = 7) -> float:
    """Median seconds of `kmon --help`."""
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([*KMON, "--help"], stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[runs // 2]


def time_first_paint(bootstrap: str, runs: int = 5) -> float:
    """Median seconds until `kmon tui` has drawn its first screen, in a terminal of 120 × 40."""
    return sorted(_first_paint(bootstrap) for _ in range(runs))[runs // 2]


def _first_paint(bootstrap: str) -> float:
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(COLUMNS="120", LINES="40", TERM="xterm-256color")
        os.execv(KMON[0], [*KMON, "tui", "-b", bootstrap])
    try:
        seen = b""
        while b"polling" not in seen and b"brokers" not in seen.lower():
            if time.perf_counter() - began > 30:
                raise TimeoutError(f"kmon tui has not painted in 30 s: {seen[-300:]!r}")
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        return time.perf_counter() - began
    finally:
        with suppress(OSError):
            os.write(terminal, b"q")
        _end(pid, terminal)


def _end(pid: int, terminal: int) -> None:
    """Read what the program still draws until it ends, or kill it after 5 s."""
    deadline = time.monotonic() + 5
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            break
        with suppress(OSError):
            if select.select([terminal], [], [], 0.1)[0]:
                os.read(terminal, 65536)
    os.close(terminal)

"""Processes of the demo cluster: paused ones have stopped when `pause` returns."""

import signal
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from breakable import pause

from kmon.demo.processes import ProcessGroup

BUSY = """
import threading
def spin():
    while True:
        sum(range(1000))
for _ in range(8):
    threading.Thread(target=spin, daemon=True).start()
print("ready", flush=True)
spin()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the threads of a process with their states")
def test_a_busy_process_has_stopped_when_it_is_paused(tmp_path: Path) -> None:
    with closing(ProcessGroup(tmp_path / "gone")) as group:
        process = group.spawn("busy", [sys.executable, "-c", BUSY], tmp_path)
        while not process.said("ready"):
            assert process.running
            time.sleep(0.05)
        for _ in range(20):
            pause(process)
            assert psutil.Process(process.pid).status() == psutil.STATUS_STOPPED
            assert process.running
            process.send_signal(signal.SIGCONT)
            while psutil.Process(process.pid).status() == psutil.STATUS_STOPPED:
                time.sleep(0.001)


def test_a_process_that_has_ended_can_be_paused(tmp_path: Path) -> None:
    with closing(ProcessGroup(tmp_path / "gone")) as group:
        process = group.spawn("brief", [sys.executable, "-c", ""], tmp_path)
        assert process.wait(30) == 0
        pause(process)
        assert process.poll() == 0

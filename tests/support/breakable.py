"""The demo's cluster with brokers that a test starts, stops, kills and pauses, and with Kafka's own tools on it."""

import os
import signal
import subprocess
import time
from contextlib import closing
from typing import Any

from kmon.demo import cluster
from kmon.demo.errors import DemoError
from kmon.demo.jars import tools_jars
from kmon.demo.processes import Process, without_stack


def pause(process: Process) -> None:
    """SIGSTOP: it keeps its connections and answers nothing; returns when all of its threads have stopped."""
    process.send_signal(signal.SIGSTOP)
    if process.running and hasattr(os, "waitid"):
        # On a busy machine threads may run on for a while; nothing is taken from who waits for its end.
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


class Cluster(cluster.Cluster):
    """See kmon.demo.cluster."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._paused: set[int] = set()

    @property
    def running(self) -> list[int]:
        """The ids of the nodes that answer: not ended, not paused."""
        return [broker for broker in super().running if broker not in self._paused]

    def state(self, broker: int) -> str:
        """`running`, `paused` or `ended`."""
        if not self.process(broker).running:
            return "ended"
        return "paused" if broker in self._paused else "running"

    def bootstrap_of(self, listener: str) -> str:
        """`127.0.0.1:p1,127.0.0.1:p2,…` of a listener."""
        return ",".join(node.address(listener) for node in self._nodes.values())

    def start(self, broker: int, *, wait: bool = True) -> None:
        """Start a stopped or killed broker on its old ports; `wait` until it is registered again."""
        if self.process(broker).running:
            raise DemoError(f"broker {broker} is already running")
        self._paused.discard(broker)
        self._spawn_node(self._nodes[broker])
        if wait:
            self.wait_ready([broker])

    def stop(self, broker: int) -> None:
        """SIGTERM: a controlled shutdown; returns when the process is gone."""
        self.process(broker).stop()

    def kill(self, broker: int) -> None:
        """SIGKILL; returns when the process is gone. The others notice after `broker.session.timeout.ms`."""
        self.process(broker).kill()

    def pause(self, broker: int) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        pause(self.process(broker))
        self._paused.add(broker)

    def resume(self, broker: int, *, wait: bool = True) -> None:
        """SIGCONT; `wait` until it is registered again."""
        self.process(broker).send_signal(signal.SIGCONT)
        self._paused.discard(broker)
        if wait:
            self.wait_ready([broker])

    def wait_in_sync(self, timeout_seconds: float = 60) -> None:
        """Return when every partition has a leader and all its replicas in sync."""
        deadline = time.monotonic() + timeout_seconds
        with closing(self.admin()) as admin:
            while behind := _out_of_sync(admin):
                if time.monotonic() > deadline:
                    raise DemoError(f"out of sync after {timeout_seconds:.0f} s: {', '.join(sorted(behind)[:5])}")
                time.sleep(0.1)

    def run_tool(self, main_class: str, *args: str, timeout_seconds: float = 60, heap_mb: int = 96) -> str:
        """Run one of Kafka's own tools to its end and return its standard output.

        `main_class` is full, e.g. `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`, or starts with a dot:
        `.consumer.group.ConsumerGroupCommand` below org.apache.kafka.tools. Raises DemoError with what it printed when
        it fails or takes too long.
        """
        if main_class.startswith("."):
            main_class = f"org.apache.kafka.tools{main_class}"
        name = main_class.rsplit(".", 1)[-1]
        argv = self._java(tools_jars(), main_class, *args, name=name, heap_mb=heap_mb)
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout_seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{name} did not exit within {timeout_seconds:.0f} s") from error
        if done.returncode:
            raise DemoError(f"{name} exited with code {done.returncode}: {without_stack(done.stderr or done.stdout)}")
        return done.stdout


def _out_of_sync(admin: Any) -> list[str]:
    """`topic-partition` of those without a leader or with fewer in-sync replicas than replicas."""
    return [
        f"{topic['name']}-{partition['partition_index']}"
        for topic in admin.describe_topics()
        for partition in topic["partitions"]
        if partition["leader_id"] < 0 or len(partition["isr_nodes"]) < len(partition["replica_nodes"])
    ]

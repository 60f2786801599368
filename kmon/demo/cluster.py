"""A real Apache Kafka on this machine, with Python packages only: KRaft, 1 to 5 nodes, each broker and controller."""

import itertools
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kmon.demo import jvm, readiness
from kmon.demo.errors import DemoError
from kmon.demo.folders import logs_folder, make, need_space
from kmon.demo.jars import KAFKA_VERSION, Tell, java, kafka_jars, silent, streams_jars, tools_jars
from kmon.demo.node import CONTROLLER, Node, free_ports, random_id, render, server_properties
from kmon.demo.processes import Process, ProcessGroup, without_stack

SPACE_BYTES_PER_NODE = 200_000_000
PORT_TRIES = 3
PORT_TAKEN = "Address already in use"


class Cluster:
    """A running cluster between `start()` and `close()`, or inside a `with`. Nodes have the ids 1, 2, ….

    `config` adds to or replaces server properties. `listeners` maps client listeners to their security protocols (the
    first is the brokers' own, too), `client_config` tells kafka-python how to reach the first one, `format_args` goes
    to Kafka's StorageTool: together they open the door to TLS and SASL. Data lies in a temporary folder that goes at
    the end, as do the libraries that Java programs unpack, or in `data_dir`, which stays and is started from again.
    Logs stay in `logs`. Errors are DemoErrors.
    """

    def __init__(
        self,
        brokers: int = 3,
        version: str = KAFKA_VERSION,
        *,
        racks: bool = True,
        heap_mb: int = 256,
        config: Mapping[str, object] | None = None,
        listeners: Mapping[str, str] | None = None,
        client_config: Mapping[str, Any] | None = None,
        format_args: Sequence[str] = (),
        jvm_options: Sequence[str] = jvm.QUICK,
        data_dir: Path | None = None,
        start_timeout_seconds: float = 120,
        tell: Tell = silent,
    ) -> None:
        if not 1 <= brokers <= 5:
            raise DemoError(f"a demo cluster has 1 to 5 brokers, not {brokers}")
        self.version, self.heap_mb, self.racks = version, heap_mb, racks
        self.config, self.listeners = dict(config or {}), dict(listeners or {"PLAINTEXT": "PLAINTEXT"})
        self.client_config, self.format_args = dict(client_config or {}), tuple(format_args)
        self.jvm_options, self.start_timeout_seconds = tuple(jvm_options), start_timeout_seconds
        self._tell, self._data_dir, self._count = tell, data_dir, brokers
        self._nodes: dict[int, Node] = {}
        self._group: ProcessGroup | None = None
        self._temporary: Path | None = None
        self._logs: Path | None = None
        self._numbers = itertools.count(1)

    # ---------------------------------------------------------------- its life

    def start_all(self) -> Self:
        """Fetch what is missing, format, start every node; return when all are registered and groups can join."""
        java()
        self._jars = kafka_jars(self.version, self._tell)
        self._logs = logs_folder()
        temporary = make(Path(tempfile.gettempdir()))
        folder = make(self._data_dir) if self._data_dir else temporary
        need_space(folder, SPACE_BYTES_PER_NODE * self._count)
        self._temporary = Path(tempfile.mkdtemp(prefix="kmon-kafka-", dir=temporary))
        if not self._data_dir:
            folder = self._temporary
        self._nodes = {i: Node(i, folder / f"broker-{i}") for i in range(1, self._count + 1)}
        try:
            self._group = ProcessGroup(self._temporary)
            self._start_on_free_ports()
            with closing(self.admin()) as admin:
                readiness.make_group_coordinators(admin)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """End every process started here, at once unless the data stays; remove temporary data. Logs stay."""
        if self._data_dir and self._group:
            self._stop_all(timeout_seconds=4)
        if self._group:
            self._group.close()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
        self._group = self._temporary = None

    def __enter__(self) -> Self:
        return self.start_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---------------------------------------------------------------- what it is

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of all nodes, up or not."""
        return tuple(self._nodes)

    @property
    def logs(self) -> Path:
        """The folder with `broker-N.log` and, per tool and client, what it printed (`.out`) and logged (`.log`)."""
        if self._logs is None:
            raise DemoError("the cluster was not started")
        return self._logs

    @property
    def folder(self) -> Path:
        """The folder with a folder per node; clients may keep their state in it, which goes with it."""
        return next(iter(self._nodes.values())).folder.parent

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:p1,127.0.0.1:p2,…` of the first listener."""
        return self.bootstrap_of(next(iter(self.listeners)))

    def bootstrap_of(self, listener: str) -> str:
        """The same of another listener."""
        return ",".join(node.address(listener) for node in self._nodes.values())

    def address(self, broker: int) -> str:
        """`127.0.0.1:port` of one broker's first listener; it keeps its port over a restart."""
        return self._nodes[broker].address(next(iter(self.listeners)))

    def process(self, broker: int) -> Process:
        """The latest process of a node."""
        process = self._nodes[broker].process
        if process is None:
            raise DemoError(f"broker {broker} was not started")
        return process

    def state(self, broker: int) -> str:
        """`running`, `paused` or `ended`."""
        if not self.process(broker).running:
            return "ended"
        return "paused" if self._nodes[broker].paused else "running"

    def admin(self, **config: Any) -> Any:
        """A kafka-python KafkaAdminClient on this cluster, asking first those that answer; the caller closes it."""
        up = [self.address(broker) for broker in self.ids if self.state(broker) == "running"]
        return readiness.admin_client(**{"bootstrap_servers": up, **self.client_config, **config})

    # ---------------------------------------------------------------- one broker

    def start(self, broker: int, *, wait: bool = True) -> None:
        """Start a stopped or killed broker on its old ports; `wait` until it is registered again."""
        node = self._nodes[broker]
        if node.process and node.process.running:
            raise DemoError(f"broker {broker} is already running")
        self._spawn_node(node)
        if wait:
            self.wait_ready([broker])

    def stop(self, broker: int) -> None:
        """SIGTERM: a controlled shutdown; returns when the process is gone."""
        self._nodes[broker].paused = False
        self.process(broker).stop()

    def kill(self, broker: int) -> None:
        """SIGKILL; returns when the process is gone. The others notice after `broker.session.timeout.ms`."""
        self._nodes[broker].paused = False
        self.process(broker).kill()

    def pause(self, broker: int) -> None:
        """SIGSTOP: its connections stay open and nothing answers."""
        self.process(broker).pause()
        self._nodes[broker].paused = True

    def resume(self, broker: int, *, wait: bool = True) -> None:
        """SIGCONT; `wait` until it is registered again."""
        self.process(broker).resume()
        self._nodes[broker].paused = False
        if wait:
            self.wait_ready([broker])

    # ---------------------------------------------------------------- waiting

    def wait_ready(self, ids: Collection[int] | None = None) -> None:
        """Return when the brokers themselves say that `ids` (default: all) are registered and not fenced.

        Raises DemoError with the end of its log when one has ended, or when the start's time is over.
        """
        wanted = set(ids or self._nodes)
        deadline = time.monotonic() + self.start_timeout_seconds
        while missing := wanted - readiness.registered([self.address(broker) for broker in wanted], self.client_config):
            for broker in wanted:
                if not (process := self.process(broker)).running:
                    raise self._failed(f"broker {broker} exited with code {process.exit_code}", process)
            if time.monotonic() > deadline:
                late, seconds = self.process(min(missing)), self.start_timeout_seconds
                raise self._failed(f"brokers {sorted(missing)} were not ready within {seconds:.0f} s", late)
            time.sleep(0.1)

    def wait_in_sync(self, timeout_seconds: float = 60) -> None:
        """Return when every partition has a leader and all its replicas in sync."""
        deadline = time.monotonic() + timeout_seconds
        with closing(self.admin()) as admin:
            while behind := readiness.out_of_sync(admin):
                if time.monotonic() > deadline:
                    raise DemoError(f"out of sync after {timeout_seconds:.0f} s: {', '.join(sorted(behind)[:5])}")
                time.sleep(0.1)

    # ---------------------------------------------------------------- Kafka's own tools and clients

    def run_tool(self, main_class: str, *args: str, timeout_seconds: float = 60, heap_mb: int = 96) -> str:
        """Run one of Kafka's own tools to its end and return its standard output.

        `main_class` is full, e.g. `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`, or starts with a dot:
        `.consumer.group.ConsumerGroupCommand` below org.apache.kafka.tools. Raises DemoError with what it printed when
        it fails or takes too long.
        """
        main_class = _full(main_class)
        name = main_class.rsplit(".", 1)[-1]
        argv = self._java(tools_jars(self._tell), main_class, *args, name=name, heap_mb=heap_mb)
        try:
            done = subprocess.run(  # noqa: S603  # a command line made here
                argv, capture_output=True, text=True, timeout=timeout_seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{name} did not exit within {timeout_seconds:.0f} s") from error
        if done.returncode:
            raise DemoError(f"{name} exited with code {done.returncode}: {without_stack(done.stderr or done.stdout)}")
        return done.stdout

    def spawn_tool(
        self,
        main_class: str,
        *args: str,
        name: str | None = None,
        heap_mb: int = 64,
        streams: bool = False,
        keep_output: bool = True,
    ) -> Process:
        """Start a long-living Java client of Kafka's (`streams`: from Kafka Streams' examples).

        It ends with the cluster, or by the process's `stop()` or `kill()`. `name` names its files in `logs`; without
        `keep_output` what it prints is dropped, for those that print every record.
        """
        main_class = _full(main_class)
        name = name or f"{main_class.rsplit('.', 1)[-1]}-{next(self._numbers)}"
        jars = streams_jars(self._tell) if streams else tools_jars(self._tell)
        argv = self._java(jars, main_class, *args, name=name, heap_mb=heap_mb)
        return self.spawn(name, argv, keep_output=keep_output)

    def spawn(self, name: str, argv: Sequence[str], *, keep_output: bool = True) -> Process:
        """Start any program that shall not outlive the cluster."""
        if self._group is None:
            raise DemoError("the cluster is not running")
        return self._group.spawn(name, argv, self.logs, keep_output=keep_output)

    # ---------------------------------------------------------------- starting

    def _start_on_free_ports(self) -> None:
        for tried in range(1, PORT_TRIES + 1):
            self._choose_ports()
            self._format()
            for node in self._nodes.values():
                self._spawn_node(node)
            try:
                self.wait_ready()
            except DemoError:
                taken = any(node.process and node.process.said(PORT_TAKEN) for node in self._nodes.values())
                if not taken or tried == PORT_TRIES:
                    raise
                self._stop_all(timeout_seconds=0)
            else:
                return

    def _choose_ports(self) -> None:
        names = [*self.listeners, CONTROLLER]
        ports = iter(free_ports(len(names) * len(self._nodes)))
        version = tuple(int(part) for part in re.findall(r"\d+", self.version))
        for node in self._nodes.values():
            node.ports = {name: next(ports) for name in names}
        for node in self._nodes.values():
            make(node.folder)
            own = server_properties(node, list(self._nodes.values()), version, self.listeners, rack=self.racks)
            node.properties.write_text(render({**own, **self.config}))

    def _format(self) -> None:
        first, *others = self._nodes.values()
        if first.data.exists():
            return
        args = ("format", "--config", str(first.properties), "--cluster-id", random_id(), *self.format_args)
        argv = self._java(self._jars, "kafka.tools.StorageTool", *args, name="format", heap_mb=96)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # made here
        if done.returncode:
            raise DemoError(f"cannot format a log dir: {without_stack(done.stderr or done.stdout)}")
        # A JVM per node would take longer than the brokers' own start.
        for node in others:
            node.copy_format(first)

    def _spawn_node(self, node: Node) -> None:
        name = f"broker-{node.id}"
        options = {"heap_mb": self.heap_mb, "level": "info", "options": self.jvm_options}
        argv = self._java(self._jars, "kafka.Kafka", str(node.properties), name=name, **options)
        node.process, node.paused = self.spawn(name, argv), False

    def _java(self, jars: Sequence[Path], main_class: str, *args: str, name: str, **options: Any) -> list[str]:
        """The command line of a Java program that logs to NAME.log and unpacks its libraries where they are removed."""
        log, temporary = self.logs / f"{name}.log", self._temporary
        if temporary is None:
            raise DemoError("the cluster is not running")
        return jvm.command(jars, main_class, *args, log=log, temporary=temporary, **options)

    def _stop_all(self, timeout_seconds: float) -> None:
        running = [node.process for node in self._nodes.values() if node.process and node.process.running]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + timeout_seconds
        for process in running:
            process.wait(max(0.0, deadline - time.monotonic()))

    def _failed(self, what: str, process: Process) -> DemoError:
        return DemoError(f"{what}; logs are in {self.logs}; the last lines of {process.name}:\n{process.tail()}")


def _full(main_class: str) -> str:
    return f"org.apache.kafka.tools{main_class}" if main_class.startswith(".") else main_class

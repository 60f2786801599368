"""A real Apache Kafka on this machine, with Python packages only: KRaft, 1 to 5 nodes, each broker and controller."""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from kmon.demo import readiness
from kmon.demo.errors import DemoError
from kmon.demo.folders import logs_folder, make, need_space
from kmon.demo.jars import KAFKA_VERSION, Tell, java, java_command, kafka_jars, silent, streams_jars, tools_jars
from kmon.demo.node import CONTROLLER, Node, free_ports, random_id, render, server_properties
from kmon.demo.processes import Process, ProcessGroup, without_stack

SPACE_BYTES_PER_NODE = 200_000_000
PORT_TRIES, START_SECONDS = 3, 120
PORT_TAKEN = "Address already in use"


class Cluster:
    """A running cluster between `start()` and `close()`, or inside a `with`. Nodes have the ids 1, 2, ….

    `config` adds to or replaces server properties. `listeners` maps client listeners to their security protocols (the
    first is the brokers' own, too, and is without TLS and SASL), `format_args` goes to Kafka's StorageTool. Data lies
    in a temporary folder that goes at the end, as do the libraries that Java programs unpack, or in `data_dir`, which
    stays and is started from again. Logs stay in `logs`. Errors are DemoErrors.
    """

    def __init__(
        self,
        brokers: int = 3,
        version: str = KAFKA_VERSION,
        *,
        heap_mb: int = 256,
        config: Mapping[str, object] | None = None,
        listeners: Mapping[str, str] | None = None,
        format_args: Sequence[str] = (),
        data_dir: Path | None = None,
        tell: Tell = silent,
    ) -> None:
        if not 1 <= brokers <= 5:
            raise DemoError(f"a demo cluster has 1 to 5 brokers, not {brokers}")
        self.version, self.heap_mb, self.format_args = version, heap_mb, tuple(format_args)
        self.config, self.listeners = dict(config or {}), dict(listeners or {"PLAINTEXT": "PLAINTEXT"})
        self._tell, self._data_dir, self._count = tell, data_dir, brokers
        self._nodes: dict[int, Node] = {}
        self._group: ProcessGroup | None = None
        self._temporary: Path | None = None
        self._logs: Path | None = None

    # ---------------------------------------------------------------- its life

    def __enter__(self) -> Self:
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

    def __exit__(self, *_: object) -> None:
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
        return ",".join(map(self.address, self.ids))

    def address(self, broker: int) -> str:
        """`127.0.0.1:port` of one broker's first listener; it keeps its port over a restart."""
        return self._nodes[broker].address(next(iter(self.listeners)))

    def process(self, broker: int) -> Process:
        """The latest process of a node."""
        process = self._nodes[broker].process
        if process is None:
            raise DemoError(f"broker {broker} was not started")
        return process

    @property
    def running(self) -> list[int]:
        """The ids of the nodes whose process has not ended."""
        return [broker for broker in self.ids if self.process(broker).running]

    def admin(self, **config: Any) -> Any:
        """A kafka-python KafkaAdminClient on this cluster, asking first those that answer; the caller closes it."""
        return readiness.admin_client(**{"bootstrap_servers": [*map(self.address, self.running)], **config})

    # ---------------------------------------------------------------- waiting

    def wait_ready(self, ids: Collection[int] | None = None) -> None:
        """Return when the brokers themselves say that `ids` (default: all) are registered and not fenced.

        Raises DemoError with the end of its log when one has ended, or when the start's time is over.
        """
        wanted = set(ids or self._nodes)
        deadline = time.monotonic() + START_SECONDS
        while missing := wanted - readiness.registered([*map(self.address, wanted)]):
            for broker in wanted:
                if not (process := self.process(broker)).running:
                    raise self._failed(f"broker {broker} exited with code {process.returncode}", process)
            if time.monotonic() > deadline:
                late = self.process(min(missing))
                raise self._failed(f"brokers {sorted(missing)} were not ready within {START_SECONDS} s", late)
            time.sleep(0.1)

    # ---------------------------------------------------------------- Kafka's own clients

    def spawn_tool(
        self,
        main_class: str,
        *args: str,
        name: str,
        heap_mb: int = 64,
        streams: bool = False,
        keep_output: bool = True,
    ) -> Process:
        """Start a long-living Java client of Kafka's (`streams`: from Kafka Streams' examples).

        It ends with the cluster, or by the process's `stop()` or `kill()`. `name` names its files in `logs`; without
        `keep_output` what it prints is dropped, for those that print every record.
        """
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
            own = server_properties(node, list(self._nodes.values()), version, self.listeners)
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
        argv = self._java(
            self._jars, "kafka.Kafka", str(node.properties), name=name, heap_mb=self.heap_mb, level="info"
        )
        node.process = self.spawn(name, argv)

    def _java(self, jars: Sequence[Path], main_class: str, *args: str, name: str, **options: Any) -> list[str]:
        """The command line of a Java program that logs to NAME.log and unpacks its libraries where they are removed."""
        log, temporary = self.logs / f"{name}.log", self._temporary
        if temporary is None:
            raise DemoError("the cluster is not running")
        return java_command(jars, main_class, *args, log=log, temporary=temporary, **options)

    def _stop_all(self, timeout_seconds: float) -> None:
        running = [node.process for node in self._nodes.values() if node.process and node.process.running]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + timeout_seconds
        for process in running:
            process.stop(max(0.0, deadline - time.monotonic()))

    def _failed(self, what: str, process: Process) -> DemoError:
        return DemoError(f"{what}; logs are in {self.logs}; the last lines of {process.name}:\n{process.tail()}")

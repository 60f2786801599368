"""A real cluster whose brokers can be cut off from one another, while every client still reaches each of them.

What brokers and controllers send to one another goes through relays in this process, one a listener. A relay finds
out from which broker a connection comes by its port, which needs neither root nor a network namespace.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import psutil
from breakable import Cluster

from kmon.demo.node import CONTROLLER, HOST

CLIENTS, BROKERS = "CLIENTS", "BROKERS"
"""The listeners: the first is for clients, and direct."""
CHUNK_BYTES = 65_536


class _Link:
    """One relayed connection; while it is cut its bytes wait, as those of a network that loses every packet do."""

    def __init__(self, ends: frozenset[int], *, cut: bool) -> None:
        self.ends = ends
        self._passing = asyncio.Event()
        self.cut(cut)

    def cut(self, cut: bool) -> None:
        if cut:
            self._passing.clear()
        else:
            self._passing.set()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._passing.wait()
            writer.write(data)
            await writer.drain()
        await self._passing.wait()


class Relays:
    """Relays to brokers, on a thread of their own.

    `source(port)` is the broker whose connection from this local port it is, None for anyone else's.
    """

    def __init__(self, source: Callable[[int], int | None]) -> None:
        self._source = source
        self._cut: frozenset[int] = frozenset()
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relays", daemon=True)
        self._thread.start()

    def add(self, target: int, port: int) -> int:
        """A relay to a port of broker `target`; the answer is its own port."""
        listener = socket.create_server((HOST, 0))
        self._run(self._serve(listener, target, port))
        return int(listener.getsockname()[1])

    def cut_off(self, brokers: Collection[int]) -> None:
        """From now on nothing passes between these brokers and all others; none: everything passes."""
        self._run(self._cut_off(frozenset(brokers)))

    def close(self) -> None:
        """End every connection and the thread; once is enough."""
        if self._loop.is_closed():
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self, listener: socket.socket, target: int, port: int) -> None:
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await self._relay(reader, writer, target, port)
            except (OSError, asyncio.CancelledError):
                pass
            finally:
                self._tasks.discard(task)
                writer.close()

        self._tasks.add(self._loop.create_task(self._accepting(listener, relay)))

    async def _accepting(self, listener: socket.socket, relay: Any) -> None:
        server = await asyncio.start_server(relay, sock=listener)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int, port: int) -> None:
        peer = writer.get_extra_info("peername")[1]
        source = await asyncio.to_thread(self._source, peer)
        ends = frozenset({target, source} if source is not None else {target})
        link = _Link(ends, cut=self._is_cut(ends))
        there, back = await asyncio.open_connection(HOST, port)
        self._links.add(link)
        pumps = [self._loop.create_task(link.pump(*ends)) for ends in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            for pump in pumps:
                pump.cancel()
            back.close()  # before waiting, which the end of all relays may cut short
            await asyncio.gather(*pumps, return_exceptions=True)

    def _is_cut(self, ends: frozenset[int]) -> bool:
        return len(ends) == 2 and len(ends & self._cut) == 1

    async def _cut_off(self, brokers: frozenset[int]) -> None:
        self._cut = brokers
        for link in self._links:
            link.cut(self._is_cut(link.ends))

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class CutCluster(Cluster):
    """A Cluster whose brokers reach one another through relays. `cut_off(2)` isolates broker 2, `heal()` ends it."""

    def __init__(self, **options: Any) -> None:
        listeners = {CLIENTS: "PLAINTEXT", BROKERS: "PLAINTEXT"}
        config = {**options.pop("config", {}), "inter.broker.listener.name": BROKERS}
        super().__init__(listeners=listeners, config=config, **options)
        self._relays = Relays(self._source)

    def cut_off(self, *brokers: int) -> None:
        """Nothing passes between these brokers and the others; clients reach all of them."""
        self._relays.cut_off(brokers)

    def heal(self) -> None:
        self._relays.cut_off(())

    def close(self) -> None:
        super().close()
        self._relays.close()

    def _choose_ports(self) -> None:
        super()._choose_ports()
        relayed = {
            (node.id, name): self._relays.add(node.id, node.ports[name])
            for node in self._nodes.values()
            for name in (BROKERS, CONTROLLER)
        }
        voters = ",".join(f"{node}@{HOST}:{port}" for (node, name), port in relayed.items() if name == CONTROLLER)
        for node in self._nodes.values():
            advertised = ",".join(
                [f"{CLIENTS}://{node.address(CLIENTS)}"]
                + [f"{name}://{HOST}:{port}" for (owner, name), port in relayed.items() if owner == node.id]
            )
            with node.properties.open("a") as properties:  # the last of two lines counts
                properties.write(f"advertised.listeners={advertised}\ncontroller.quorum.voters={voters}\n")

    def _source(self, port: int) -> int | None:
        """The broker that has a connection from this port."""
        for broker in self.ids:
            process = self._nodes[broker].process
            if process is None or not process.running:
                continue
            with contextlib.suppress(psutil.Error):
                if any(each.laddr.port == port for each in psutil.Process(process.pid).net_connections("tcp")):
                    return broker
        return None

"""kafka-python's connections to one cluster, on sockets of ours."""

import heapq
import time
from contextlib import suppress
from typing import Any

from kafka.errors import KafkaConnectionError, SaslAuthenticationFailedError
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector, TaskState

from monitor.kafka.client.budget import Budget
from monitor.kafka.client.frames import Parser
from monitor.kafka.client.sockets import TlsTransport, Transport, connect, in_thread

MOST_CANCELLED = 100
"""So many cancelled timers may stay, however few others there are."""


class IoLoop(NetworkSelector):  # type: ignore[misc]  # kafka-python has no types
    """kafka-python's event loop, which fails those who wait for it however it ends, and cancels timers in passing.

    kafka-python logs a crash before it fails them. Where the log raises as well, for too little memory or a full disk,
    they would wait for ever. It sorts all timers anew whenever one is cancelled, and each request has three: thousands
    of requests at once would take seconds. Here a cancelled timer stays until its time comes or most are cancelled.
    """

    crashed = False
    _scheduled: list[tuple[float, Any]]
    _cancelled = 0

    def run_forever(self) -> None:
        """As kafka-python's, but for an exception that ends the thread: it is raised where replies are waited for."""
        try:
            super().run_forever()
        except BaseException as error:  # noqa: BLE001 - this is the end of the thread, and others wait for it
            self._exception: BaseException | None = error
            self.crashed = True
            self._fail_pending_waiters(error)

    def _unschedule(self, task: Any) -> None:
        task.scheduled_at, task.state = None, TaskState.UNSCHEDULED
        self._cancelled += 1
        if self._cancelled > MOST_CANCELLED and 2 * self._cancelled > len(self._scheduled):
            self._scheduled = [entry for entry in self._scheduled if _is_due(*entry)]
            heapq.heapify(self._scheduled)
            self._cancelled = 0

    def _drop_cancelled(self) -> None:
        """Remove the timers that are cancelled from before the first that is not."""
        while self._scheduled and not _is_due(*self._scheduled[0]):
            heapq.heappop(self._scheduled)
            self._cancelled -= 1

    def _schedule_tasks(self) -> None:
        self._drop_cancelled()
        while self._scheduled and self._scheduled[0][0] <= time.monotonic():
            _, task = heapq.heappop(self._scheduled)
            task.scheduled_at = None
            self._add_ready_task(task)
            self._drop_cancelled()

    def _next_scheduled_timeout(self, now: float) -> float | None:
        self._drop_cancelled()
        timeout: float | None = super()._next_scheduled_timeout(now)
        return timeout


def _is_due(when: float, task: Any) -> bool:
    """Whether an entry of the heap of timers still counts: its task may be cancelled, or due at another time."""
    return bool(task.scheduled_at == when)


class Connections(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python has no types
    """kafka-python's connections, on sockets that end with a failed attempt, and a time limit on TLS handshakes."""

    def __init__(self, net: Any, budget: Budget, **options: Any) -> None:
        """`budget` is what all connections may take for what they receive at once."""
        super().__init__(net, **options)
        self._budget = budget

    def close_idle_connections(self) -> None:
        """Ends with these connections; kafka-python's timer would keep those that a refused login left behind alive."""
        if not getattr(self, "closed", False):
            super().close_idle_connections()

    def served(self, node: int | str) -> dict[int, tuple[int, int]] | None:
        """As `Client.served`."""
        known = getattr(self._conns.get(node), "broker_version_data", None)
        return None if known is None else known.api_versions

    def certificate(self, node: int | str) -> tuple[float, float] | None:
        """When the certificate of a node expires, in unix seconds, and the monotonic time of the handshake.

        None without TLS, and while it is not connected.
        """
        transport = getattr(self._conns.get(node), "transport", None)
        if not isinstance(transport, TlsTransport) or transport.expires is None:
            return None
        return transport.expires, transport.secured_at

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        socket = await connect(self._net, node.host, node.port, self.config["socket_options"], timeout_at)
        if not self.ssl_enabled:
            return Transport(self._net, socket, host=node.host)
        tls = {key: value for key, value in self.config.items() if key.startswith("ssl_")}
        transport = TlsTransport(self._net, socket, host=node.host, **tls)
        try:
            await transport.handshake_until(timeout_at)
        except BaseException:
            transport.abort()
            raise
        return transport

    async def _connect(self, node: Any, conn: Any, *args: Any, **options: Any) -> None:
        made = conn.connection_made

        def with_budget(transport: Any) -> None:
            made(transport)
            conn.parser = Parser(
                self._budget,
                client_id=self.config["client_id"],
                receive_message_max_bytes=self.config["receive_message_max_bytes"],
            )

        conn.connection_made = with_budget
        if tokens := self.config["sasl_oauth_token_provider"]:
            log_in = conn._sasl_authenticate  # noqa: SLF001 - kafka-python has no hook around a login

            async def with_token(timeout_at: float | None = None) -> None:
                # kafka-python asks for a token on the I/O thread, where fetching it would hold up every broker.
                await in_thread(self._net, tokens.renew, "token")
                try:
                    await log_in(timeout_at)
                except SaslAuthenticationFailedError as error:
                    raise tokens.refused(error) from None

            conn._sasl_authenticate = with_token  # noqa: SLF001 - as above
        await super()._connect(node, conn, *args, **options)

    def abandon(self) -> None:
        """Close the sockets after the event loop has crashed, which kafka-python would use to close them in order."""
        self.closed = True
        for connection in list(self._conns.values()):
            with suppress(Exception):
                # Without an error it would first send what waits, which nobody is left to do.
                connection.close(KafkaConnectionError("the event loop has crashed"))

    def forgive(self, node: Any) -> None:
        """Let a node be tried again that has refused a login."""
        self._auth_failures.pop(node, None)

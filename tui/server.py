"""The running kmon that sends alerts, as the terminal UI knows it: asked on a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple, Protocol, TypeVar

from monitor.model.silences import Acknowledgement, Silence
from monitor.model.view import AlertRow, RuleRow

T = TypeVar("T")


class ServerError(Exception):
    """The server did not do what it was asked: one line that says why."""


@dataclass(frozen=True)
class ServerAlerts:
    """The alerts and rules of one cluster, and what mutes the alerts of all, at `time`: unix seconds of the server."""

    time: float
    alerts: tuple[AlertRow, ...]
    silences: tuple[Silence, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    rules: tuple[RuleRow, ...] = ()


class AlertServer(Protocol):
    """A running kmon. All but `url` wait for its answer, and raise ServerError.

    What changes something returns what was done, in words.
    """

    @property
    def url(self) -> str: ...

    def alerts(self, cluster: str, cluster_id: str | None) -> ServerAlerts:
        """Those of the cluster with this name, or else with this Kafka cluster id."""
        ...

    def acknowledge(self, fingerprint: str, comment: str) -> str: ...

    def withdraw(self, fingerprint: str) -> str: ...

    def silence(self, matchers: Sequence[str], seconds: float, comment: str) -> str: ...

    def expire(self, ids: Sequence[str]) -> str: ...


Change = Callable[[AlertServer], str]
"""What a server is asked to change, and then what was done, in words."""


@dataclass(frozen=True)
class Served:
    """What is known of the server at `url`: what it had when it last answered, and why it did not answer since."""

    url: str
    found: ServerAlerts | None = None
    error: str = ""


class Answer(NamedTuple):
    """What came of one question about a cluster: what it has, or an `error`.

    Of a change, what was `done`, or why it was `refused`.
    """

    cluster: str
    found: ServerAlerts | None
    error: str
    done: str
    refused: str


class Asker:
    """Asks a server one thing after the other, on a thread of its own, on which `tell` gets each Answer."""

    def __init__(self, server: AlertServer, tell: Callable[[Answer], None]) -> None:
        self._server, self._tell = server, tell
        self._queue: SimpleQueue[tuple[str, str | None, Change | None] | None] = SimpleQueue()
        # A server that hangs must not keep the terminal UI from ending.
        threading.Thread(target=self._run, name="alert server", daemon=True).start()

    def ask(self, cluster: str, cluster_id: str | None, change: Change | None = None) -> None:
        """Returns at once. Without a change nothing is asked while other questions wait."""
        if change is not None or self._queue.empty():
            self._queue.put((cluster, cluster_id, change))

    def end(self) -> None:
        self._queue.put(None)

    def _run(self) -> None:
        while (asked := self._queue.get()) is not None:
            cluster, cluster_id, change = asked
            done, refused = _attempt(lambda: change(self._server)) if change is not None else ("", "")  # noqa: B023
            found, error = _attempt(lambda: self._server.alerts(cluster, cluster_id))  # noqa: B023
            self._tell(Answer(cluster, found, error, done or "", refused))


def _attempt(do: Callable[[], T]) -> tuple[T | None, str]:
    """What is done, or why not."""
    try:
        return do(), ""
    except ServerError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - it is shown, and the next question is asked
        return None, f"{type(error).__name__}: {error}"

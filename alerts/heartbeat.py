"""Requests a URL while alerting works: a dead man's switch there reports when kmon, or its network, is down."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from alerts.notice import Delivered, Outcome, Retry
from alerts.notifiers.http import Http, text_of_url
from monitor.model.alert_counters import Counters
from monitor.model.text import visible
from monitor.poll.log_pace import Pace
from monitor.poll.worker import Worker
from monitor.settings.errors import SettingsError
from monitor.settings.heartbeat import HEARTBEAT, HeartbeatSettings

log = logging.getLogger(__name__)

SOON_SECONDS = 10.0
"""A request that failed is made again this soon if the interval is longer."""
CHECK_SECONDS = 2.0
"""How often alerting that does not work is looked at again."""


class Heartbeat:
    """A request every interval, on a thread of its own, while `troubles` finds no reason against it."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        troubles: Callable[[], Sequence[str]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises SettingsError when a file of the settings cannot be used."""
        self._settings, self._troubles, self._monotonic = settings, troubles, monotonic
        self._http = Http.of(settings.connection)
        self._pace, self._unwell = Pace(), Pace()
        self.counters = Counters(HEARTBEAT)
        self._ended = threading.Event()
        self._worker = Worker(HEARTBEAT, self._run)

    def start(self) -> None:
        self._worker.start()

    def close(self) -> None:
        self._worker.end()
        self._ended.set()
        self._worker.join(1.0)

    def turn(self) -> float:
        """Make a request if alerting works; how long to wait before the next turn."""
        if reasons := self._troubles():
            if line := self._unwell.line(f"no heartbeat is sent: {reasons[0]}", self._monotonic()):
                log.warning("%s", visible(line))
            return CHECK_SECONDS
        if self._unwell.over():
            log.info("heartbeats are sent again")
        outcome = self._request()
        if isinstance(outcome, Delivered):
            self.counters = replace(self.counters, sent=self.counters.sent + 1, last_sent_at=time.time(), last_error="")
            if self._pace.over():
                log.info("heartbeats are accepted again")
            return self._settings.interval_seconds
        error = visible(outcome.reason, 300)
        self.counters = replace(self.counters, failed=self.counters.failed + 1, last_error=error)
        if line := self._pace.line(error, self._monotonic(), error.partition(":")[0]):
            log.warning("heartbeat: %s", line)
        return min(SOON_SECONDS, self._settings.interval_seconds)

    def _request(self) -> Outcome:
        try:
            url = text_of_url(self._settings.url)
        except SettingsError as error:
            return Retry(str(error))
        answer = self._http.request(self._settings.method, url)
        return answer if isinstance(answer, Retry) else answer.outcome

    def _run(self) -> None:
        while not self._ended.wait(self.turn()):
            pass

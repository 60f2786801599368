"""Viewers of the page of groups beside scrapes: what they cost, and whether scrapes wait for them."""

import gzip
import http.client
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.scrape import Scrapes, scrape

CALLBACKS = "/_dash-update-component"


class Viewer:
    """A browser on the page of groups, without the drawing: it asks what Dash's script asks."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=300)
        self._callbacks = self._ask("GET", "/_dash-dependencies")
        self._has: dict[tuple[str, str], Any] = {("url", "pathname"): "/groups", ("tick", "n_intervals"): 0}
        self.refreshes = 0

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"content-type": "application/json", "accept-encoding": "gzip"}
        self._connection.request(method, path, json.dumps(body), headers)
        with self._connection.getresponse() as answer:
            sent = answer.read()
            return json.loads((gzip.decompress(sent) if answer.getheader("content-encoding") else sent) or "{}")

    def _call(self, part: str) -> None:
        callback = next(each for each in self._callbacks if part in each["output"] and not each["clientside_function"])
        values = {
            what: [{**each, "value": self._has.get((each["id"], each["property"]))} for each in callback[what]]
            for what in ("inputs", "state")
        }
        held = self._ask("POST", CALLBACKS, {"output": callback["output"], **values}).get("response", {})
        self._has |= {(each, prop): value for each, props in held.items() for prop, value in props.items()}

    def look(self) -> None:
        """Ask for a new View, and for the page where there is one."""
        before = self._has.get(("view", "data"))
        self._call("view.data")
        if self._has.get(("view", "data")) != before:
            self._call("groups-feed.data")
            self._has.pop(("groups-feed", "data"), None)
            self.refreshes += 1


def divide(others: Sequence[psutil.Process]) -> set[int]:
    """Leave the last processor to `others`, and keep the rest for this process and what it starts; returns the last.

    Brokers and browsers are on other machines where kmon is in use.
    """
    *ours, last = sorted(os.sched_getaffinity(0))
    if ours:
        os.sched_setaffinity(0, ours)
    for thread in (each for process in others for each in process.threads()):
        os.sched_setaffinity(thread.id, {last})
    return {last}


@contextmanager
def viewing(host: str, port: int, viewers: int, processors: set[int]) -> Iterator[Callable[[], int]]:
    """Let `viewers` browsers have the page, and ask for news every second, while the context lasts.

    It gives how often they got news so far. They are another process on these `processors`, so that they do not delay
    who measures scrapes.
    """
    context = multiprocessing.get_context("spawn")
    news: Any = context.Array("i", viewers)
    stop = context.Event()
    browsers = context.Process(target=_browse, args=(host, port, news, stop, processors), daemon=True)
    browsers.start()
    while not all(news):
        time.sleep(0.01)
    yield lambda: int(sum(news))
    stop.set()
    browsers.join()


def _browse(host: str, port: int, news: Any, stop: Any, processors: set[int]) -> None:
    """Each viewer on a thread of its own; `news` are how often each got a new page."""
    os.sched_setaffinity(0, processors)

    def watch(number: int) -> None:
        viewer = Viewer(host, port)
        while not stop.is_set():
            viewer.look()
            news[number] = viewer.refreshes
            stop.wait(1)

    threads = [threading.Thread(target=watch, args=(number,)) for number in range(len(news))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def scrapes_for(host: str, port: int, seconds: float) -> Scrapes:
    """Scrapes of one scraper that waits 0.1 s between two."""
    took: list[Scrapes] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        took.append(scrape(host, port, scrapers=1, each=1, gzip=True))
        time.sleep(0.1)
    return Scrapes(sorted(second for each in took for second in each.seconds), took[-1].size_bytes)


def cpu_seconds(process: psutil.Process) -> float:
    """Seconds of CPU that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)

"""Peers beside kmon: a real Prometheus that scrapes kmon's page and evaluates their rules, and Burrow's evaluation."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from prometheus_server import running

from incidents.incident import NAMING_LABELS, Page
from incidents.peer_rules import rule_file
from incidents.stage import Stage

ASK_SECONDS = 0.5

Key = tuple[tuple[str, str], ...]


class Ledger:
    """Alerts that begin and end, by their labels, as what is firing is noted again and again."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._open: dict[Key, int] = {}
        self._lock = threading.Lock()

    @property
    def pages(self) -> tuple[Page, ...]:
        with self._lock:
            return tuple(self._pages)

    def note(self, firing: Mapping[Key, Page]) -> None:
        """What fires now."""
        with self._lock:
            for key in self._open.keys() - firing.keys():
                place = self._open.pop(key)
                self._pages[place] = replace(self._pages[place], resolved=time.time())
            for key in firing.keys() - self._open.keys():
                self._open[key] = len(self._pages)
                self._pages.append(firing[key])


@contextmanager
def repeating(work: Callable[[], None], seconds: float, name: str) -> Iterator[None]:
    """Call `work` again and again while the context lasts; what it raises ends nothing."""
    stopping = threading.Event()

    def repeat() -> None:
        while not stopping.wait(seconds):
            with suppress(Exception):  # a cluster that is broken answers nothing
                work()

    thread = threading.Thread(target=repeat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@contextmanager
def prometheus(stage: Stage) -> Iterator[Callable[[], tuple[Page, ...]]]:
    """Prometheus with the peers' rules; gives what has fired so far."""
    ledger = Ledger()
    with TemporaryDirectory(prefix="kmon-incidents-") as name:
        folder = Path(name)
        (folder / "rules.yml").write_text(json.dumps(rule_file()), encoding="utf-8")
        target = stage.kmons[""].url.removeprefix("http://")
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "kafka", "static_configs": [{"targets": [target]}]}],
        }
        with (
            running(config, folder) as url,
            httpx.Client(trust_env=False, timeout=5) as http,
            repeating(lambda: ledger.note(_firing(http, url)), ASK_SECONDS, "peers"),
        ):
            yield lambda: ledger.pages


def _firing(http: httpx.Client, url: str) -> dict[Key, Page]:
    found = {}
    for alert in http.get(f"{url}/api/v1/alerts").raise_for_status().json()["data"]["alerts"]:
        if alert["state"] == "firing":
            labels: dict[str, str] = alert["labels"]
            names = tuple(labels[each] for each in NAMING_LABELS if each in labels)
            page = Page(labels["peer"], labels["alertname"], "page", names, time.time())
            found[tuple(sorted(labels.items()))] = page
    return found

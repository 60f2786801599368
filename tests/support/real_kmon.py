"""kmon on a real cluster: its poller in this process, its command in another."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import httpx
from breakable import Cluster
from kafka_cluster import wait_until
from prometheus_client.parser import text_string_to_metric_families

from kmon.commands.lag_rows import Row, lag_rows
from monitor.model.view import View
from monitor.poll.poller import Poller
from monitor.settings.model import ClusterSettings

COMMAND_SECONDS = 120
"""Longer than any command takes on a busy machine; one that hangs fails its test."""


def settings_of(bootstrap: str, **changes: Any) -> ClusterSettings:
    """Settings with patience for a busy machine: 10 s a request, 30 s a poll."""
    patient = {"interval_seconds": 30.0, "request_timeout_seconds": 10.0}
    return ClusterSettings(bootstrap_servers=tuple(bootstrap.split(",")), **{**patient, **changes})


@contextmanager
def polling(cluster: Cluster, **changes: Any) -> Iterator[Poller]:
    """A Poller of this cluster; `changes` go to its settings."""
    poller = Poller(settings_of(cluster.bootstrap, **changes))
    try:
        yield poller
    finally:
        poller.close()


def rows_of(view: View, group: str) -> dict[tuple[str, int], Row]:
    """A group's rows as kmon lag has them, by topic and partition."""
    return {(str(row["topic"]), int(str(row["partition"]))): row for row in lag_rows(view) if row["group"] == group}


# -------------------------------------------------------------------- the command


COMMAND = (sys.executable, "-m", "kmon")


def command(*args: str) -> list[str]:
    return [*COMMAND, *args]


def environment(**more: str) -> dict[str, str]:
    """The environment without what kmon itself would read from it; nothing is left in the home directory."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith("KMON_")}
    return {**bare, "KMON_ALERTS_KEEP_STATE": "false", **more}


def kmon(*args: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        command(*args), capture_output=True, encoding="utf-8", timeout=COMMAND_SECONDS, check=False, env=environment()
    )


def kmon_lag(bootstrap: str, *args: str) -> list[Row]:
    """The rows of a `kmon lag` that must be complete."""
    done = kmon("lag", "-b", bootstrap, "--timeout", "10s", "-o", "json", *args)
    assert (done.returncode, done.stderr) == (0, "")
    rows: list[Row] = json.loads(done.stdout)
    return rows


class Serve:
    """A running `kmon serve`. `said` is what it has written to stderr so far; `more` are variables."""

    def __init__(self, *args: str, program: Sequence[str] = COMMAND, **more: str) -> None:
        argv = [*program, "serve", "--listen", "127.0.0.1:0", *args]
        self._popen = subprocess.Popen(argv, stderr=subprocess.PIPE, encoding="utf-8", env=environment(**more))
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._popen.stderr is not None
        for line in self._popen.stderr:
            self._lines.append(line)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def said(self) -> str:
        return "".join(self._lines)

    @property
    def url(self) -> str:
        """Where it serves; waits until it says so."""
        wait_until(lambda: "metrics at " in self.said or self._popen.poll() is not None, "kmon serve's address")
        assert "metrics at " in self.said, self.said
        return self.said.partition("metrics at ")[2].partition("/metrics")[0]

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=COMMAND_SECONDS, trust_env=False)

    def json(self, path: str) -> Any:
        return self.get(path).raise_for_status().json()

    def metrics(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """What a scrape says, read by prometheus_client: `{name: {sorted labels: value}}`."""
        answer = self.get("/metrics").raise_for_status()
        return parse(answer.text)

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the only sample of this name that has these labels, None where there is none."""
        found = [value for key, value in self.metrics().get(name, {}).items() if labels.items() <= dict(key).items()]
        assert len(found) <= 1, f"{name}{labels}: {found}"
        return found[0] if found else None

    def wait_up(self, up: bool = True) -> None:
        """Return when a poll has found the cluster up, or down."""
        wait_until(lambda: self.value("kmon_cluster_up") == up, f"kmon_cluster_up {up:d}; it said: {self.said}")

    def end(self, number: signal.Signals = signal.SIGTERM, timeout_seconds: float = COMMAND_SECONDS) -> int:
        """Send a signal and return the exit code. Raises TimeoutExpired when it does not end in time."""
        self._popen.send_signal(number)
        return self._popen.wait(timeout_seconds)

    def wait(self) -> int:
        """The exit code of one that ends by itself."""
        return self._popen.wait(COMMAND_SECONDS)

    def close(self) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()
        self._reader.join()
        assert self._popen.stderr is not None
        self._popen.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def parse(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """A metrics page by prometheus_client's parser; a sample that is given twice fails."""
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = tuple(sorted(sample.labels.items()))
            assert key not in samples.setdefault(sample.name, {}), sample
            samples[sample.name][key] = sample.value
    return samples

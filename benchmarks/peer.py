"""klag-exporter beside kmon on the same cluster, one after the other: polls, CPU, memory and scrapes of each."""

import re
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.process import serving
from benchmarks.viewers import cpu_seconds

INTERVAL_SECONDS = 5
STARTING_SECONDS = 180.0
"""In which the first whole page must come."""
WATCHED_SECONDS = 70.0
BETWEEN_SCRAPES_SECONDS = 2.0
PORT = 19901
ROW = re.compile(r"^(?:kafka_consumergroup_group_lag|kmon_group_partition_lag)\{", re.MULTILINE)
POLL = re.compile(
    r"^(?:(?P<ms>kafka_consumergroup_poll_time_ms)|kmon_poll_duration_seconds)(?:\{[^}]*\})? (?P<took>\S+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Watched:
    """What a process was seen to do: seconds but for `cpu`, a share of a core, and `rss_bytes` and `series`."""

    first_page: float
    poll: float
    cpu: float
    rss_bytes: int
    scrape: float
    series: int


def watch(process: psutil.Process, url: str, rows: int) -> Watched | None:
    """Scrape a process plainly for WATCHED_SECONDS, from the first page with so many rows of lag; None without one."""
    began = time.monotonic()
    first = cpu = 0.0
    polls, scrapes, series = [], [], 0
    while time.monotonic() < (first + WATCHED_SECONDS if first else began + STARTING_SECONDS):
        time.sleep(BETWEEN_SCRAPES_SECONDS)
        started = time.monotonic()
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                body = answer.read()
        except OSError:
            continue  # it does not listen yet
        took = time.monotonic() - started
        page = body.decode()
        if len(ROW.findall(page)) < rows:
            continue
        if not first:
            first, cpu = time.monotonic(), cpu_seconds(process)
        scrapes.append(took)
        if told := POLL.search(page):
            polls.append(float(told["took"]) / (1000 if told["ms"] else 1))
        series = sum(not line.startswith("#") for line in page.splitlines())
    if not first:
        return None
    share = (cpu_seconds(process) - cpu) / (time.monotonic() - first)
    poll, scrape = statistics.median(polls), statistics.median(scrapes)
    return Watched(first - began, poll, share, process.memory_info().rss, scrape, series)


@contextmanager
def klag_exporter(
    program: Path, bootstrap: str, *, groups: str = ".*", mode: str = "rate", port: int = PORT
) -> Iterator[tuple[psutil.Process, str]]:
    """A running klag-exporter that reports every partition of `groups`, a regular expression; and its page.

    Its time lag is by rate, its default, or by the timestamp of the message that is read next.
    """
    config = f"""
[exporter]
poll_interval = "{INTERVAL_SECONDS}s"
http_host = "127.0.0.1"
http_port = {port}
granularity = "partition"
[exporter.timestamp_sampling]
enabled = true
mode = "{mode}"
cache_ttl = "{INTERVAL_SECONDS}s"
[exporter.otel]
enabled = false
[[clusters]]
name = "benchmark"
bootstrap_servers = "{bootstrap}"
group_whitelist = ["{groups}"]
topic_whitelist = [".*"]
topic_blacklist = ["^__.*"]
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "klag.toml")
        path.write_text(config, encoding="utf-8")
        command = [str(program), "--config", str(path)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield psutil.Process(process.pid), f"http://127.0.0.1:{port}/metrics"
            finally:
                process.kill()


def beside(program: Path, bootstrap: str, rows: int, rounds: int = 2) -> Iterator[tuple[str, Sequence[Watched | None]]]:
    """What each of both was seen to do in so many rounds of one after the other."""
    seen: dict[str, list[Watched | None]] = {"klag-exporter": [], "kmon": []}
    for _ in range(rounds):
        with klag_exporter(program, bootstrap) as (process, url):
            seen["klag-exporter"].append(watch(process, url, rows))
        with serving(bootstrap, "--interval", f"{INTERVAL_SECONDS}s", "--no-dashboard") as (process, host, port):
            seen["kmon"].append(watch(process, f"http://{host}:{port}/metrics", rows))
    yield from seen.items()

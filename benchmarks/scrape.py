"""Scrapes of a running kmon serve: one scraper, and ten at once."""

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Scrapes:
    """Seconds of each scrape, sorted, and the bytes of one."""

    seconds: list[float]
    size_bytes: int

    def quantile(self, share: float) -> float:
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def scrape(host: str, port: int, *, scrapers: int, each: int = 1, seconds: float = 0.0, gzip: bool = False) -> Scrapes:
    """`scrapers` connections at once, each scraping at least `each` times, and for so many seconds."""
    together = threading.Barrier(scrapers)

    def run(_: int) -> list[tuple[float, int]]:
        connection = http.client.HTTPConnection(host, port)
        into = bytearray(1 << 20)
        done: list[tuple[float, int]] = []
        connection.connect()
        together.wait()
        end = time.perf_counter() + seconds
        while len(done) < each or time.perf_counter() < end:
            began = time.perf_counter()
            connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"} if gzip else {})
            answer = connection.getresponse()
            size = 0
            while count := answer.readinto(into):
                size += count
            done.append((time.perf_counter() - began, size))
        connection.close()
        return done

    with ThreadPoolExecutor(scrapers) as pool:
        results = [pair for part in pool.map(run, range(scrapers)) for pair in part]
    return Scrapes(sorted(seconds for seconds, _ in results), max(size for _, size in results))

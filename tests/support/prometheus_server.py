"""A real Prometheus on loopback that scrapes one target every few seconds, and its answers to queries."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import yaml
from ready_server import answered, free_address, ready_server
from requirements import require

DEPLOYED = Path(__file__).parents[2] / "deploy" / "prometheus"
GUARD_SECONDS = 120.0
"""A test that waits longer than this for Prometheus has failed."""

SCRAPES = {"scrape_interval": "3s", "scrape_timeout": "3s"}
"""A scrape that takes longer has failed, and on a busy machine one may take a while."""

T = TypeVar("T")


def until(ask: Callable[[], T | None]) -> T:
    """What `ask` answers once it is not None; fails when it never is."""
    return answered(ask, GUARD_SECONDS)


@contextmanager
def scraping(target: str, folder: Path, labels: Mapping[str, str]) -> Iterator[str]:
    """The base URL of a Prometheus that scrapes the server at the URL `target`, as job kmon with these labels."""
    static = {"targets": [urlsplit(target).netloc], "labels": dict(labels)}
    config = {
        "global": SCRAPES,
        "scrape_configs": [{"job_name": "kmon", "static_configs": [static]}],
    }
    with running(config, folder) as url:
        yield url


@contextmanager
def deployed(target: str, folder: Path) -> Iterator[str]:
    """The base URL of a Prometheus that is configured by deploy/prometheus alone, but for its target and intervals."""
    config = yaml.safe_load((DEPLOYED / "scrape.yml").read_text())
    for name in config["rule_files"]:
        shutil.copy(DEPLOYED / name, folder)
    (job,) = config["scrape_configs"]
    job |= SCRAPES
    job["static_configs"][0]["targets"] = [urlsplit(target).netloc]
    with running({**config, "global": {"evaluation_interval": "1s"}}, folder) as url:
        yield url


@contextmanager
def running(config: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The base URL of a Prometheus with this configuration, whose files are in `folder`."""
    program = shutil.which("prometheus")
    if program is None:
        require("prometheus", "prometheus is not installed")
    (folder / "prometheus.yml").write_text(json.dumps(config))
    address = free_address()
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with ready_server(command, address, folder / "log", GUARD_SECONDS) as url:
        yield url


def query(url: str, expression: str, at: float | None = None) -> dict[frozenset[tuple[str, str]], float]:
    """The series that an instant query gives at a unix time, by default now, by their labels; fails on an error."""
    params = {"query": expression, **({} if at is None else {"time": repr(at)})}
    answer = httpx.get(f"{url}/api/v1/query", params=params, trust_env=False, timeout=GUARD_SECONDS).json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    return {frozenset(each["metric"].items()): float(each["value"][1]) for each in answer["data"]["result"]}


def rules(url: str) -> list[dict[str, Any]]:
    """Every rule that Prometheus has loaded, with the `health` and `lastError` of its newest evaluation."""
    answer = httpx.get(f"{url}/api/v1/rules", trust_env=False, timeout=GUARD_SECONDS).json()
    return [rule for group in answer["data"]["groups"] for rule in group["rules"]]

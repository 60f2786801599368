"""Programs that serve on loopback, such as Prometheus and Alertmanager: started, awaited until ready, and ended."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

T = TypeVar("T")


def answered(ask: Callable[[], T | None], within_seconds: float) -> T:
    """What `ask` answers once it is not None; fails when it never is."""
    end = time.monotonic() + within_seconds
    while time.monotonic() < end:
        if (answer := ask()) is not None:
            return answer
        time.sleep(0.1)
    pytest.fail("waited in vain")


def free_address() -> str:
    """`127.0.0.1:port` of a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def ready_server(command: Sequence[str | Path], address: str, log: Path, within_seconds: float) -> Iterator[str]:
    """The base URL of a program that serves `/-/ready` at this address; fails with its log when it ends."""
    url = f"http://{address}"
    with log.open("ab") as written, subprocess.Popen(command, stdout=written, stderr=written) as process:
        try:

            def ready() -> bool | None:
                if process.poll() is not None:
                    pytest.fail(f"{command[0]} ended: {log.read_text()}")
                try:
                    return httpx.get(f"{url}/-/ready", trust_env=False).is_success or None
                except httpx.TransportError:
                    return None

            answered(ready, within_seconds)
            yield url
        finally:
            process.terminate()

"""Processes that never outlive this one: a guardian kills them when this process ends, orderly or not."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kmon.demo import guardian
from kmon.demo.errors import DemoError

TAIL_LINES = 12


class Process(subprocess.Popen[bytes]):
    """One running program; what it prints is kept in `output`, what it logs by itself in `log`."""

    def __init__(self, name: str, logs: Path, argv: Sequence[str], **options: Any) -> None:
        super().__init__(argv, **options)
        self.name = name
        self.output, self.log = logs / f"{name}.out", logs / f"{name}.log"

    @property
    def running(self) -> bool:
        """Whether it has not ended; a paused process runs."""
        return self.poll() is None

    def kill(self) -> None:
        """SIGKILL, also when paused; returns when it is gone."""
        super().kill()
        self.wait()

    def terminate(self) -> None:
        """SIGTERM, also when paused; returns at once."""
        super().terminate()
        self.send_signal(signal.SIGCONT)

    def stop(self, timeout_seconds: float = 30) -> None:
        """SIGTERM, SIGKILL when that did not end it in time; returns when it is gone."""
        self.terminate()
        try:
            self.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of what it logged and of what it printed, without stack traces."""
        return "\n".join(without_stack(_end_of(path), lines) for path in (self.log, self.output)).strip()

    def said(self, text: str) -> bool:
        """Whether `text` stands near the end of what it logged or printed."""
        return any(text in _end_of(path) for path in (self.log, self.output))


def without_stack(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of what a Java program printed that are no frames of a stack trace."""
    return "\n".join([line for line in text.splitlines() if not line.startswith("\tat ")][-lines:])


def _end_of(path: Path, size_bytes: int = 20_000) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - size_bytes))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


class ProcessGroup:
    """Starts processes in a process group of their own, apart from the terminal's Ctrl-C, led by a guardian.

    `folder` is removed by the guardian when this process ends without `close()`.
    """

    def __init__(self, folder: Path) -> None:
        if os.name != "posix":
            raise DemoError("the demo cluster needs Linux or macOS")
        self._processes: list[Process] = []
        self._guardian = subprocess.Popen(  # noqa: S603  # our own script
            [sys.executable, "-I", "-S", guardian.__file__, str(os.getpid()), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        if not self._guardian.stdout or not self._guardian.stdout.readline():
            self.close()
            raise DemoError(f"the guardian of the demo's processes did not start: {guardian.__file__}")

    def spawn(self, name: str, argv: Sequence[str], logs: Path, *, keep_output: bool = True) -> Process:
        """Start a program; standard output and error are appended to `NAME.out` in `logs` or dropped; no input."""
        try:
            with (logs / f"{name}.out").open("ab") if keep_output else Path(os.devnull).open("wb") as output:
                process = Process(
                    name,
                    logs,
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    process_group=self._guardian.pid,
                )
        except OSError as error:
            raise DemoError(f"cannot start {name}: {error}") from error
        self._processes = [p for p in self._processes if p.running] + [process]
        return process

    def close(self) -> None:
        """Kill what still runs, then end the guardian."""
        running = [p for p in self._processes if p.running]
        for process in running:
            process.send_signal(signal.SIGKILL)
        for process in running:
            process.kill()
        self._guardian.kill()
        self._guardian.wait()
        for pipe in (self._guardian.stdin, self._guardian.stdout):
            with contextlib.suppress(OSError, AttributeError):
                pipe.close()  # type: ignore[union-attr]  # AttributeError is suppressed

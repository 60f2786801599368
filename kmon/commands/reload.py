"""Takes up changed alert rules while `kmon serve` runs: on SIGHUP, and when the files that have them change."""

import logging
import threading
from collections.abc import Callable, Iterable
from glob import escape, glob
from pathlib import Path

from alerts.effective import rules_of
from alerts.evaluator import Evaluator
from monitor.model.text import plural, visible
from monitor.poll.worker import Worker
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError

log = logging.getLogger("kmon")

WATCH_SECONDS = 2.0
"""Between two looks at the files. A file counts as changed once it is the same in two of them: it is written whole."""

Print = tuple[tuple[str, int, int, int], ...]
"""Files with what tells that one was changed: its time, size and inode."""


def fingerprint(patterns: Iterable[str]) -> Print:
    """The files of these patterns as they are now."""
    found = []
    for path in sorted({name for pattern in patterns for name in glob(pattern, recursive=True)}):  # noqa: PTH207
        try:
            stat = Path(path).stat()
        except OSError:
            continue
        found.append((path, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


def _with_file(files: Print, path: str | None, before: Print) -> Print:
    """The files, with one of them as it was `before`."""
    return tuple(sorted({each for each in files if each[0] != path} | {each for each in before if each[0] == path}))


class Reload:
    """Reads the rules again and swaps the whole set or nothing, on a thread of its own.

    `read` gives the settings of alerts as they are now; it raises SettingsError. `config` is the file of settings, if
    there is one.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        alerts: AlertSettings,
        read: Callable[[], AlertSettings],
        config: str | None = None,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._evaluator, self._read, self._config = evaluator, read, config
        self._watch_seconds = watch_seconds
        self._patterns = self._files(alerts)
        self._taken: Print = ()  # nothing: what changed since they were read at the start is read again
        self._failed = False
        self._wake, self._ended = threading.Event(), threading.Event()
        self._asked = False
        self._worker = Worker("reload", self._watch)

    def start(self) -> None:
        self._worker.start()

    def close(self) -> None:
        self._worker.end()
        self._ended.set()
        self._wake.set()
        self._worker.join(1.0)

    def ask(self) -> None:
        """Read the rules at once, and log what came of it. Called by a signal handler: it never waits for a lock."""
        if not self._ended.is_set():
            self._asked = True
            self._wake.set()

    def now(self, *, asked: bool = True) -> bool:
        """Read the rules; whether they are in effect now.

        Unless somebody `asked`, that they are is logged only after a change or an error.
        """
        taken = fingerprint(self._patterns)  # before they are read: what changes meanwhile is read again
        try:
            alerts = self._read()
            # Watched even if they have errors, which are repaired there.
            before, self._patterns = self._patterns, self._files(alerts)
            if self._patterns != before:
                taken = _with_file(fingerprint(self._patterns), self._config, taken)
            changes = self._evaluator.swap(rules_of(alerts))
        except SettingsError as error:
            more = f" (and {plural(len(error.problems) - 1, 'more problem')})" if len(error.problems) > 1 else ""
            log.error("cannot reload rules, the previous ones stay in effect: %s%s", visible(error.problems[0]), more)  # noqa: TRY400
            self._failed = True
            return False
        finally:
            self._taken = taken
        if changes or asked or self._failed:
            log.info("rules reloaded: %s; other settings take effect after a restart", changes.line)
        self._failed = False
        return True

    def _files(self, alerts: AlertSettings) -> tuple[str, ...]:
        return (*alerts.rule_files, *([escape(self._config)] if self._config else []))

    def _watch(self) -> None:
        seen = self._taken
        while not self._ended.is_set():
            self._wake.wait(self._watch_seconds)
            self._wake.clear()
            asked, self._asked = self._asked, False
            if self._ended.is_set():
                return
            last, seen = seen, fingerprint(self._patterns)
            if asked or (seen != self._taken and seen == last):
                self.now(asked=asked)

"""A real terminal: a tmux server of its own with one pane, in which a shell runs."""

import os
import subprocess
import time
from pathlib import Path

PATIENCE_SECONDS = 60


class Terminal:
    """`environment` is added to that of this process; `columns` and `lines` are the size of the pane."""

    def __init__(self, folder: Path, environment: dict[str, str], *, columns: int = 100, lines: int = 30) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        # GNU readline puts the size of its terminal into the environment of a process that imports it.
        theirs = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
        environment = {**theirs, **environment, "TERM": "xterm-256color"}
        size = ["-x", str(columns), "-y", str(lines)]
        subprocess.run([*self._tmux, "new-session", "-d", *size, "sh"], check=True, env=environment, timeout=30)

    def ask(self, *command: str) -> str:
        return subprocess.run([*self._tmux, *command], check=True, capture_output=True, text=True, timeout=30).stdout

    def type(self, *keys: str) -> None:
        self.ask("send-keys", *keys)

    def screen(self) -> str:
        return self.ask("capture-pane", "-p")

    def modes(self) -> str:
        """Whether the alternate screen, the mouse and the cursor are on: what an application must put back."""
        return self.ask("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")

    def wait_for(self, words: str) -> str:
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in (screen := self.screen()):
            assert time.monotonic() < end, f"{words!r} did not come:\n{screen}"
            time.sleep(0.1)
        return screen

    def wait_until_gone(self, words: str) -> str:
        end = time.monotonic() + PATIENCE_SECONDS
        while words in (screen := self.screen()):
            assert time.monotonic() < end, f"{words!r} did not go:\n{screen}"
            time.sleep(0.1)
        return screen

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True, timeout=30)

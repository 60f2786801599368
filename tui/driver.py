"""The driver of the terminal UI on Unix."""

import sys
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class OutputDriver(LinuxDriver):
    """Draws on standard output. Textual's own draws on standard error, which is where kmon's log lines go."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file = sys.__stdout__

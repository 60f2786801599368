"""What is said of kmon itself, in metrics of the whole process."""

import platform
from dataclasses import dataclass, field
from importlib.metadata import version


@dataclass(frozen=True)
class Process:
    """The running kmon. `web_open`: it is served beyond loopback without TLS and a password."""

    web_open: bool = False
    version: str = field(default_factory=lambda: version("kmon-kafka"))
    python: str = field(default_factory=platform.python_version)

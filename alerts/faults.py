"""What fails in the evaluation of a cluster's rules: logged at a slow pace, and never a reason to stop."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.model.text import visible
from monitor.poll.log_pace import Pace

log = logging.getLogger(__name__)


@dataclass
class Fault:
    """What failed and why, in words; empty where nothing did."""

    text: str = ""


class Faults:
    """Those of one cluster. Not for more than one thread at once."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    @contextmanager
    def caught(self, what: str, cluster: str, monotonic: float) -> Iterator[Fault]:
        """Catch and log what the context raises: `what` fails, for the cluster of this name, at this time."""
        pace, fault = self._paces.setdefault(what, Pace()), Fault()
        try:
            yield fault
        except Exception as error:
            fault.text = f"{what}: {error}"
            if line := pace.line(fault.text, monotonic, type(error).__name__):
                log.exception("cluster %s: %s", visible(cluster), visible(line))
        else:
            pace.over()

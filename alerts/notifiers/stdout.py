"""Prints alerts as they begin to fire and are resolved, one plain line each."""

import sys
from collections.abc import Sequence
from typing import TextIO

from alerts.notice import Delivered, GiveUp, Notice, Outcome, timestamp
from monitor.model.text import visible


class Stdout:
    """Prints to `stream`, to standard output as it then is when there is none."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        stream = self._stream if self._stream is not None else sys.stdout
        # A terminal in the C locale cannot print every name; escapes it can.
        encoding = stream.encoding or "utf-8"
        text = "".join(f"{line(notice)}\n" for notice in notices)
        try:
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            return GiveUp(str(error))
        return Delivered()


def line(notice: Notice) -> str:
    """A notice as one line: when, FIRING or RESOLVED, severity, name, summary. Control characters are visible."""
    labels, annotations = dict(notice.labels), dict(notice.annotations)
    when = timestamp(notice.ends_at if notice.resolved else notice.starts_at)
    words = (when, "RESOLVED" if notice.resolved else "FIRING", labels["severity"], labels["alertname"])
    return visible(f"{' '.join(words)}: {annotations['summary']}")

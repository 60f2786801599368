"""Polls a cluster for what a command prints, once or for a while, and makes the Source that a face's polls fill.

It imports the client late, so that a face can be drawn before the first poll.
"""

import sys
import time
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

from kmon.commands.terminal import moves_cursor
from monitor.model.text import duration, plural
from monitor.model.view import View
from monitor.poll.source import Memory
from monitor.settings.model import ClusterSettings

if TYPE_CHECKING:
    from monitor.poll.poller import Poller

REMEMBERED_SECONDS = 3 * 3600
"""How much of the past the charts show without a history on disk."""
EXTRAS = ("configs",)
"""Collectors without which lag is complete; what they bring is unknown then."""


def ask(
    cluster: ClusterSettings,
    seconds: float | None = None,
    *,
    everything: bool = False,
    end: Event | None = None,
    seen: Callable[[View], None] = lambda _: None,
) -> View:
    """The newest View of a cluster that is polled for `seconds`, or once: of what lag takes, or of `everything`.

    Ends early when `end` is set, and at once when the first poll reaches nobody. `seen` is given the View of each poll
    of several. Raises SettingsError.
    """
    # Nobody needs the Kafka client to find bad usage.
    from monitor.collect.collectors import COLLECTORS, LAG_COLLECTORS  # noqa: PLC0415
    from monitor.poll.poller import Poller, poll_once  # noqa: PLC0415

    lag = (*LAG_COLLECTORS, *(each for each in COLLECTORS if each.name in EXTRAS))
    collectors = COLLECTORS if everything else lag
    if not seconds:
        return poll_once(cluster, collectors)
    poller = Poller(cluster, collectors)
    terminal = moves_cursor(sys.stderr)
    hint = "" if end is None else "; Ctrl-C prints the result so far"
    try:
        told = (lambda line: _progress(line + hint)) if terminal else None
        return watch(poller, seconds, end or Event(), told, seen)
    finally:
        poller.close()
        if terminal:
            _progress("")


def watch(
    poller: "Poller",
    seconds: float,
    end: Event,
    tell: Callable[[str], None] | None = None,
    seen: Callable[[View], None] = lambda _: None,
) -> View:
    """Poll at the settings' interval for `seconds`, the last time at their end; the newest View.

    `tell` is given a line on how it goes about once a second, `seen` each View.
    """
    until = time.monotonic() + seconds
    view, polls = poller.poll_patiently(), 1
    seen(view)
    while view.shown.up and not end.is_set() and (left := until - time.monotonic()) > 0:
        due = time.monotonic() + min(poller.settings.interval_seconds, left)
        while (wait := due - time.monotonic()) > 0 and not end.is_set():
            if tell:
                tell(f"{plural(polls, 'poll')}, {duration(until - time.monotonic())} to go")
            end.wait(min(wait, 1.0) if tell else wait)
        if not end.is_set():
            view, polls = poller.poll(), polls + 1
            seen(view)
    return view


def _progress(line: str) -> None:
    """Write a line over the one before."""
    print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def memory_of(cluster: ClusterSettings, name: str | None = None) -> Memory:
    """The memory that the polls of one cluster fill; `name` is what it is called before it responds."""
    points = round(REMEMBERED_SECONDS / cluster.interval_seconds)
    return Memory(
        name or cluster.title,
        cluster.interval_seconds,
        points=max(60, min(points, 10_800)),
        named=cluster.name is not None,
    )

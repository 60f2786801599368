"""What changed shortly before an alert began: events of the thing itself, and of what it depends on."""

from collections.abc import Callable

import numpy as np

from alerts.facts.scene import Scene
from monitor.model.events import OF_STATUSES, RECOVERED, Events
from monitor.model.text import NAME, duration, moment, plural, visible

BEFORE_SECONDS = 900.0
"""How long before the alert began an event may be, to have to do with it."""
MOST_EVENTS = 5

EFFECTS = (*OF_STATUSES.values(), RECOVERED)
"""Kinds of events that report the trouble itself."""

OF_BROKERS = ("broker_joined", "broker_gone", "broker_back", "broker_restarted", "controller_changed")
"""Kinds of events that can affect every group, topic and broker."""

About = Callable[[Events, int], bool]
"""Whether the event in a row is about the thing."""


def changed_before(scene: Scene, began: float, is_about: About) -> str:
    """The events in the 15 minutes before unix time `began`, the newest first; or that none was seen, and since when.

    `began` is when the trouble is first known to be there; an event is dated by the poll that saw it.
    """
    events, since = scene.view.events, began - BEFORE_SECONDS
    polls = scene.view.snapshot.interval_seconds or 0.0
    near = np.flatnonzero((events.time >= since) & (events.time <= began + polls) & ~np.isin(events.kind, EFFECTS))
    rows = [row for row in near.tolist() if events.kind[row] in OF_BROKERS or is_about(events, row)]
    if rows:
        said = [f"{moment(float(events.time[row])).split()[1]} {visible(events.text[row], 3 * NAME)}" for row in rows]
        more = len(said) - MOST_EVENTS
        return "; ".join(said[:MOST_EVENTS]) + (f"; {plural(more, 'earlier event')}" if more > 0 else "")
    watched = scene.view.watched_since
    if watched is None or watched > began:
        return ""
    seconds = min(BEFORE_SECONDS, began - watched)
    # The log has a limited length: of what is older than its oldest event nothing is known.
    if sum(scene.view.event_counts.values()) > len(events) and len(events) and events.time[-1] > began - seconds:
        return ""
    return f"no events seen in the {duration(seconds)} before" if seconds > 0 else "unknown (kmon had just started)"

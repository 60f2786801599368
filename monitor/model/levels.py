"""Levels: how bad something is. Every face takes their words, signs and order from here, and gives each a colour."""

from monitor.model.status import BEHIND, GLYPHS, LOST, OK, SEVERITY, STATUSES, UNKNOWN

LEVELS = ("ok", "note", "unknown", "attention", "degraded", "critical")
"""From best to worst. A note leaves a cluster ok, unknown is no judgement, attention is worse than ok and no fault yet,
degraded lacks safety or is late, and critical may cost data or service now."""

OF_STATUS = {
    "ok": "ok",
    "behind": "attention",
    "growing": "degraded",
    "rewound": "attention",
    "stopped": "degraded",
    "stuck": "degraded",
    "ahead": "degraded",
    "losing": "critical",
    "lost": "critical",
    "unknown": "unknown",
    "left": "note",
}
"""The level of each status of groups and their partitions; what has been stopped for long is at attention only."""

ABOVE_ZERO = {
    "offline": "critical",
    "under_min_isr": "critical",
    "at_min_isr": "degraded",
    "under_replicated": "degraded",
    "out_of_sync": "degraded",
    "missing": "degraded",
    "preferred_missing": "note",
    "unstable": "note",
    "lost": "critical",
    "unknown_partitions": "unknown",
    "groups_behind": "attention",
    "reconciling": "attention",
    "errors": "attention",
    "overruns": "attention",
}
"""The level of a number that ought to be 0 and is not, by the name of its column."""

OF_EVENTS = {
    **{f"group_{word}": OF_STATUS[word] for word in ("growing", "stopped", "stuck", "losing", "lost")},
    **dict.fromkeys(("broker_gone", "truncated", "retention_overtook", "commit_beyond_end"), "critical"),
    **dict.fromkeys(
        (
            "broker_restarted",
            "isr_shrunk",
            "topic_deleted",
            "topic_recreated",
            "group_deleted",
            "group_emptied",
            "offsets_reset",
        ),
        "degraded",
    ),
}
"""The level of events that cost records or service, and of those that may; others are in the order of things."""

COLLECTOR_FAILED = "degraded"
"""The level of an incomplete collector, which is that of the problem that reports it."""
CAPABILITY_MISSING = "attention"
"""The level of what the cluster does not serve, or does not let kmon ask."""
STATE_NOT_KEPT = "attention"
"""The level of a kmon that forgets its alerts when it ends."""
ODD = "attention"
"""The level of brokers that differ in version or configs, and of a config that may lose records."""

ATTENTION, NOTE = len(STATUSES), len(STATUSES) + 1
"""The places of these levels behind those of the statuses, whose signs and words stand before theirs."""

SIGNS = (*GLYPHS, "◆", "◇")
"""The glyph of each status in STATUSES, of ATTENTION and of NOTE; all differ."""
WORDS = (*STATUSES, "attention", "note")
"""Their words."""
SEVERITIES = (*(2 * each for each in SEVERITY), 2 * SEVERITY[UNKNOWN] + 1, 1)
"""How bad each is: attention is worse than unknown and better than behind, which is the sign of degraded."""

PLACES = (OK, NOTE, UNKNOWN, ATTENTION, BEHIND, LOST)
"""The place of each of LEVELS in SIGNS."""
PLACE_OF = dict(zip(LEVELS, PLACES, strict=True))
LEVEL_AT = dict(zip(PLACES, LEVELS, strict=True))
SIGN_OF = {level: SIGNS[place] for level, place in PLACE_OF.items()}

OF_VERDICTS = {
    "ok": "ok", "attention": "attention", "degraded": "degraded", "critical": "critical", "unreachable": "critical"
}  # fmt: skip
"""The levels of a verdict, from best to worst, each with its place in LEVELS: nothing is worse than unreachable."""

OF_PROBLEMS = ("critical", "degraded", "attention", "note")
"""The levels that a problem can have, from worst to best."""


def alert_level(state: str, severity: str) -> str:
    """The level of an alert in a state, or of a rule in that of its alerts: an inactive one is ok.

    One of severity none or info, such as a watchdog, reports no problem.

    A ticket is for working hours: it makes nothing that is well degraded.
    """
    if state == "inactive":
        return "ok"
    if severity in ("none", "info"):
        return "note"
    if state != "firing" or severity == "ticket":
        return "attention"
    return "critical" if severity in ("critical", "page") else "degraded"

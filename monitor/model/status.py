"""The statuses of lag: their codes, words and signs, and how bad each is."""

OK, BEHIND, GROWING, REWOUND, STOPPED, STUCK, AHEAD, LOSING, LOST, UNKNOWN, LEFT = range(11)

STATUSES = ("ok", "behind", "growing", "rewound", "stopped", "stuck", "ahead", "losing", "lost", "unknown", "left")
"""The words of a status column's codes, from best to worst but for unknown and left, which are no judgements."""

GLYPHS = ("●", "▲", "⇑", "◄", "□", "■", "►", "▼", "✘", "?", "○")
"""The sign of each status: their shapes differ, and nothing draws them as emoji."""

STATUS_MEANING = (
    "lost: records were deleted before they were read; losing: deletion will overtake the group; ahead: its committed"
    " offset is beyond the log end; stuck: its offset does not move; stopped: no consumers; rewound: its offset was"
    " moved back; growing: read slower than produced; behind: the next record is old; unknown: why has the reason;"
    " left: the group no longer reads the topic, so that no total counts it; ok: keeps up"
)

SEVERITY = (0, 3, 4, 5, 6, 7, 8, 9, 10, 2, 1)
"""How bad each status is; unknown is worse than ok and left only."""

WELL = (OK, LEFT)
"""Statuses that nobody has to act on."""
NOT_LATE = (*WELL, UNKNOWN)
"""Statuses of what is not known to be read late."""
SET_ASIDE = ("left",)
"""Words of statuses that no total, limit or rule counts, unless it names them."""

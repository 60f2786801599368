"""The levels of verdicts and problems: their words, signs and colours, which every face takes from here."""

from monitor.model.status import BEHIND, GLYPHS, LOST, OK, SEVERITY, STATUSES

ATTENTION, NOTE = len(STATUSES), len(STATUSES) + 1
"""What levels have beside the signs of statuses: something is worse than ok and no fault yet; worth knowing."""

SIGNS = (*GLYPHS, "◆", "◇")
"""The glyph of each status in STATUSES, of ATTENTION and of NOTE; all differ."""
KINDS = (*STATUSES, "attention", "note")
"""The names of their colours in every face."""
SEVERITIES = (*(2 * each for each in SEVERITY), 3, 1)
"""How bad each is: attention is worse than unknown and better than behind, which is the sign of degraded."""

LEVELS = {"ok": OK, "attention": ATTENTION, "degraded": BEHIND, "critical": LOST, "unreachable": LOST}
"""The levels of a verdict, from best to worst, each with its place in SIGNS and KINDS."""

OF_PROBLEMS = {"critical": LOST, "degraded": BEHIND, "attention": ATTENTION, "note": NOTE}
"""The same of a problem, from worst to best. A note leaves a cluster ok."""

"""How many times shorter than documented every limit of time is: 1, but in runs of the scorecard.

KMON_TIME_SCALE is for tests of whole incidents, which would take hours. It is read once, because limits are constants.
"""

import os

VARIABLE = "KMON_TIME_SCALE"
MOST = 1000.0


def parse(text: str) -> float:
    """The scale that the variable has; 1 without one. SystemExit where it is not a number from 1 to MOST."""
    try:
        scale = float(text or 1)
    except ValueError:
        scale = 0.0
    if not 1 <= scale <= MOST:
        raise SystemExit(f"{VARIABLE}: {text[:64]!r} is not a number from 1 to {MOST:.0f}")
    return scale


SCALE = parse(os.environ.get(VARIABLE, ""))


def lasting(seconds: float) -> float:
    """A limit that is documented as so many seconds."""
    return seconds / SCALE

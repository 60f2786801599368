"""All shows of the tour of the catalogue."""

from incidents.tour_brokers import ONE_BY_ONE
from incidents.tour_groups import OF_GROUPS
from incidents.tour_secure import SECURE
from incidents.tour_topics import OF_TOPICS, ON_ONE_DISK

LANES = (*((each,) for each in (*OF_GROUPS, *OF_TOPICS)), ON_ONE_DISK)
"""Lanes run side by side, the shows of a lane one after the other."""
SHOWS = (*(each for lane in LANES for each in lane), *ONE_BY_ONE, *SECURE)
__all__ = ["LANES", "ONE_BY_ONE", "SECURE", "SHOWS"]

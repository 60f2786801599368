"""The screens: one file each, listed here."""

from tui.screens.base import MonitorScreen
from tui.screens.brokers import BrokersScreen
from tui.screens.groups import GroupsScreen
from tui.screens.overview import OverviewScreen
from tui.screens.topics import TopicsScreen

SCREENS: tuple[type[MonitorScreen], ...] = (OverviewScreen, GroupsScreen, TopicsScreen, BrokersScreen)
"""The views a key leads to, in the order of their keys; screens below them are opened from their rows."""

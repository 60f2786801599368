"""The screens: one file each, listed here."""

from tui.screens.base import MonitorScreen
from tui.screens.brokers import BrokersScreen
from tui.screens.group import GroupScreen
from tui.screens.groups import GroupsScreen
from tui.screens.overview import OverviewScreen
from tui.screens.topic import TopicScreen
from tui.screens.topics import TopicsScreen

SCREENS: tuple[type[MonitorScreen], ...] = (OverviewScreen, GroupsScreen, TopicsScreen, BrokersScreen)
"""The views a key leads to, in the order of their keys; those of BELOW are opened from a row."""

BELOW: tuple[type[MonitorScreen], ...] = (GroupScreen, TopicScreen)

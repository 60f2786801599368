"""The screens of the terminal UI. Only the app imports this: a screen names another view by its NAME."""

from tui.screens.alerts import AlertsScreen, RulesScreen, SilencesScreen
from tui.screens.base import MonitorScreen
from tui.screens.broker_metrics import BrokerRequestsScreen, DeprecatedRequestsScreen
from tui.screens.brokers import BrokersScreen, LogDirsScreen, ReplicasScreen
from tui.screens.cluster import CapabilitiesScreen, CollectorsScreen, QuorumScreen, RequestsScreen
from tui.screens.clusters import ClustersScreen
from tui.screens.events import EventsScreen
from tui.screens.group import GroupScreen
from tui.screens.groups import GroupsScreen
from tui.screens.members import MembersScreen, TasksScreen
from tui.screens.overview import OverviewScreen
from tui.screens.problems import DiagnosesScreen, ProblemsScreen
from tui.screens.topics import ProducersScreen, ReadersScreen, TopicScreen, TopicsScreen
from tui.screens.transactions import TransactionScreen, TransactionsScreen

SCREENS: tuple[type[MonitorScreen], ...] = (
    OverviewScreen,
    GroupsScreen,
    TopicsScreen,
    BrokersScreen,
    TransactionsScreen,
    QuorumScreen,
    ProblemsScreen,
    EventsScreen,
    ClustersScreen,
)
"""The views a key leads to, in the order of their keys; those of BELOW are opened from a row, or with tab."""

BELOW: tuple[type[MonitorScreen], ...] = (
    GroupScreen,
    MembersScreen,
    TasksScreen,
    TopicScreen,
    ReadersScreen,
    ProducersScreen,
    ReplicasScreen,
    LogDirsScreen,
    BrokerRequestsScreen,
    DeprecatedRequestsScreen,
    TransactionScreen,
    CapabilitiesScreen,
    CollectorsScreen,
    RequestsScreen,
    DiagnosesScreen,
    AlertsScreen,
    SilencesScreen,
    RulesScreen,
)

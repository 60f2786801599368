"""What kmon is told to do: validated settings from a YAML file, environment, flags and Kafka's client.properties."""

from monitor.settings.alerts import AlertSettings, RuleSettings
from monitor.settings.errors import SettingsError
from monitor.settings.load import Loaded, load
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.security import SecuritySettings

__all__ = [
    "AlertSettings",
    "ClusterSettings",
    "Loaded",
    "RuleSettings",
    "SecuritySettings",
    "Settings",
    "SettingsError",
    "load",
]

"""What kmon is told to do: validated settings from a YAML file, environment, flags and Kafka's client.properties."""

from monitor.settings.errors import SettingsError
from monitor.settings.load import load
from monitor.settings.model import ClusterSettings, Settings

__all__ = ["ClusterSettings", "Settings", "SettingsError", "load"]

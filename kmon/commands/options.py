"""From command line and environment to Settings."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.load import Loaded, load
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.raw_values import Given, find
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG

Value = TypeVar("Value")

FLAGS = (
    ("bootstrap_server", "-b", "bootstrap_servers"),
    ("context", "--context", "current_context"),
    ("name", "--name", "name"),
    ("interval", "--interval", "interval"),
    ("timeout", "--timeout", "request_timeout"),
    ("listen", "--listen", "listen"),
    ("names", "--names", "metrics.names"),
    ("alertmanager_url", "--alertmanager-url", "alerts.alertmanagers"),
)
"""Options that set a key: the attribute of the parsed arguments, the flag, the key."""
QUICK_RULE = "LagAbove"
"""Name of the alert that --lag-above sets up."""


def cluster_from(args: argparse.Namespace) -> ClusterSettings:
    """The settings of the one cluster that a command asks; notes go to stderr.

    Raises SettingsError with everything wrong.
    """
    return loaded_from(args).settings.cluster


def clusters_from(args: argparse.Namespace) -> tuple[Settings, tuple[ClusterSettings, ...]]:
    """The settings, and the clusters that a command watches: the one that is named, else every context.

    One is named by -b, by --context, or by their variables; current_context in the file only says which comes first.
    """
    loaded = loaded_from(args)
    settings = loaded.settings
    place = loaded.origin(("current_context",))
    named = place in ("--context", "KMON_CURRENT_CONTEXT") or getattr(args, "bootstrap_server", None) is not None
    if named or len(settings.contexts) == 1:
        return settings, (settings.cluster,)
    first = settings.current_context
    return settings, tuple(sorted(settings.contexts, key=lambda each: each.title != first))


def loaded_from(args: argparse.Namespace, *, need_cluster: bool = True) -> Loaded:
    """All settings, with the place that each value came from; notes go to stderr. Raises SettingsError as above."""
    loaded = load(
        getattr(args, "config", None) or os.environ.get("KMON_CONFIG") or None,
        os.environ,
        _overrides(args),
        command_config=getattr(args, "command_config", None) or os.environ.get("KMON_COMMAND_CONFIG") or None,
        need_cluster=need_cluster,
    )
    for note in loaded.notes:
        print(f"kmon: {visible(note)}", file=sys.stderr)
    _check_filter(loaded, "metrics", "partitions")
    _check_alerts(loaded)
    return loaded


def _check_filter(loaded: Loaded, *path: str) -> None:
    """Raise SettingsError with the place of a filter on the columns of lag that cannot be used."""
    try:
        if where := loaded.settings.metrics.partitions_filter:
            Filter.of(where, LAG.schema)
    except FilterError as error:
        given, _ = find(loaded.root, path)
        raise SettingsError(given.problem(error.problem), *error.shown) from None


def _check_alerts(loaded: Loaded) -> None:
    """Raise SettingsError with the place of each name of an alert that the catalogue does not have."""
    alerts = loaded.settings.alerts
    if alerts.enable or alerts.disable:
        from alerts.catalogue import wrong_names  # noqa: PLC0415 - few settings name any, and it is slow to import

        if problems := wrong_names(alerts):
            raise SettingsError(*(find(loaded.root, path)[0].problem(text) for path, text in problems))


def _overrides(args: argparse.Namespace) -> dict[str, tuple[str, Any]]:
    overrides: dict[str, tuple[str, Any]] = {
        key: (flag, getattr(args, attribute))
        for attribute, flag, key in FLAGS
        if getattr(args, attribute, None) is not None
    }
    if getattr(args, "no_dashboard", False):
        overrides["dashboard"] = ("--no-dashboard", "false")
    above, held = getattr(args, "lag_above", None), getattr(args, "lag_above_for", None)
    if above is not None:
        rule = {"name": QUICK_RULE, "lag_above": above, "for": Given(held or "5m", "--for")}
        overrides["alerts.rules"] = ("--lag-above", [rule])
    elif held is not None:
        raise SettingsError("--for: needs --lag-above")
    return overrides


def option(flag: str, text: str | None, parse: Callable[[str], Value]) -> Value | None:
    """What an option such as --duration 5m gives, None where it was not given.

    Raises SettingsError that names the flag where `parse` raises ValueError.
    """
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        raise SettingsError(f"{flag}: {error}") from None

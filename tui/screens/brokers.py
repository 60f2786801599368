"""Every broker that metadata names, or that a replica is assigned to."""

from typing import ClassVar

import numpy as np
from textual.binding import BindingType

from monitor.derive.lag import BEHIND, LOST, OK
from monitor.derive.rollup import BrokerTotals
from monitor.snapshot import Brokers
from monitor.table import Floats, Texts, objects
from tui.picture import Picture
from tui.screens.base import MonitorScreen, sort_keys
from tui.widgets.columns import Column, meaning
from tui.widgets.rows import Make, Rows, counts, names, numbers, reasons, statuses

WORDS = ("ok", "behind", "gone", "unknown")


def _totals(name: str) -> Make:
    return lambda rows: getattr(rows.view.broker_totals, name)


_ids, _out_of_sync = _totals("broker"), _totals("out_of_sync")


def _described(name: str) -> Make:
    """A column of the brokers that are in metadata; None for the others."""

    def make(rows: Rows) -> Texts:
        brokers = rows.view.snapshot.brokers
        known = dict(zip(brokers.broker.tolist(), getattr(brokers, name).tolist(), strict=True))
        return objects(known.get(each) if known.get(each) is None else str(known[each]) for each in rows.keys)

    return make


def _role(rows: Rows) -> Texts:
    return objects("controller" if each == rows.view.snapshot.controller else "" for each in rows.keys)


def _asked(name: str) -> Make:
    def make(rows: Rows) -> Floats:
        requests = rows.view.snapshot.requests
        return np.array([getattr(requests, name)[requests.broker == each].sum() for each in rows.keys], np.float64)

    return make


def _why(rows: Rows, row: int) -> str:
    if rows.status[row] == LOST:
        return "not in metadata, but replicas are on it"
    behind = int(rows.array(_out_of_sync)[row])
    return f"{behind:,} of its replicas {'is' if behind == 1 else 'are'} not in sync" if behind else ""


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(WORDS, _out_of_sync, "gone: not in metadata; behind: some of its replicas are not in sync"),
    numbers("broker", "Broker", "B", _ids, meaning(Brokers, "broker"), width=7),
    names("host", "Host", "H", _described("host"), meaning(Brokers, "host"), width=12, grow=1, most=40),
    names("port", "Port", "P", _described("port"), meaning(Brokers, "port"), width=6, rank=4),
    names("rack", "Rack", "K", _described("rack"), meaning(Brokers, "rack"), width=8, rank=3),
    names("role", "Role", "O", _role, "which one is the active controller", width=10),
    counts("leaders", "Leaders", "E", _totals("leaders"), meaning(BrokerTotals, "leaders"), width=8),
    counts("replicas", "Replicas", "R", _totals("replicas"), meaning(BrokerTotals, "replicas"), width=9, rank=1),
    counts("out", "Not in sync", "I", _out_of_sync, meaning(BrokerTotals, "out_of_sync"), width=11, kind="behind"),
    counts("requests", "Asked", "A", _asked("requests"), "requests kmon has sent to it", width=9, rank=5),
    counts(
        "errors",
        "Failed",
        "F",
        _asked("errors"),
        "requests of kmon that it gave no usable answer to",
        width=7,
        rank=5,
        kind="behind",
    ),
    reasons(_why, "what is wrong with it", width=14),
)


class BrokersScreen(MonitorScreen):
    """Every broker with its share of the partitions."""

    KEY, NAME, TITLE = "4", "brokers", "Brokers"
    COLUMNS = COLUMNS
    SORT = "broker"
    EMPTY = "no broker matches"
    BINDINGS: ClassVar[list[BindingType]] = sort_keys(COLUMNS)

    def rows(self, picture: Picture) -> Rows:
        assert picture.view is not None
        view = picture.view.shown
        totals, brokers = view.broker_totals, view.snapshot.brokers
        hosts = dict(zip(brokers.broker.tolist(), brokers.host.tolist(), strict=True))
        keys = totals.broker.tolist()
        names = [f"{each} {hosts.get(each, '')}" for each in keys]
        status = np.where(totals.described, np.where(totals.out_of_sync > 0, BEHIND, OK), LOST)
        return Rows(picture, view, keys, names, status, np.arange(len(totals)))

"""Every broker that the cluster names, or that a replica is assigned to."""

from collections.abc import Hashable
from functools import partial

import numpy as np

from monitor.analysis.derive.completeness import lists_topics
from monitor.analysis.derive.judged.brokers import broker_why, fullest_disks, fullest_levels
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import Brokers
from monitor.model.table import Floats, Texts, objects
from monitor.model.text import percent
from monitor.model.totals import BrokerTotals
from monitor.model.view import View
from tui.missing import why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.replicas import ReplicasScreen
from tui.widgets.columns import WIDE, Column, meaning
from tui.widgets.rows import (
    Make,
    Rows,
    amounts,
    counts,
    judged_rows,
    names,
    numbers,
    reasons,
    shares,
    sizes,
    statuses,
    totals,
    whole,
)


def _totals(name: str) -> Make:
    return lambda rows: getattr(rows.view.broker_totals, name)


_ids, _out_of_sync = _totals("broker"), _totals("out_of_sync")


def _described(name: str) -> Make:
    """A column of the brokers that the cluster names; None for the others."""

    def make(rows: Rows) -> Texts:
        brokers = rows.view.snapshot.brokers
        known = dict(zip(brokers.broker.tolist(), getattr(brokers, name).tolist(), strict=True))
        return objects(known.get(each) if known.get(each) is None else str(known[each]) for each in rows.keys)

    return make


def broker_role(view: View, broker: int) -> str:
    """What a broker is in the metadata quorum; empty for one that is not in it."""
    quorum = view.snapshot.quorum
    if broker == view.snapshot.controller:
        return "controller"
    voter = quorum.voter[quorum.node == broker]
    return "" if not len(voter) else "voter" if voter[0] else "observer"


def _requests(name: str) -> Make:
    def make(rows: Rows) -> Floats:
        requests = rows.view.snapshot.requests
        return np.array([getattr(requests, name)[requests.broker == each].sum() for each in rows.keys], np.float64)

    return make


def _why(rows: Rows, row: int) -> str:
    """What is wrong with a broker, or why its disks are unknown."""
    view, totals, dirs = rows.view, rows.view.broker_totals, rows.view.snapshot.log_dirs
    parts = [broker_why(view, row)]
    if totals.described[row] and not (dirs.broker == totals.broker[row]).any():
        parts.append(f"disks unknown ({why_missing(view, 'log_dirs', 'describe_cluster')})")
    return "; ".join(filter(None, parts))


def _held(name: str, title: str, letter: str, words: str, *, width: int, rank: int = 0, kind: str = "") -> Column[Rows]:
    """A column of a number of partitions of a broker, or of those that ACLs do not hide."""
    make = _totals(name)
    words = f"{words}; ≥ where ACLs may hide some"
    return totals(name, title, letter, whole(make, lists_topics), words, known=make, width=width, rank=rank, kind=kind)


_difference = partial(percent, sign=True)

COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        Rows.word,
        _out_of_sync,
        "gone: not in metadata; fenced: registered, but not in service; dir offline: a log dir is unreadable; silent: "
        "it did not respond to kmon; out of sync: some of its replicas are not in sync",
        width=13,
    ),
    numbers("broker", "Broker", "B", _ids, meaning(Brokers, "broker"), width=7),
    names("host", "Host", "H", _described("host"), meaning(Brokers, "host"), width=12, grow=1, most=40, rank=5),
    names("port", "Port", "P", _described("port"), meaning(Brokers, "port"), width=6, rank=8),
    names("rack", "Rack", "K", _described("rack"), meaning(Brokers, "rack"), width=8, rank=6),
    names("version", "Version", "V", _described("version"), meaning(Brokers, "version"), width=8, rank=7),
    names(
        "role",
        "Role",
        "O",
        lambda rows: objects(broker_role(rows.view, int(str(each))) for each in rows.keys),
        "role in the metadata quorum; controller is the active one",
        width=10,
    ),
    _held("leaders", "Leaders", "E", meaning(BrokerTotals, "leaders"), width=7),
    _held("replicas", "Replicas", "R", meaning(BrokerTotals, "replicas"), width=9, rank=2),
    _held(
        "preferred_missing",
        "Not led",
        "N",
        "partitions that prefer this broker as leader but are led by another",
        width=7,
        rank=4,
        kind=ABOVE_ZERO["preferred_missing"],
    ),
    _held("out_of_sync", "Behind", "I", meaning(BrokerTotals, "out_of_sync"), width=7, kind=ABOVE_ZERO["out_of_sync"]),
    sizes("size", "Size", "Z", _totals("size_bytes"), meaning(BrokerTotals, "size_bytes"), width=8),
    shares(
        "disk",
        "Disk",
        "D",
        lambda rows: fullest_disks(rows.view),
        "used share of its fullest volume",
        width=5,
        alarm=lambda rows: fullest_levels(rows.view),
    ),
    amounts(
        _difference,
        "leader_skew",
        "Lead skew",
        "L",
        _totals("leader_skew"),
        meaning(BrokerTotals, "leader_skew"),
        width=9,
        rank=WIDE,
    ),
    amounts(
        _difference, "skew", "Skew", "W", _totals("size_skew"), meaning(BrokerTotals, "size_skew"), width=6, rank=3
    ),
    counts("requests", "Requests", "Q", _requests("requests"), "requests that kmon sent to it", width=9, rank=WIDE),
    counts(
        "errors",
        "Failed",
        "F",
        _requests("errors"),
        "failed requests of kmon to it",
        width=7,
        rank=WIDE,
        kind=ABOVE_ZERO["errors"],
    ),
    reasons(_why, "reason for the status, or what is unknown", width=16),
)


class BrokersScreen(MonitorScreen):
    """Every broker with its share of the partitions."""

    KEY, NAME, TITLE = "4", "brokers", "Brokers"
    COLUMNS = COLUMNS
    SORT = "broker"
    EMPTY = "No brokers"
    NOUN = "broker"

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        totals, brokers = view.broker_totals, view.snapshot.brokers
        hosts = dict(zip(brokers.broker.tolist(), brokers.host.tolist(), strict=True))
        keys = totals.broker.tolist()
        names = [f"{each} {hosts.get(each, '')}" for each in keys]
        return judged_rows(picture, keys, names, view.judged.brokers)

    def target(self, key: Hashable) -> MonitorScreen:
        return ReplicasScreen(int(str(key)))

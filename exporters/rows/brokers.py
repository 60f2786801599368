"""Rows of brokers, each with its log dirs and the configs that it holds."""

import numpy as np

from exporters.rows.plain import NOT_TOLD, Row, config_row, flag, grouped, numbers, reason, rows_of
from monitor.model.table import Ints
from monitor.model.view import View

NOT_NAMED = "not in metadata: it is down or gone, and replicas are on it still"


def broker_rows(view: View) -> list[Row]:
    """Brokers that metadata names, and those that only replicas are on; `reason` is why one has no address."""
    totals, brokers, controller = view.broker_totals, view.snapshot.brokers, view.snapshot.controller
    ids = totals.broker.tolist()
    rows = range(len(ids))
    named = {broker: row for row, broker in enumerate(brokers.broker.tolist())}
    own = [named.get(broker) for broker in ids]
    configs = view.snapshot.broker_configs
    configured = {broker: row for row, broker in enumerate(configs.broker.tolist())}
    dirs = grouped(view.snapshot.log_dirs.broker)
    log_dirs = [_log_dirs(view, dirs[broker]) if broker in dirs else [] for broker in ids]
    return rows_of(
        {
            "broker": ids,
            "host": [None if row is None else brokers.host[row] for row in own],
            "port": [None if row is None else int(brokers.port[row]) for row in own],
            "rack": [None if row is None else brokers.rack[row] for row in own],
            "version": [None if row is None else brokers.version[row] for row in own],
            "controller": [None if controller is None else broker == controller for broker in ids],
            "fenced": [None if row is None else flag(brokers.fenced[row]) for row in own],
            "reason": [NOT_NAMED if row is None else None for row in own],
            "leaders": numbers(totals.leaders, rows),
            "replicas": numbers(totals.replicas, rows),
            "out_of_sync_replicas": numbers(totals.out_of_sync, rows),
            "preferred_leaders_missing": numbers(totals.preferred_missing, rows),
            "leader_skew": numbers(totals.leader_skew, rows),
            "size_bytes": numbers(totals.size_bytes, rows),
            "size_skew": numbers(totals.size_skew, rows),
            "size_reason": [
                next((each["reason"] for each in held if each["reason"]), NOT_TOLD) if np.isnan(size) else None
                for size, held in zip(totals.size_bytes.tolist(), log_dirs, strict=True)
            ],
            "log_dirs": log_dirs,
            "config": [
                config_row(view, configs, configured.get(broker), ("unclean_election", "auto_create_topics"))
                for broker in ids
            ],
        }
    )


def _log_dirs(view: View, rows: Ints) -> list[Row]:
    dirs = view.snapshot.log_dirs
    return rows_of(
        {
            "path": dirs.path[rows],
            "total_bytes": numbers(dirs.total_bytes, rows),
            "usable_bytes": numbers(dirs.usable_bytes, rows),
            "reason": [reason(view, code) for code in dirs.reason[rows]],
        }
    )

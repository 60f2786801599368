"""How full the disks of the brokers are."""

import numpy as np

from monitor.model.table import Floats
from monitor.model.view import View

FULL = ((0.95, "lost"), (0.85, "behind"))
"""The kinds of a volume's used share, each from this share on."""


def disk_kind(share: float) -> str:
    """The kind (a name in `inks`) of a volume's used share."""
    return next((kind for least, kind in FULL if share >= least), "")


def disk_used(view: View) -> Floats:
    """The used share of each log dir's volume, in the order of `log_dirs`; unknown where its size is."""
    dirs = view.snapshot.log_dirs
    total = np.where(dirs.total_bytes > 0, dirs.total_bytes, np.nan)
    return 1 - dirs.usable_bytes / total


def fullest_disks(view: View) -> Floats:
    """The used share of each broker's fullest volume, in the order of `broker_totals`; unknown where all are."""
    brokers, dirs = view.broker_totals.broker, view.snapshot.log_dirs
    fullest = np.full(len(brokers), np.nan)
    there = np.isin(dirs.broker, brokers)
    np.fmax.at(fullest, np.searchsorted(brokers, dirs.broker[there]), disk_used(view)[there])
    return fullest

"""How far the voters and observers of the metadata quorum are behind its leader."""

from dataclasses import dataclass

import numpy as np

from monitor.snapshot import Snapshot
from monitor.table import Floats, Table, column


@dataclass(frozen=True, eq=False)
class QuorumLags(Table):
    """One row a voter or observer, in the order of `quorum`."""

    lag: Floats = column("f8", "records of the metadata log that it has still to fetch", "records")
    behind_seconds: Floats = column("f8", "time since it last had all that the leader has, 0 for the leader", "seconds")
    fetch_age_seconds: Floats = column("f8", "time since it last fetched, 0 for the leader", "seconds")


def derive_quorum(snapshot: Snapshot) -> QuorumLags:
    """Ages are by the leader's clock: against the newest time in its answer, so that kmon's clock does not matter."""
    quorum = snapshot.quorum
    if not quorum.leader.any():
        nothing = np.full(len(quorum), np.nan)
        return QuorumLags(nothing, nothing, nothing)
    ends = np.where(quorum.log_end_offset >= 0, quorum.log_end_offset, np.nan)
    times = np.concatenate([quorum.last_fetch, quorum.last_caught_up])
    now = np.nanmax(times) if not np.isnan(times).all() else np.nan
    leads = quorum.leader
    return QuorumLags(
        lag=np.maximum(0.0, ends[leads][0] - ends),
        behind_seconds=np.where(leads, 0.0, now - quorum.last_caught_up),
        fetch_age_seconds=np.where(leads, 0.0, now - quorum.last_fetch),
    )

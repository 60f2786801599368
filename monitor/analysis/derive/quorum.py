"""How far the voters and observers of the metadata quorum are behind its leader."""

import numpy as np

from monitor.model.conditions import QuorumLags
from monitor.model.snapshot import Snapshot


def derive_quorum(snapshot: Snapshot) -> QuorumLags:
    """Ages are by the leader's clock: against the newest time in its answer, so that kmon's clock does not matter."""
    quorum = snapshot.quorum
    if not quorum.leader.any():
        nothing = np.full(len(quorum), np.nan)
        return QuorumLags(lag=nothing, behind_seconds=nothing, fetch_age_seconds=nothing)
    ends = np.where(quorum.log_end_offset >= 0, quorum.log_end_offset, np.nan)
    times = np.concatenate([quorum.last_fetch, quorum.last_caught_up])
    now = np.nanmax(times) if not np.isnan(times).all() else np.nan
    leads = quorum.leader
    return QuorumLags(
        lag=np.maximum(0.0, ends[leads][0] - ends),
        behind_seconds=np.where(leads, 0.0, now - quorum.last_caught_up),
        fetch_age_seconds=np.where(leads, 0.0, now - quorum.last_fetch),
    )

"""Why a table is unknown, by its collector and the cluster's capabilities."""

import numpy as np

from monitor.model.reasons import Kind
from monitor.model.snapshot import KNOWN
from monitor.model.table import Ints
from monitor.model.text import visible
from monitor.model.view import View


def missing_capabilities(view: View) -> Ints:
    """The rows of the capabilities that are missing or unknown."""
    table = view.snapshot.capabilities
    return np.flatnonzero((table.available != 1) & ~table.switched_off).astype(np.int32)


def why_missing(view: View, collector: str, *capabilities: str) -> str:
    """Why a table that `collector` fills has nothing on a row, as one visible line, never empty.

    A collector's capability has its name; `capabilities` are others that the table depends on.
    """
    table = view.snapshot.capabilities
    for name in (collector, *capabilities):
        for why in table.why[(table.capability == name) & (table.available != 1)]:
            return visible(why)
    outcome = view.outcome(collector)
    if outcome is not None and outcome.error:
        return visible(outcome.error)
    asked = outcome is not None and outcome.collected_at is not None
    return "not reported by the brokers" if asked else Kind.NOT_ASKED_YET.value


def why_no_size(view: View) -> str:
    """Why the size of a partition that has a leader is unknown."""
    return first_reason(view, view.snapshot.log_dirs.reason) or why_missing(view, "log_dirs", "describe_cluster")


def first_reason(view: View, codes: Ints) -> str:
    """The first of some reasons that is not KNOWN, as one visible line; empty where there is none."""
    told = np.flatnonzero(codes != KNOWN)
    return visible(view.reasons[int(codes[told[0]])]) if len(told) else ""

"""The one order of "worst first": by severity, then by what is known of the lag, then as the rows stand."""

import numpy as np

from monitor.model.table import Floats, Ints
from monitor.model.view import View


def worst_first(severity: Ints, size: Floats | None = None) -> Ints:
    """All rows, the worst first. Unknown is worse than ok only (docs/lag.md), and so a row of unknown `size` is last
    among its like.
    """
    keys = [-severity] if size is None else [-np.nan_to_num(size, nan=-np.inf), -severity]
    order: Ints = np.lexsort(keys)
    return order


def lag_order(view: View) -> Ints:
    """The rows of `view.lag`, the worst first."""
    return worst_first(view.judged.lag.severity, view.lag.lag)


def group_order(view: View) -> Ints:
    """The rows of groups, the worst first."""
    return worst_first(view.judged.groups.severity, view.group_lags.lag_at_least)


def transaction_order(view: View) -> Ints:
    """The rows of transactions, the worst first, and of those the one that has been open for longest."""
    return worst_first(view.judged.transactions.severity, view.transaction_ages.age_seconds)

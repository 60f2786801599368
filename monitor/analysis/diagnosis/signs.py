"""What patterns look at: the worst groups of a View, their rows of lag, and sums of their rates over windows."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from monitor.analysis.derive.runs import Runs
from monitor.analysis.derive.slow_brokers import slow_brokers
from monitor.analysis.derive.story import span_of_group
from monitor.analysis.derive.verdict import worst_groups
from monitor.model.snapshot import NO_LEADER
from monitor.model.status import LEFT, LOST, NOT_LATE, UNKNOWN
from monitor.model.table import Flags, Floats, Ints, values_at
from monitor.model.text import NAME, name_of
from monitor.model.view import View

MOST_GROUPS = 200
"""So many groups that are not ok are diagnosed, the worst first."""


class Signs:
    """A View as the patterns need it. An unknown number is NaN here too, and no comparison with it holds."""

    def __init__(self, view: View) -> None:
        self.view = view
        worst = worst_groups(view)
        self.groups: Ints = worst[view.group_lags.status[worst] != UNKNOWN][:MOST_GROUPS]
        """Rows of the groups that are diagnosed, the worst first."""

    @cached_property
    def chosen(self) -> Flags:
        """Whether each group is diagnosed."""
        chosen = np.zeros(len(self.view.snapshot.groups), bool)
        chosen[self.groups] = True
        return chosen

    @cached_property
    def rows(self) -> Ints:
        """The rows of lag of the groups that are diagnosed, without those of topics that they have left."""
        if not len(self.groups):
            return np.empty(0, np.int64)
        return np.flatnonzero(self.chosen[self.view.lag.group] & (self.view.lag_statuses.status != LEFT))

    @cached_property
    def late(self) -> Flags:
        """Whether each row of lag is read late, whatever the reason."""
        status = self.view.lag_statuses.status
        return ~np.isin(status, (*NOT_LATE, LOST))

    @cached_property
    def brokers(self) -> Mapping[int, str]:
        """What shows that brokers are slow, by node id: empty where one is not, no entry where that is unknown."""
        return slow_brokers(self.view)

    @cached_property
    def leader(self) -> Ints:
        """The leader of the partition of each row of lag, NO_LEADER for none."""
        return np.asarray(values_at(self.view.snapshot.partitions.leader, self.view.lag.partition_row, NO_LEADER))

    def produced(self, window: str) -> Floats:
        """Records a second produced for each group over a window such as 5m; unknown where any part of it is."""
        rates = getattr(self.view.partition_rates, f"produce_rate_{window}")
        return self.by_group(values_at(rates, self.view.lag.partition_row[self.rows]))

    def consumed(self, window: str) -> Floats:
        """Records a second read by each group over a window; unknown where any part of it is."""
        return self.by_group(getattr(self.view.consume_rates, f"consume_rate_{window}")[self.rows])

    @cached_property
    def _totalled(self) -> tuple[Flags, Runs]:
        """Which of `rows` are known to have a lag, and these by group."""
        lag = self.view.lag
        known = ~np.isnan(lag.lag[self.rows])
        return known, Runs(lag.group[self.rows[known]], len(self.chosen))

    def by_group(self, values: Floats) -> Floats:
        """Sums by group of values of `rows`; partitions whose lag is unknown, such as those without a commit, aside."""
        known, runs = self._totalled
        return np.where(runs.lengths > 0, runs.sum(values[known]), np.nan)

    def topic(self, row: int) -> str:
        """The name of the topic of a row of lag."""
        return str(self.view.snapshot.topics.topic[self.view.lag.topic[row]])

    def partition_name(self, row: int) -> str:
        """The partition of a row of lag in a sentence."""
        return f"{name_of(self.topic(row), NAME)}-{self.view.lag.partition[row]}"

    def member_name(self, member: int) -> str:
        """A member in a sentence: its client and where it connects from."""
        members = self.view.snapshot.members
        host = str(members.host[member]).removeprefix("/")
        return f"{name_of(str(members.client_id[member]), NAME)} ({name_of(host, NAME)})"

    def span(self, group: int) -> str:
        """For how long a group has its status, as everywhere; empty where that is unknown."""
        return span_of_group(self.view, group)

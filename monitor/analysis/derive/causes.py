"""What causes the trouble that something has, as the list of problems knows it: for alerts that others explain."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.analysis.derive.group_problems import OWN_FAULT, group_causes
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.levels import OF_PROBLEMS
from monitor.model.problems import Key
from monitor.model.status import STATUSES
from monitor.model.table import Ints
from monitor.model.text import name_of
from monitor.model.view import View

OF_TOPICS = ("offline", "under_min_isr", "under_replicated")
OF_BROKERS = ("broker_down", "broker_fenced", "broker_silent", "under_replicated", "leader_imbalance")


@dataclass(frozen=True, eq=False)
class Causes:
    """The causes of what a View has. Each answer is rows of its problems, empty where nothing explains the trouble.

    Trouble that is explained only in part counts as unexplained; of several problems only the worst count.
    """

    view: View

    def of_group(self, group: str) -> tuple[int, ...]:
        row = self.view.group_rows.get(group)
        if row is None or STATUSES[self.view.group_lags.status[row]] in OWN_FAULT:
            return ()
        cause = self._of_groups.get(row)
        return self._chain(self._rows[cause]) if cause in self._rows else ()

    def of_topic(self, topic: str, partition: int | None = None) -> tuple[int, ...]:
        return self._of_all(self._on_topic(topic, partition))

    def of_broker(self, broker: int) -> tuple[int, ...]:
        return self._of_all(self._on(broker, OF_BROKERS))

    def of_quorum_node(self, node: int) -> tuple[int, ...]:
        return self._of_all(self._on(node, ("metadata_behind",)))

    def of_kmon(self) -> tuple[int, ...]:
        return self._of_all(np.flatnonzero(self.view.problems.kind == "no_full_answer").tolist())

    # ---------------------------------------------------------------- what a problem is about

    def is_on_broker(self, row: int, broker: int) -> bool:
        """Whether the problem in a row is that this broker is down or silent."""
        table = self.view.problems
        return str(table.kind[row]) in ("broker_down", "broker_silent") and int(table.broker[row]) == broker

    def is_on_log_dir(self, row: int, broker: int, path: str) -> bool:
        key = self.view.problems.kind[row], self.view.problems.subject[row]
        return key == ("log_dir_offline", f"broker {broker} {name_of(path)}")

    def is_on_topic(self, row: int, topic: str, partition: int | None = None) -> bool:
        """Whether the problem in a row is that partitions of this topic, or this one, are offline."""
        return self.view.problems.kind[row] == "offline" and row in self._on_topic(topic, partition)

    # ---------------------------------------------------------------- rows of problems

    @cached_property
    def _of_groups(self) -> dict[int, Key]:
        return group_causes(self.view)

    @cached_property
    def _rows(self) -> dict[Key | None, int]:
        table = self.view.problems
        return {
            (str(kind), str(subject)): row
            for row, (kind, subject) in enumerate(zip(table.kind, table.subject, strict=True))
        }

    @cached_property
    def _on_partitions(self) -> tuple[Ints, Ints]:
        """Each partition that problems of topics are about, in ascending order, with the row of the problem."""
        rows = np.flatnonzero(np.isin(self.view.problems.kind, OF_TOPICS))
        at, partitions = self.view.problems.partitions.flat(rows)
        order = np.argsort(partitions, kind="stable")
        return partitions[order], rows[at][order]

    def _on_topic(self, topic: str, partition: int | None) -> list[int]:
        """The problems that are about partitions of a topic, or about the one."""
        row = self.view.topic_rows.get(topic)
        if row is None:
            return []
        topics, (partitions, problems) = self.view.snapshot.topics, self._on_partitions
        first, count = int(topics.first_row[row]), int(topics.partitions[row])
        if partition is not None:
            first = int(partition_rows(self.view.snapshot, np.array([row]), np.array([partition]))[0])
            count = int(first >= 0)
        start, stop = np.searchsorted(partitions, [first, first + count])
        return [int(each) for each in np.unique(problems[start:stop])]

    def _on(self, broker: int, kinds: tuple[str, ...]) -> list[int]:
        table = self.view.problems
        return [int(row) for row in np.flatnonzero((table.broker == broker) & np.isin(table.kind, kinds))]

    def _of_all(self, rows: list[int]) -> tuple[int, ...]:
        """The causes of the worst of some problems; none where one of these has none."""
        if not rows:
            return ()
        places = [OF_PROBLEMS.index(str(self.view.problems.level[row])) for row in rows]
        worst = [row for row, place in zip(rows, places, strict=True) if place == min(places)]
        causes = [int(self.view.problems.cause[row]) for row in worst]
        if -1 in causes:
            return ()
        return tuple(dict.fromkeys(each for cause in causes for each in self._chain(cause)))

    def _chain(self, row: int) -> tuple[int, ...]:
        """A problem, and what caused it in turn."""
        found: list[int] = []
        while row >= 0 and row not in found:
            found.append(row)
            row = int(self.view.problems.cause[row])
        return tuple(found)

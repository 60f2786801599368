"""What a message says about a group or one of its partitions: lag, trend, members, and why."""

import math
from collections.abc import Iterator

import numpy as np

from alerts.facts.scene import MOST, Scene, few
from monitor.analysis.derive.completeness import lists_groups
from monitor.analysis.derive.story import left_of, reader_of
from monitor.model.limits import SHORTFALL
from monitor.model.snapshot import KNOWN
from monitor.model.status import NOT_LATE, STATUSES, UNKNOWN
from monitor.model.table import Ints
from monitor.model.text import NAME, count, duration, name_of, plural, rate, records_of, visible
from monitor.model.view import View
from monitor.subjects.groups import GROUP
from monitor.subjects.lag import LAG
from monitor.subjects.shown import Shown

BROKERS_FAULT = {"broker_at_fault", "slow_broker"}
"""Diagnoses that blame brokers."""


class OfGroup:
    """The facts about a row of `groups`, or about one row of its `lag` where there is one."""

    def __init__(self, scene: Scene, group: int, lag_row: int | None = None) -> None:
        self.scene, self.view, self.group, self.lag_row = scene, scene.view, group, lag_row
        mine = self.view.lag.of_group(group)
        self.rows: Ints = np.arange(mine.start, mine.stop) if lag_row is None else np.array([lag_row])
        self.subject, self.row = (GROUP, group) if lag_row is None else (LAG, lag_row)

    def facts(self) -> Iterator[tuple[str, str]]:
        yield "behind", self.behind()
        yield "trend", self.trend()
        yield "data_loss", self.data_loss()
        yield "readers", self.readers()
        yield "cause", self.cause()
        yield "others", self.others()

    # ---------------------------------------------------------------- numbers

    def _column(self, name: str) -> Shown:
        return self.scene.column(self.subject, name)

    def _number(self, name: str) -> float:
        return float(self._column(name).values[self.row])

    def _unknown(self, name: str) -> str:
        return f"unknown ({visible(self._column(name).why(self.row), 2 * NAME)})"

    @property
    def worst(self) -> Ints:
        """The late rows, or else all with lag, those with the most lag first."""
        late = self.rows[self.scene.is_late[self.rows]]
        rows = late if len(late) else self.rows[self.view.lag.lag[self.rows] > 0]
        found: Ints = rows[np.argsort(-self.view.lag.lag[rows], kind="stable")]
        return found

    def records(self) -> str:
        """How many records are left, empty where nothing is known."""
        lag = self._column("lag")
        known = lag.is_known(self.row) or (lag.part is not None and lag.part[self.row] > 0)
        if not known:
            return ""
        number = float(lag.values[self.row])
        return f"{lag.text(self.row)} record{'' if number == 1 else 's'} behind"

    def late_by(self) -> str:
        """The time lag, empty where it is unknown or nothing is left."""
        seconds = self._column("lag_seconds")
        return f"time lag {seconds.text(self.row)}" if self._number("lag_seconds") > 0 else ""

    # ---------------------------------------------------------------- parts

    def behind(self) -> str:
        records = self.records() or f"lag {self._unknown('lag')}"
        late = self.late_by()
        if not late and math.isnan(self._number("lag_seconds")):
            late = f"time lag {self._unknown('lag_seconds')}"
        said = [", ".join(filter(None, (records, late)))]
        if self.lag_row is not None:
            return said[0]
        worst = self.worst
        if len(worst):
            places = [f"{self.scene.place(row)} ({left_of(self.view, row)})" for row in worst[:MOST].tolist()]
            places += [""] * (len(worst) - len(places))
            said.append(f"worst: {few(places, 'partition')}")
        lags = self.view.group_lags
        if unknown := int(lags.unknown_partitions[self.group]):
            reason = visible(self.view.reasons[lags.reason[self.group]], 2 * NAME)
            of = plural(int(lags.partitions[self.group]), "partition")
            said.append(f"{unknown:,} of {of} unknown" + (f" ({reason})" if reason else ""))
        return "; ".join(said)

    def direction(self) -> str:
        """In two words: growing, draining or unchanged; empty where the rates are unknown or nothing is left."""
        eta, come, read = (self._number(name) for name in ("eta_seconds", "produce_rate", "consume_rate"))
        if math.isnan(come) or math.isnan(read) or self._number("lag") == 0:
            return ""
        if math.isfinite(eta):
            return "draining"
        if read >= come * (1 - SHORTFALL) if come else True:
            return "unchanged"
        return "growing"

    def trend(self) -> str:
        word = self.direction()
        if not word:
            return "" if self._number("lag") == 0 else self._unknown("produce_rate")
        come, read = self._number("produce_rate"), self._number("consume_rate")
        rates = f"out rate {rate(read)}, in rate {rate(come)}"
        if word == "draining":
            return f"draining: {rates}, drains in {duration(self._number('eta_seconds'))}"
        if word == "unchanged":
            return f"unchanged: {rates}"
        return f"growing by {rate(come - read)}: {rates}"

    def losing_in(self) -> str:
        """The time to data loss, empty where it is unknown or none is expected."""
        seconds = self._number("headroom_seconds")
        return f"data loss in {duration(seconds)}" if math.isfinite(seconds) and self._number("lag") != 0 else ""

    def data_loss(self) -> str:
        lost = self._number("lost")
        parts = [f"{records_of(lost, count, ' already lost')}"] if lost > 0 else []
        seconds = self._number("headroom_seconds")
        if self._number("lag") == 0:
            parts += [] if parts else ["none: no unread records"]
        elif math.isnan(seconds):
            parts.append(f"{'more: ' if parts else ''}{self._unknown('headroom_seconds')}")
        elif math.isinf(seconds):
            parts.append(f"{'no more' if parts else 'none'} expected: retention does not reach unread records")
        else:
            parts.append(f"in {duration(seconds)}, when retention deletes the first unread record")
        return "; ".join(parts)

    def readers(self) -> str:
        groups = self.view.snapshot.groups
        members = float(groups.members[self.group])
        state = groups.state[self.group]
        parts = []
        if math.isnan(members):
            parts.append(f"members unknown ({visible(self.view.reasons[groups.reason[self.group]], 2 * NAME)})")
        else:
            parts.append(f"{plural(int(members), 'member')}" + (f", state {visible(state, NAME)}" if state else ""))
        if groups.assignments_reason[self.group] != KNOWN:
            parts.append(visible(self.view.reasons[groups.assignments_reason[self.group]], 2 * NAME))
        elif members > 0:
            by_reader: dict[str, list[str]] = {}
            for row in self.worst.tolist():
                by_reader.setdefault(reader_of(self.view, row) or "unassigned", []).append(self.scene.place(row))
            parts += [f"{reader} ({few(places, 'partition')})" for reader, places in [*by_reader.items()][:MOST]]
        return "; ".join(parts)

    def cause(self) -> str:
        """The problem that is the first cause of the lag, and the diagnoses."""
        name = str(self.view.snapshot.groups.group[self.group])
        table = self.view.problems
        said = [str(table.sentence[row]) for row in self.scene.causes.of_group(name)[-1:]]
        diagnoses = self.view.diagnoses
        said += [str(diagnoses.sentence[row]) for row in self.scene.diagnoses.get(self.group, ())[:MOST]]
        return "; ".join(said)

    def suspect(self) -> str:
        """Whether the trouble is the group's own or Kafka's, as far as problems, diagnoses and other groups tell."""
        name = str(self.view.snapshot.groups.group[self.group])
        patterns = {str(self.view.diagnoses.pattern[row]) for row in self.scene.diagnoses.get(self.group, ())}
        if self.scene.causes.of_group(name):
            return "Kafka causes it"
        if patterns & BROKERS_FAULT:
            return "Kafka probably causes it"
        if len(self.scene.kafka_problems):
            return "Kafka has problems, but none is known to cause this"
        if not self.scene.newest.complete:
            return "unknown while data is incomplete"
        if any(late for _, late, _ in self._other_groups()):
            return "other groups on its topics are late too"
        return "the group itself is the probable cause"

    def others(self) -> str:
        """Whether the other groups on the late topics are late too."""
        said = [self._on_topic(*each) for each in self._other_groups()]
        if said and not lists_groups(self.view.snapshot):
            said.append("kmon may not see all groups")
        return "; ".join(said)

    def _other_groups(self) -> list[tuple[int, list[int], list[int]]]:
        """The late topics, and of each the rows of other groups that are late, and of the rest."""
        table = self.view.group_topic_lags
        topics = list(dict.fromkeys(self.view.lag.topic[self.worst].tolist()))
        found = []
        for topic in topics[:MOST]:
            rows = [row for row in self.scene.groups_on(topic).tolist() if table.group[row] != self.group]
            late = [row for row in rows if table.status[row] not in NOT_LATE]
            found.append((topic, late, [row for row in rows if row not in late]))
        return found

    def _on_topic(self, topic: int, late: list[int], rest: list[int]) -> str:
        table, name = self.view.group_topic_lags, name_of(str(self.view.snapshot.topics.topic[topic]), NAME)
        others = plural(len(late) + len(rest), "other group")
        unknown = sum(table.status[row] == UNKNOWN for row in rest)
        more = f", the lag of {unknown:,} is unknown" if unknown else ""
        if not late and not rest:
            return f"no other group reads {name}"
        if not late:
            return f"none of {others} on {name} is known to be late{more}"
        named = [f"{self._name(row)} ({STATUSES[table.status[row]]})" for row in late]
        return f"{len(late):,} of {others} on {name} also late: {few(named, 'group')}{more}"

    def _name(self, row: int) -> str:
        view: View = self.view
        return name_of(str(view.snapshot.groups.group[view.group_topic_lags.group[row]]), NAME)

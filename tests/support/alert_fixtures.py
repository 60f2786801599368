"""Views written as a line of words, a clock to set, notices, and faults of the file, for tests of alerts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from views import NOW, Group, Topic, snapshot_of

from alerts.notice import Delivered, Notice, Outcome
from alerts.store import Store
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.alerts import RuleSettings

END = 1_000_000.0
REASON = "broker 2: timed out after 3.3 s"
UNREACHABLE = "no broker answered"


def rule_of(name: str, lag_above: float, **settings: Any) -> RuleSettings:
    """A rule on lag, with settings by the names of their attributes."""
    return RuleSettings(name=name, lag_above=lag_above, **settings)


def changed(rule: RuleSettings, **settings: Any) -> RuleSettings:
    """The rule with other settings."""
    return rule_of(**{**{name: getattr(rule, name) for name in RuleSettings.model_fields}, **settings})


def view_of(word: str, name: str = "pay") -> View:
    """A View with one group on two partitions of the topic `orders`, as a word says.

    "70" its lag, all of it on partition 0; "?" lag of partition 0 unknown; "70+?" that of partition 1 unknown;
    "denied" its commits unknown; "-" not listed; "-?" not listed while groups could not all be listed;
    "0p" it has no partition; "!" the cluster is unreachable.
    """
    ends: list[float | None] = [END, END]
    commits: dict[tuple[str, int], float | str | None] = {("orders", 0): END, ("orders", 1): END}
    commits_reason, error, failed = "", "", {}
    groups = [Group("other", {("orders", 0): END})]
    if word == "?":
        ends[0] = None
    elif word == "denied":
        commits, commits_reason = {}, "denied: Describe on the group"
    elif word == "0p":
        commits = {}
    elif word == "-?":
        failed = {"groups": REASON}
    elif word == "!":
        error = UNREACHABLE
    elif word != "-":
        number, plus, _ = word.partition("+")
        commits["orders", 0] = END - float(number)
        ends[1] = None if plus else END
    if word not in ("-", "-?", "!"):
        groups.append(Group(name, commits, [("app-1", "/10.0.0.7", [*commits])], commits_reason=commits_reason))
    topics = [Topic("orders", [(0, end) for end in ends])]
    if error:
        return make_view(snapshot_of([], [], brokers=0, error=error))
    return make_view(snapshot_of(topics, groups, failed=failed, offset_reason=REASON))


@dataclass
class FakeClock:
    """A clock that stands until a test moves it."""

    wall: float = NOW
    mono: float = 5_000.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def move(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds


@dataclass
class Recorder:
    """A notifier that answers with `outcomes` in turn, then Delivered, and remembers every attempt."""

    outcomes: list[Outcome] = field(default_factory=list)
    attempts: list[list[Notice]] = field(default_factory=list)

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        self.attempts.append(list(notices))
        return self.outcomes.pop(0) if self.outcomes else Delivered()


def notice_of(name: str = "one", **changes: object) -> Notice:
    base: dict[str, object] = {
        "resolved": False,
        "labels": (("alertname", "Lag"), ("group", name), ("severity", "warning")),
        "annotations": (("summary", f"group {name} is behind"),),
        "starts_at": NOW,
        "ends_at": 0.0,
    }
    return Notice(**{**base, **changes})  # type: ignore[arg-type] # any field may be changed


def cut_off(store: Store) -> None:
    """Leave of a file what kill -9 leaves of it: what is written, and nothing that was about to be."""
    with store._changed:
        store._pending.clear()
    store.close()


def fill_disk(store: Store, pages: int | None = None) -> None:
    """Let a file have no more than `pages`, those that it has now without; SQLite then reports a full disk."""
    with store._using:
        assert store._database is not None
        if pages is None:
            (pages,) = store._database.execute("PRAGMA page_count").fetchone()
        store._database.execute(f"PRAGMA max_page_count = {pages}")

"""Which groups have left topics, from poll to poll: told after a sign of it has held for long enough."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Self

import numpy as np

from monitor.analysis.earlier_polls.group_lives import Lives
from monitor.model.left import IDLE, UNSUBSCRIBED
from monitor.model.table import Floats, Ints


class Key(NamedTuple):
    """A sign of one kind, by names: `because` is its place in BECAUSE. A topic that is created anew is another one."""

    group: str
    topic: str
    topic_id: str | None
    because: int


class Commits(NamedTuple):
    """The offsets of a group on a topic: partition numbers in ascending order, and offsets, as bytes of int64."""

    partitions: bytes
    offsets: bytes

    @classmethod
    def of(cls, partitions: Ints, offsets: Floats) -> Self | None:
        """None while one of the offsets is unknown."""
        if np.isnan(offsets).any():
            return None
        return cls(partitions.astype(np.int64).tobytes(), offsets.astype(np.int64).tobytes())

    def moved_since(self, before: "Commits") -> bool:
        """Whether somebody has committed since: that some offsets are gone is no commit, they may have expired."""
        if self == before:
            return False
        (now, offsets), (then, old) = ([np.frombuffer(part, np.int64) for part in each] for each in (self, before))
        return not np.isin(now, then).all() or not np.array_equal(offsets, old[np.isin(then, now)])


class Sign(NamedTuple):
    """What a poll shows of a key. `holds` is whether the group has left the topic, None while that cannot be seen.

    `commits` is None while they are unknown. `unread_seconds` is for how long at least a record has waited to be read.
    """

    holds: bool | None
    commits: Commits | None
    successor: str = ""
    unread_seconds: float = 0.0


class Parting(NamedTuple):
    """What is remembered of a key. Times are seconds of the monotonic clock.

    `began` is when the sign began, which held at so many `polls`; `seen` is the last poll that had rows of it.
    `watched` is whether kmon saw it begin: else that was before its first poll.
    """

    commits: Commits
    successor: str
    began: float
    seen: float
    polls: int = 1
    watched: bool = True
    left: bool = False


Partings = Mapping[Key, Parting]


TopicOfGroup = tuple[str, str | None]
"""A group id and a topic name; None stands for every topic."""


class Mixed(NamedTuple):
    """Since when some members of a group subscribe to a topic and others do not, in seconds of the monotonic clock.

    `shared` is whether that was so for too long to be a rollout.
    """

    since: float
    shared: bool = False


MixedTopics = Mapping[TopicOfGroup, Mixed]


def follow_mixed(
    before: MixedTopics | None,
    now: float,
    *,
    mixed: Collection[TopicOfGroup],
    agreed: Collection[TopicOfGroup],
    seconds: float,
) -> MixedTopics:
    """What is remembered after the poll of `now`, in which members differed in `mixed`; None is before the first one.

    It is kept until all members subscribe to a topic, which are `agreed`: where none does any more, those that did may
    be dead.
    """
    after = {key: each for key, each in (before or {}).items() if key not in agreed}
    for key in mixed:
        since, shared = after.get(key, Mixed(now, shared=before is None))
        after[key] = Mixed(since, shared or now - since >= seconds)
    return after


class Leaving(NamedTuple):
    """What is remembered of polls before: the signs of what groups left, since when groups have members, and which of
    these subscribe to different topics.
    """

    partings: Partings | None = None
    lives: Lives | None = None
    mixed: MixedTopics | None = None


class Patience(NamedTuple):
    """For how many `seconds`, or of IDLE `idle_seconds`, and at how many `polls` a sign must hold.

    A gap between polls of more than `gap_seconds` does not count, and what has no rows is kept for `kept_seconds`.
    """

    seconds: float
    polls: int
    idle_seconds: float
    gap_seconds: float
    kept_seconds: float


def follow(before: Partings | None, now: float, signs: Mapping[Key, Sign], patience: Patience) -> Partings:
    """What is remembered after the poll of `now`; `before` is None at the first one."""
    after: dict[Key, Parting] = {}
    for key, sign in signs.items():
        old = before.get(key) if before else None
        if old is None:
            new = _begun(key, now, sign, patience, first=before is None)
        else:
            new = _held(key, old, now, sign, patience)
        if new is not None:
            after[key] = new
    # A group that could not be asked has no rows: what it had left, it has left when it is back.
    away = {
        key: old
        for key, old in (before or {}).items()
        if key not in signs and old.left and now - old.seen <= patience.kept_seconds
    }
    return {**away, **after}


def _begun(key: Key, now: float, sign: Sign, patience: Patience, *, first: bool) -> Parting | None:
    if not sign.holds or sign.commits is None:
        return None
    # A record that has waited for so long shows that nobody read it before kmon started either.
    waited = first and key.because == UNSUBSCRIBED and sign.unread_seconds >= patience.seconds
    return Parting(sign.commits, sign.successor, now, now, watched=not first, left=waited)


def _held(key: Key, old: Parting, now: float, sign: Sign, patience: Patience) -> Parting | None:
    if sign.holds is False or (sign.commits is not None and sign.commits.moved_since(old.commits)):
        return None
    kept = old._replace(seen=now, commits=sign.commits or old.commits)
    if old.left:
        return kept
    if sign.holds is None:
        return kept if key.because == IDLE else None
    if sign.successor != old.successor:
        return _begun(key, now, sign, patience, first=False)
    gap = now - old.seen
    began = old.began + (gap if gap > patience.gap_seconds else 0.0)
    seconds = patience.idle_seconds if key.because == IDLE else patience.seconds
    left = now - began >= seconds and old.polls + 1 >= patience.polls
    return kept._replace(began=began, polls=old.polls + 1, left=left)

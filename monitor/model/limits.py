"""Every limit beyond which kmon calls something worse than ok. docs/health.md and docs/lag.md state each.

No other module judges by a number of its own.
"""

from dataclasses import dataclass

from monitor.model.status import AHEAD, BEHIND, GROWING, LOSING, LOST, REWOUND, STOPPED, STUCK
from monitor.model.time_scale import lasting

# ------------------------------------------------------------ brokers, disks, quorum, transactions

DISK_DEGRADED, DISK_CRITICAL = 0.15, 0.05
"""A volume with less than this share of it free is degraded, or critical."""
QUORUM_BEHIND_SECONDS = lasting(30.0)
"""A voter or observer that last had all metadata longer ago than this is behind."""
TRANSACTION_LATE_SECONDS = lasting(300.0)
"""A coordinator aborts a transaction at its timeout; one that is open for longer than this beyond it hangs."""
THREADS_BUSY = 0.1
"""A broker whose request handlers or network threads are idle for less than this share of the time is slow."""
REQUEST_SLOW_SECONDS = 0.5
"""A broker is slow where one in a hundred requests waits in its queue, or is worked on, for longer than this."""
REQUESTS_JUDGED_RATE = 1.0
"""Of fewer requests a second nothing is judged: Kafka's percentiles change with requests only."""
IMBALANCE = 0.1
"""The share of its preferred partitions that a broker may leave to others."""
ABANDONED_SECONDS = lasting(86_400.0)
"""A group that has been stopped for longer than this needs attention only: groups are abandoned all the time."""
DATA_LATE_POLLS, DATA_OLD_POLLS = 2, 5
"""Data that is older than so many polls is late (degraded), or old (critical)."""


@dataclass(frozen=True)
class Limits:
    """The limits that the settings of a cluster may change (`contexts[].health`)."""

    disk_degraded: float = DISK_DEGRADED
    disk_critical: float = DISK_CRITICAL
    transaction_late_seconds: float = TRANSACTION_LATE_SECONDS


def data_level(age_seconds: float, interval_seconds: float) -> str:
    """The level of data of this age, of a cluster that is polled every `interval_seconds`."""
    polls = age_seconds / interval_seconds
    return "critical" if polls > DATA_OLD_POLLS else "degraded" if polls > DATA_LATE_POLLS else "ok"


# ------------------------------------------------------------ status of groups and their partitions

FRESH_SECONDS = lasting(30.0)
FRESH_POLLS = 3
"""A next record that is younger than the longer of these is read in time: the row is ok."""
UNSEEN_SECONDS = lasting(60.0)
UNSEEN_POLLS = 3
"""What was not seen for longer than the longer of these does not count as time in which something held."""
MARKER = 1.0
"""As much lag may be the marker that ends a transaction, which nobody reads."""
STOPPED_SECONDS = lasting(60.0)
STUCK_SECONDS = lasting(120.0)
STUCK_UNPACED_SECONDS = lasting(300.0)
"""While no commit has shown how often its group commits; the default of max.poll.interval.ms."""
STUCK_PACES = 3.0
"""How often as long as it usually stands still a row may do so."""
USUAL, UNUSUAL = 1.5, 1.25
"""Up to the first share of its patience is what is usual; what is more raises the patience by the second."""
PACE_HALVES_SECONDS = lasting(1800.0)
STUCK_MOST_SECONDS = lasting(3600.0)
STILL_POLLS = 3
REWOUND_SECONDS = lasting(600.0)
GROWING_SECONDS = lasting(300.0)
"""Ages are compared with those of at least as long ago, and of at most twice as long."""
SHORTFALL = 0.01
"""By at least this share of what is produced less must be read for an age to be growing."""
LAST_PART = 0.2
"""The last share of a record's life, from being written to being deleted, in which it can be losing."""

RECENT = 0.5
"""Of the time after which a row is stopped or stuck: so long after a commit it may still be read."""
EVIDENCE_POLLS = 1.5
"""Within so many polls of the time at which it should be there, evidence is taken to have been there."""
RETURNED = 0.75
"""Of that time: so long it must be read to be neither any more, which one commit alone does not do."""
HOLDS: dict[int, tuple[float, int, float, int]] = {
    BEHIND: (0.0, 2, lasting(60.0), 3),
    GROWING: (lasting(120.0), 3, lasting(120.0), 3),
    REWOUND: (0.0, 2, 0.0, 0),
    STOPPED: (STOPPED_SECONDS * (1 - RECENT), 2, STOPPED_SECONDS * RETURNED, 2),
    STUCK: (1 - RECENT, 2, STUCK_SECONDS * RETURNED, 2),
    AHEAD: (0.0, 2, 0.0, 0),
    LOSING: (lasting(60.0), 3, lasting(120.0), 3),
    LOST: (0.0, 0, lasting(600.0), 0),
}
"""How many seconds and polls a condition must hold to be told, and must not hold to be told no more.

The first of STUCK is a share of the row's own patience.
"""


RELEARNT_SECONDS = lasting(600.0)
"""For so long after a restart kmon cannot judge anew everything that takes several minutes of polls to show."""
LEFT_SECONDS = lasting(240.0)
LEFT_POLLS = 3
"""For so long, and at so many polls, everything must show that a group has left a topic. That is longer than a restart
of its consumers takes, and shorter than the time for which the alert on a stopped group waits."""
IDLE_SECONDS = ABANDONED_SECONDS
"""A topic on which a group without members commits nothing for so long, while it commits on others, is left. By then
a stopped group needs attention only, so that no page is withheld."""
SHARED_SECONDS = lasting(600.0)
"""Where some members of a group subscribe to a topic and others have not for so long, it is no rollout: several
applications share the group, and the one that reads the topic may be dead. The same holds for members that differ at
kmon's first poll."""
OVERLAP_SECONDS = lasting(300.0)
"""So long before a group has lost its members its successor may have got its own: a rollout has both."""


def polls_seconds(polls: int, interval: float) -> float:
    """The shortest time in which as many polls were made, the first and the last included."""
    return max(0.0, polls - 1.5) * interval

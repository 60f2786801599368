"""Every way to send an alert.

A new one is a file here, a line in NOTIFIERS, its keys in monitor/settings/receivers.py, a test, and a section of
docs/receivers.md.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alerts.delivery import Policy, Receiver
from alerts.grouping import Grouping, is_quiet
from alerts.mutes import Mutes
from alerts.notice import GroupNotifier, Notice, Notifier
from alerts.notifiers.alertmanager import Alertmanager
from alerts.notifiers.apprise import Apprise
from alerts.notifiers.pagerduty import PagerDuty
from alerts.notifiers.slack import Slack
from alerts.notifiers.smtp import Smtp
from alerts.notifiers.stdout import Stdout
from alerts.notifiers.webhook import Webhook
from alerts.outbox import Box
from alerts.queues import GroupQueue, NewsQueue
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings


@dataclass(frozen=True)
class Kind:
    """A kind of notifier: its word in the settings, how it is made, and how notices reach it.

    `of` makes it from the settings of a receiver, None where it is none of their types. `grouped` notifiers are given
    groups of alerts, when they are due.
    """

    name: str
    make: Callable[..., Notifier | GroupNotifier]
    policy: Policy
    of: Callable[[ReceiverSettings], Notifier | GroupNotifier] | None = None
    grouped: bool = False


GROUPED = Policy(first_retry_seconds=1.0, last_retry_seconds=60.0)

NOTIFIERS = (
    Kind("alertmanager", Alertmanager, Policy(), Alertmanager.of),
    Kind("webhook", Webhook, GROUPED, Webhook, grouped=True),
    Kind("pagerduty", PagerDuty, GROUPED, PagerDuty, grouped=True),
    Kind("slack", Slack, GROUPED, Slack, grouped=True),
    Kind("smtp", Smtp, GROUPED, Smtp, grouped=True),
    Kind("apprise", Apprise, GROUPED, Apprise, grouped=True),
    Kind("stdout", Stdout, Policy(again=False)),
)

BY_NAME = {each.name: each for each in NOTIFIERS}


def open_receiver(kind: str, *settings: Any, mutes: Mutes | None = None) -> Receiver:
    """A started Receiver of a kind, made with its settings: an Alertmanager's URL, or a stream to print to.

    An Alertmanager is sent what is silenced as well: it has silences of its own.

    Raises KeyError for an unknown kind, ValueError for settings that make no sense.
    """
    each = BY_NAME[kind]
    notifier, policy = each.make(*settings), each.policy
    queue = None
    if mutes is not None and not policy.again:
        queue = NewsQueue(policy.batch, policy.capacity, mutes.is_muted)
    return Receiver(getattr(notifier, "url", each.name), notifier, policy, queue=queue)


def notifier_of(settings: ReceiverSettings) -> Notifier | GroupNotifier:
    """The notifier of a receiver. Raises SettingsError, `KEY: what is wrong` or with the file that cannot be used."""
    make = BY_NAME[settings.type].of
    assert make is not None
    return make(settings)


def receiver_of(
    settings: ReceiverSettings,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
    start: bool = True,
    box: Box | None = None,
    mutes: Mutes | None = None,
) -> Receiver:
    """A receiver of the settings, started unless `start` is False; with a `box`, it goes on where the last run ended.

    Raises SettingsError that names it.
    """
    kind = BY_NAME[settings.type]

    def wants(notice: Notice) -> bool:
        return (settings.send_resolved or not notice.resolved or kind.grouped) and settings.wants(dict(notice.labels))

    queue = None
    if kind.grouped:
        queue = GroupQueue(
            grouping_of(settings),
            kind.policy.capacity,
            lambda severity, unix: is_quiet(settings.quiet, severity, unix),
            mutes,
            box=box,
            now=monotonic(),
            unix=wall(),
        )
    try:
        notifier = notifier_of(settings)
    except SettingsError as error:
        raise SettingsError(*(f"{settings.name}: {problem}" for problem in error.problems)) from None
    return Receiver(settings.name, notifier, kind.policy, monotonic, queue=queue, wants=wants, wall=wall, start=start)


def grouping_of(settings: ReceiverSettings) -> Grouping:
    return Grouping(
        settings.group_by,
        settings.group_wait_seconds,
        settings.group_interval_seconds,
        settings.repeat_interval_seconds,
        settings.send_resolved,
    )

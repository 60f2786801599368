"""Every way to tell of an alert. A new one is a file here, a line in NOTIFIERS, a test, and a line in docs/rules.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alerts.delivery import Policy, Receiver
from alerts.notice import Notifier
from alerts.notifiers.alertmanager import Alertmanager
from alerts.notifiers.stdout import Stdout


@dataclass(frozen=True)
class Kind:
    """A kind of notifier: its word in the settings, how it is made, and how notices reach it."""

    name: str
    make: Callable[..., Notifier]
    policy: Policy


NOTIFIERS = (
    Kind("alertmanager", Alertmanager, Policy()),
    Kind("stdout", Stdout, Policy(again=False)),
)


def open_receiver(kind: str, *settings: Any) -> Receiver:
    """A started Receiver of a kind, made with its settings: an Alertmanager's URL, or a stream to print to.

    Raises KeyError for an unknown kind, ValueError for settings that make no sense.
    """
    each = {each.name: each for each in NOTIFIERS}[kind]
    notifier = each.make(*settings)
    return Receiver(getattr(notifier, "url", each.name), notifier, each.policy)

"""A running kmon as the terminal UI asks it: its alerts, and what mutes them, over the JSON API."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

from kmon.commands.remote import Remote, RemoteError, author
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import acknowledgement_from, silence_from
from monitor.model.text import moment
from monitor.model.view import AlertRow, RuleRow
from monitor.settings.model import Settings
from tui.server import ServerAlerts, ServerError

LOST = "it is not in the state file: a restart of kmon loses this"
T = TypeVar("T")


class RemoteAlerts:
    """An AlertServer over HTTP, which changes things in the name of `created_by`."""

    def __init__(self, remote: Remote, created_by: str) -> None:
        self._remote, self._by = remote, created_by

    @classmethod
    def at(cls, args: argparse.Namespace, settings: Settings) -> "RemoteAlerts":
        """The kmon of --url. Raises SettingsError."""
        return cls(Remote.at(args.url, settings), author(args))

    @property
    def url(self) -> str:
        return self._remote.url

    def alerts(self, cluster: str, cluster_id: str | None) -> ServerAlerts:
        return self._asked(lambda: self._alerts(cluster, cluster_id))

    def acknowledge(self, name: str, comment: str) -> str:
        body = {"fingerprint": name, "created_by": self._by, "comment": comment}
        answer = self._asked(lambda: self._remote.post("acknowledgements", body))
        return _done(f"acknowledged: {answer['acknowledgement']['labels'].get('alertname', name)}", answer)

    def withdraw(self, name: str) -> str:
        return _done("no longer acknowledged", self._asked(lambda: self._remote.delete("acknowledgements", name)))

    def silence(self, matchers: Sequence[str], seconds: float, comment: str) -> str:
        body = {
            "matchers": list(matchers),
            "duration_seconds": seconds,
            "created_by": self._by,
            "comment": comment,
        }
        answer = self._asked(lambda: self._remote.post("silences", body))
        return _done(f"silenced until {moment(answer['silence']['ends_at'])}", answer)

    def expire(self, ids: Sequence[str]) -> str:
        answers = [self._asked(partial(self._remote.delete, "silences", each)) for each in ids]
        return _done("expired", answers[-1])

    def close(self) -> None:
        self._remote.close()

    def _alerts(self, cluster: str, cluster_id: str | None) -> ServerAlerts:
        name = _name_of(self._remote.get("clusters")["clusters"], cluster, cluster_id)
        rows = tuple(_row(each) for each in self._remote.get("alerts", cluster=name)["alerts"])
        silences = self._remote.get("silences")
        labels = {fingerprint(each.labels): each.labels for each in rows}
        known = self._remote.get("acknowledgements")["acknowledgements"]
        return ServerAlerts(
            float(silences["time"]),
            rows,
            tuple(map(silence_from, silences["silences"])),
            tuple(
                acknowledgement_from(each, labels[each["fingerprint"]])
                for each in known
                if each["fingerprint"] in labels
            ),
            tuple(_rule(each) for each in self._remote.get("rules", cluster=name)["rules"]),
        )

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except RemoteError as error:
            raise ServerError(str(error)) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ServerError(f"kmon at {self.url}: answers as another version of kmon does") from None


def _name_of(clusters: Sequence[Mapping[str, Any]], cluster: str, cluster_id: str | None) -> str:
    """What the server calls a cluster: as here, or anything with the same Kafka cluster id. Raises RemoteError."""
    names = [str(each["cluster"]) for each in clusters]
    if cluster in names:
        return cluster
    same = [
        str(each["cluster"]) for each in clusters if cluster_id is not None and each.get("cluster_id") == cluster_id
    ]
    if not same:
        raise RemoteError(f"that kmon does not monitor {cluster}: it has {', '.join(names)}")
    return same[0]


def _row(plain: Mapping[str, Any]) -> AlertRow:
    values = {each.name: plain[each.name] for each in fields(AlertRow)}
    labels = tuple((str(name), str(value)) for name, value in plain["labels"].items())
    return AlertRow(**{**values, "labels": labels, "silenced_by": tuple(plain["silenced_by"])})


def _rule(plain: Mapping[str, Any]) -> RuleRow:
    return RuleRow(**{each.name: plain[each.name] for each in fields(RuleRow)})


def _done(words: str, answer: Mapping[str, Any]) -> str:
    return words if answer["kept"] else f"{words}; {LOST}"

"""Writes to a Slack channel: through an incoming webhook, or as a bot with one thread for each group of alerts."""

import json
from collections.abc import Mapping
from typing import Any

from alerts.message import text, title
from alerts.notice import Delivered, GiveUp, GroupNotice, Outcome, Retry
from alerts.notifiers.http import Http, text_of_url
from alerts.samples import Labels
from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import text_of

API = "https://slack.com/api"
MOST_CHARACTERS = 3_500
"""Slack cuts messages beyond 4,000 characters; escapes take some."""
THREADS = 10_000
"""So many threads are remembered; of older groups a new thread begins."""

BUSY_ERRORS = ("ratelimited", "rate_limited", "service_unavailable", "internal_error", "fatal_error", "request_timeout")
"""Errors of Slack's API after which the same call may succeed."""


class Slack:
    """With a bot token the first notification of a group is a message, and the later ones are replies to it. The
    message is rewritten when all alerts of the group are resolved.

    Raises SettingsError when a file of the settings cannot be used.
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        self._settings = settings
        self._http = Http.of(settings)
        self._threads: dict[Labels, str] = {}

    def notify(self, group: GroupNotice) -> Outcome:
        try:
            if self._settings.token is not None:
                return self._bot(group, text_of(self._settings.token))
            url = text_of_url(self._settings.url)
        except SettingsError as error:
            return Retry(str(error))
        answer = self._http.post(url, json.dumps({"text": written(group)}).encode())
        return answer if isinstance(answer, Retry) else answer.outcome

    def _bot(self, group: GroupNotice, token: str) -> Outcome:
        thread = self._threads.get(group.labels)
        if thread is not None and group.resolved:
            # Before the reply: a rewrite may be done twice, a reply would be there twice.
            rewrite = self._call("chat.update", token, ts=thread, text=f"*{escaped(title(group))}*")
            if isinstance(rewrite, Retry):
                return rewrite
        reply = {} if thread is None else {"thread_ts": thread}
        answer = self._call("chat.postMessage", token, text=written(group), **reply)
        if not isinstance(answer, Mapping):
            return answer
        if group.resolved:
            self._threads.pop(group.labels, None)
        elif thread is None:
            self._threads[group.labels] = str(answer.get("ts", ""))
            while len(self._threads) > THREADS:
                del self._threads[next(iter(self._threads))]
        return Delivered()

    def _call(self, method: str, token: str, **arguments: str) -> Mapping[str, Any] | Retry | GiveUp:
        """What a method of Slack's API responds. It reports errors in the body, with HTTP 200."""
        api = text_of_url(self._settings.url) or API
        body = json.dumps({"channel": self._settings.channel, **arguments}).encode()
        answer = self._http.post(f"{api.rstrip('/')}/{method}", body, {"Authorization": f"Bearer {token}"})
        if isinstance(answer, Retry):
            return answer
        if not isinstance(answer.outcome, Delivered):
            return answer.outcome
        try:
            said = json.loads(answer.body)
        except ValueError:
            return Retry(f"{method}: Slack responded with something that is not JSON")
        if not isinstance(said, dict) or said.get("ok") is not True:
            error = str(said.get("error", "unknown")) if isinstance(said, dict) else "unknown"
            reason = f"{method}: Slack reports {visible(error, 100)}"
            return Retry(reason, answer.after_seconds) if error in BUSY_ERRORS else GiveUp(reason)
        return said


def written(group: GroupNotice) -> str:
    """A notification in Slack's markup."""
    body = escaped(text(group))
    cut = body if len(body) <= MOST_CHARACTERS else f"{body[:MOST_CHARACTERS].rsplit(chr(10), 1)[0]}\n…"
    return f"*{escaped(title(group))}*\n{cut}"


def escaped(plain: str) -> str:
    """Text in which Slack sees no link, mention or formatting."""
    for character, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(character, escape)
    return plain

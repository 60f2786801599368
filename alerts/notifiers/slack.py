"""Writes to a Slack channel: through an incoming webhook, or as a bot with one thread for each group of alerts."""

import json
from collections.abc import Mapping
from typing import Any

from alerts.message import MOST, WHOLE, headline, in_order, links, parts, state_of, title
from alerts.notice import Delivered, GiveUp, GroupNotice, Notice, Outcome, Retry
from alerts.notifiers.http import Http, text_of_url
from alerts.samples import Labels
from monitor.model.text import plural, visible
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import text_of

API = "https://slack.com/api"
MOST_CHARACTERS = 11_000
"""Slack refuses blocks with more than 12,000 characters in all."""
MOST_OF_SECTION = 2_900
"""Slack refuses a section with more than 3,000 characters."""
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
        answer = self._http.post(url, json.dumps(written(group)).encode())
        return answer if isinstance(answer, Retry) else answer.outcome

    def _bot(self, group: GroupNotice, token: str) -> Outcome:
        thread = self._threads.get(group.labels)
        if thread is not None and group.resolved:
            # Before the reply: a rewrite may be done twice, a reply would be there twice.
            rewrite = self._call("chat.update", token, ts=thread, **_only_title(group))
            if isinstance(rewrite, Retry):
                return rewrite
        reply = {} if thread is None else {"thread_ts": thread}
        answer = self._call("chat.postMessage", token, **written(group), **reply)
        if not isinstance(answer, Mapping):
            return answer
        if group.resolved:
            self._threads.pop(group.labels, None)
        elif thread is None:
            self._threads[group.labels] = str(answer.get("ts", ""))
            while len(self._threads) > THREADS:
                del self._threads[next(iter(self._threads))]
        return Delivered()

    def _call(self, method: str, token: str, **arguments: Any) -> Mapping[str, Any] | Retry | GiveUp:
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


def written(group: GroupNotice) -> dict[str, Any]:
    """A notification as blocks: the title, and one for each alert. `text` is for notifications of the phone."""
    first = title(group)
    blocks, left = [_section(f"*{escaped(first)}*")], MOST_CHARACTERS
    notices = in_order(group)
    for place, each in enumerate(notices[:MOST]):
        block = _entry(each, whole=place < WHOLE)
        if len(block) > left and place < WHOLE:
            block = _entry(each, whole=False)
        if len(block) > left:
            break
        blocks.append(_section(block))
        left -= len(block)
    if more := len(notices) - len(blocks) + 1:
        blocks.append(_section(f"and {plural(more, 'more alert')}"))
    return {"text": escaped(first), "blocks": blocks}


def _only_title(group: GroupNotice) -> dict[str, Any]:
    """The first message of a thread when all its alerts are resolved."""
    return {"text": escaped(title(group)), "blocks": [_section(f"*{escaped(title(group))}*")]}


def _section(markup: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": markup, "verbatim": True}}


def _entry(notice: Notice, *, whole: bool) -> str:
    """An alert in Slack's markup, below the limit of a section."""
    lines = [f"*{escaped(state_of(notice))}*", escaped(headline(notice))]
    ends = [_link(name, address) for name, address in links(notice)]
    room = MOST_OF_SECTION - sum(len(each) + 1 for each in (*lines, *ends)) - 2
    for name, said in parts(notice) if whole else ():
        line = f"*{escaped(name)}:* {escaped(said)}"
        if len(line) + 1 > room:
            lines.append("…")
            break
        lines.append(line)
        room -= len(line) + 1
    return "\n".join((*lines, " · ".join(ends))).strip()


def _link(name: str, address: str) -> str:
    """A link, or plain text if the address is not a web address."""
    if not address.startswith(("https://", "http://")):
        return f"{escaped(name)}: {escaped(address)}"
    return f"<{escaped(address.replace('|', '%7C').replace('<', '%3C').replace('>', '%3E'))}|{escaped(name)}>"


def escaped(plain: str) -> str:
    """Text in which Slack sees no link, mention or formatting."""
    for character, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        plain = plain.replace(character, escape)
    return plain

"""The answers that a real cluster gave to every question of one poll, and a poller that is given them again.

`record_answers.py` makes the file.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from answers import StubClient, unsupported

from monitor.kafka.client import apis
from monitor.kafka.client.client import Ask, Node
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.poll.poller import Clock, Poller
from monitor.settings.model import ClusterSettings

FILE = Path(__file__).parent.parent / "data" / "answers.json.gz"

CHOICE: dict[str, Any] = {"collect": {"producers": True}}
"""What the settings of the recorded poll choose: all that can be switched on."""

Served = dict[int, tuple[int, int]]
"""Oldest and newest version of each API key that a broker serves."""


@dataclass(frozen=True)
class Recorded:
    """An answer to the question whose body in the same version has this digest."""

    api: str
    key: int
    node: Node
    version: int
    question: str
    body: bytes = field(repr=False)


def digest(question: bytes) -> str:
    return hashlib.sha256(question).hexdigest()[:16]


@dataclass(frozen=True)
class Recording:
    """`time` is when it was polled, in unix seconds, `served` what each of its brokers served."""

    time: float
    served: Served
    answers: Sequence[Recorded]


def save(recording: Recording, path: Path = FILE) -> None:
    rows = [{**vars(each), "body": base64.b64encode(each.body).decode()} for each in recording.answers]
    rows.sort(key=lambda row: (row["api"], str(row["node"]), row["question"]))
    text = json.dumps({"time": recording.time, "served": recording.served, "answers": rows}, indent=0)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def load(path: Path = FILE) -> Recording:
    content = json.loads(gzip.decompress(path.read_bytes()))
    served = {int(key): (low, high) for key, (low, high) in content["served"].items()}
    answers = [Recorded(**{**row, "body": base64.b64decode(row["body"])}) for row in content["answers"]]
    return Recording(content["time"], served, answers)


class ReplayClient(StubClient):
    """Gives recorded answers, and what its brokers serve.

    `given` has the answers that were given, `unheard` the questions that the recording has no answer to.
    """

    def __init__(self, recording: Recording) -> None:
        names = {each.name for each in vars(apis).values() if isinstance(each, apis.Api)}
        super().__init__(dict.fromkeys(names, self._give))
        self.given: list[Recorded] = []
        self.unheard: list[str] = []
        self.use(recording)

    def use(self, recording: Recording) -> None:
        """Give these from now on."""
        self.recording = recording
        self._version = {each.api: each.version for each in recording.answers}
        self._exact = {(each.api, each.node, each.question): each for each in recording.answers}
        # What any broker can be asked was asked of one.
        self._of_any = {(each.api, each.question): each for each in recording.answers}

    def served(self, node: Node) -> dict[int, tuple[int, int]] | None:
        return self.recording.served

    def _give(self, ask: Ask) -> Answer | Fault:
        api = ask.api
        if api.version(self.recording.served) is None:
            return unsupported(ask)
        question = digest(ask.body(self._version[api.name])) if api.name in self._version else ""
        found = self._exact.get((api.name, ask.node, question)) or self._of_any.get((api.name, question))
        if found is None:
            self.unheard.append(f"{api.name} of {ask.node}")
            return Fault(Kind.ERROR, ask.node, api.name, detail="not recorded: run tests/support/record_answers.py")
        self.given.append(found)
        return Answer(api, found.version, found.body, ask.node)


@contextmanager
def repeatable() -> Iterator[None]:
    """A Poller that is made in here asks the same each time: the names that its probes make up are the same."""
    with patch("secrets.token_hex", lambda size: "0" * 2 * size):
        yield


@contextmanager
def replaying(client: ReplayClient) -> Iterator[Poller]:
    """A Poller whose questions this client answers, at the time of the recording: some questions depend on it."""
    settings = ClusterSettings(bootstrap_servers=("127.0.0.1:1",), **CHOICE)
    with (
        repeatable(),
        patch("monitor.poll.poller.Client", lambda *_args, **_options: client),
        patch("monitor.poll.poller.diagnose", lambda _servers, _protocol, error, _deadline: error),
    ):
        yield Poller(settings, clock=Clock(unix=lambda: client.recording.time))

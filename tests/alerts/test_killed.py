"""Kmon is killed fifty times in one incident, with a real file, real threads and real receivers: one page, one end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_receiver import GUARD_SECONDS, HttpReceiver

KILLS = 50

PROGRAM = """
import os, sys, time
from pathlib import Path
from alert_fixtures import rule_of, view_of
from receiver_fixtures import receiver_settings
from alerts.evaluator import Evaluator, Kept
from alerts.kept_alerts import KeptAlerts
from alerts.mutes import Mutes
from alerts.notifiers import receiver_of
from alerts.outbox import Box
from alerts.store import Store

directory, word, hook, pager = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
COMMON = {"group_wait": "0s", "group_interval": "0s", "repeat_interval": "24h"}
RECEIVERS = [
    receiver_settings(**COMMON, name="hook", type="webhook", url=hook),
    receiver_settings(**COMMON, name="pager", type="pagerduty", url=pager, routing_key="k"),
]

def run():
    store = Store(directory)
    mutes, part = Mutes(store), KeptAlerts(store, "demo")
    receivers = [receiver_of(each, box=Box(store, each.name), mutes=mutes) for each in RECEIVERS]
    kept = {"demo": Kept(part, part.load(time.time()))}
    rule = rule_of("Lag", 50, for_seconds=0.05)
    evaluator = Evaluator([rule], receivers, interval_seconds=0.01, kept=kept, store=store, mutes=mutes)
    while True:
        evaluator.observe(view_of(word.read_text()), "demo")
        time.sleep(0.01)

for _ in sys.stdin:  # one that has imported everything begins a run for each line
    child = os.fork()
    if not child:
        run()
    print(child, flush=True)
    os.waitpid(child, 0)
"""


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Any]:
    """Begins a run, and gives its process id."""
    path = os.pathsep.join(each for each in sys.path if each)
    process: subprocess.Popen[str] | None = None
    child = 0

    def begin(*arguments: str) -> int:
        nonlocal process, child
        if process is None:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        child = int(process.stdout.readline())
        return child

    yield begin
    if process is not None:
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=GUARD_SECONDS)


def test_fifty_kills_in_one_incident_are_one_page_and_one_end(runs: Any, tmp_path: Path) -> None:
    chance = random.Random(7)
    word = tmp_path / "word"
    word.write_text("70")
    with HttpReceiver() as hook, HttpReceiver() as pager:
        arguments = (str(tmp_path / "state"), str(word), hook.url, pager.url)
        for number in range(KILLS):
            child = runs(*arguments)
            if number == KILLS // 2:
                assert hook.wait_for(lambda: len(hook.accepted) > 0)  # whatever the machine is busy with
            time.sleep(chance.uniform(0.0, 0.3))
            os.kill(child, signal.SIGKILL)
        runs(*arguments)
        assert hook.wait_for(lambda: len(hook.accepted) > 0)
        assert pager.wait_for(lambda: len(pager.accepted) > 0)
        new = tmp_path / "new"
        new.write_text("0")
        new.replace(word)
        assert hook.wait_for(lambda: hook.accepted[-1]["status"] == "resolved")
        assert pager.wait_for(lambda: pager.accepted[-1]["event_action"] == "resolve")
    # What was being sent when kmon was killed may arrive again, as the same notification.
    assert sorted({each["status"] for each in hook.accepted}) == ["firing", "resolved"]
    assert [each["status"] for each in hook.accepted].index("resolved") == len(hook.accepted) - 1
    assert len({each["alerts"][0]["startsAt"] for each in hook.accepted}) == 1
    assert {each["notification_reason"] for each in hook.accepted} == {"first notification", "all alerts resolved"}
    # PagerDuty makes one incident of one key.
    assert len({each["dedup_key"] for each in pager.accepted}) == 1
    assert [each["event_action"] for each in pager.accepted].index("resolve") == len(pager.accepted) - 1

"""The ten messages of docs/messages.md, of scenes of the catalogue: `python tests/support/messages_page.py`."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from alert_fixtures import FakeClock, Recorder
from catalogue_scenes import INTERVAL_SECONDS, SCENES
from views import NOW

from alerts.delivery import Receiver
from alerts.effective import rules_of
from alerts.evaluator import Evaluator
from alerts.message import text, title
from alerts.notice import GroupNotice, Notice
from alerts.rules import AnyRule
from dashboards.links import about_alert
from monitor.model.owners import OwnerRule, Owners
from monitor.model.patterns import Pattern
from monitor.model.view import View
from monitor.settings.alerts import AlertSettings

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
BLOCK = re.compile(r"(?<=<!-- messages -->\n)(.*\n)+?(?=<!-- end -->)")
SHOWN = (
    "KafkaGroupStuck",
    "KafkaGroupStopped",
    "KafkaGroupLosing",
    "KafkaGroupRecordsLost",
    "KafkaGroupGrowing",
    "KafkaOfflinePartitions",
    "KafkaUnderMinIsr",
    "KafkaBrokerDown",
    "KafkaDiskFull",
    "KafkaNoController",
)
RUNBOOKS = "https://docs.example.com/kmon/runbooks"
OWNERS = (OwnerRule((Pattern(".*"),), (Pattern(".*"),), "Ada", "payments"),)


@cache
def notice_of_scene(name: str) -> Notice:
    """What is sent of an alert of the catalogue when it fires on its scene."""
    rule: AnyRule = next(each for each in rules_of(AlertSettings(runbooks=RUNBOOKS)) if each.name == name)
    clock, recorder = FakeClock(wall=NOW), Recorder()
    receiver = Receiver("docs", recorder, start=False)
    evaluator = Evaluator([rule], [receiver], page_url=_page, clock=clock)
    for _, view in SCENES[name]().play(rule.for_seconds):
        clock.move(INTERVAL_SECONDS)
        evaluator.observe(owned(view))
        while receiver.turn() == 0.0:
            pass
        if recorder.attempts:
            return recorder.attempts[0][0]
    raise AssertionError(f"{name} does not fire on its scene")


def owned(view: View) -> View:
    """The View with an owner of everything."""
    zeros = (0 * view.group_lags.status, 0 * view.topic_totals.offline)
    return replace(view, owners=Owners(OWNERS, *zeros))


def _page(labels: object, seconds: float) -> str:
    return "https://kmon.example.com" + about_alert(labels, seconds, several=False)  # type: ignore[arg-type]


def messages() -> str:
    """Each message as its mail: the subject and the text."""
    return "".join(f"### {name}\n\n```text\n{mail(notice_of_scene(name))}\n```\n\n" for name in SHOWN)


def mail(notice: Notice) -> str:
    group = GroupNotice(notice.labels, (notice,), frozenset([notice.labels]), "first notification")
    return f"{title(group)}\n\n{text(group)}"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(lambda _: f"\n{messages()}", page), encoding="utf-8")

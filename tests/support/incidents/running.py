"""One run: the incidents of consumers side by side, and then those of brokers one after the other."""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace

from incidents.clients import Feeder
from incidents.incident import PAGES, Course, Incident, Page, Phase, Run
from incidents.stage import IncidentCluster, Stage
from incidents.watching import Kmon, watching

CANNOT_MOUNT = "this user may not mount a small disk for a broker (unshare --mount)"
STEADY = "steady"
"""A group that keeps up all the time, also while brokers fail: whatever pages about it is false or about them."""
STEP_SECONDS = 0.2
WATCH_LONGER_SECONDS = 10.0
"""After the last incident, for what resolves late or pages late."""

Say = Callable[[str], None]
Peers = Callable[[Stage], AbstractContextManager[Callable[[], tuple[Page, ...]]]]


def run(incidents: Sequence[Incident], say: Say, peers: Sequence[Peers] = ()) -> Run:
    """All of it once, on a new cluster. `peers` watch beside kmon, and give what they sent."""
    with ExitStack() as stack:
        cluster = stack.enter_context(IncidentCluster())
        feeder = Feeder(cluster.bootstrap)
        stack.callback(feeder.close)
        stage = Stage(cluster, feeder)
        own = [each for each in incidents if each.own_kmon]
        _start_kmons(stage, own, stack)
        others = [stack.enter_context(each(stage)) for each in peers]
        stage.fed(STEADY, 60)
        stack.enter_context(stage.reader(STEADY, through_outages=True))
        beside = [each for each in incidents if not each.alone]
        courses: list[Course] = []
        if beside:
            with ThreadPoolExecutor(len(beside)) as pool:
                courses += pool.map(lambda each: play(each, stage, say), beside)
        courses += [play(each, stage, say) for each in incidents if each.alone]
        time.sleep(WATCH_LONGER_SECONDS)
        of_peers = [page for each in others for page in each()]
        return Run(tuple(courses), (*_pages(stage, own), *of_peers))


def _pages(stage: Stage, own: Sequence[Incident]) -> Iterator[Page]:
    """What every kmon sent. One of an incident's own sees the brokers as well, which are for the one of all."""
    yield from stage.kmons[""].pager.pages
    for incident in own:
        for page in stage.kmons[incident.name].pager.pages:
            if page.alert in incident.expects or incident.about(page.names):
                yield replace(page, watched=incident.name)


def _start_kmons(stage: Stage, own: Sequence[Incident], stack: ExitStack) -> None:
    mine = [name for each in own for name in each.names]
    excluded = {"exclude": mine} if mine else {}
    stage.kmons[""] = stack.enter_context(watching(stage.bootstrap, groups=excluded, topics=excluded))
    for each in own:
        included = {"include": [*each.names]}
        bootstrap = stage.cluster.monitor_bootstrap if each.name == "kmon-cut-off" else stage.bootstrap
        stage.kmons[each.name] = stack.enter_context(watching(bootstrap, groups=included, topics=included))


def play(incident: Incident, stage: Stage, say: Say) -> Course:
    """One incident from its beginning to its end; what cannot be brought about is said and not counted."""
    course = Course(incident.name, started=time.time())
    if incident.name == "disk-filling" and stage.cluster.disk is None:
        return replace(course, not_run=CANNOT_MOUNT)
    kmon = stage.kmons.get(incident.name, stage.kmons[""])
    try:
        for phase in incident.script(stage):
            course = _play_phase(incident, phase, course, kmon, say)
    except Exception as error:  # noqa: BLE001  # a script that fails must not hide what the others found
        traceback.print_exc()
        return replace(course, ended=time.time(), not_run=f"the script failed: {type(error).__name__}: {error}"[:200])
    return replace(course, ended=time.time())


def _play_phase(incident: Incident, phase: Phase, course: Course, kmon: Kmon, say: Say) -> Course:
    now = time.time()
    if phase is Phase.WELL:
        time.sleep(incident.well_seconds)
        return replace(course, ready=time.time())
    if phase is Phase.TROUBLE:
        course = replace(course, began=now)
        say(f"{incident.name}: it happened")
        paged = until(incident.notified_within, lambda: bool(incident.expects) and _notified(incident, course, kmon))
        say(f"{incident.name}: {'paged' if paged else 'not paged'} after {time.time() - now:.0f} s")
        time.sleep(max(0.0, now + incident.lasts - time.time()))
        return course
    course = replace(course, over=now)
    resolved = incident.innocent and not incident.expects
    resolved = resolved or until(incident.resolved_within, lambda: _resolved(incident, course, kmon))
    say(f"{incident.name}: {'resolved' if resolved else 'not resolved'} after {time.time() - now:.0f} s")
    return course


def _mine(incident: Incident, course: Course, kmon: Kmon) -> Iterator[Page]:
    assert course.began is not None
    for page in kmon.pager.pages:
        if page.at >= course.began and (incident.alone or incident.about(page.names) or incident.own_kmon):
            yield page


def _notified(incident: Incident, course: Course, kmon: Kmon) -> bool:
    return any(page.alert in incident.expects for page in _mine(incident, course, kmon))


def _resolved(incident: Incident, course: Course, kmon: Kmon) -> bool:
    pages = _mine(incident, course, kmon)
    counted = (each for each in pages if each.severity in PAGES or each.alert in incident.expects)
    return all(each.resolved is not None for each in counted)


def until(seconds: float, happened: Callable[[], bool]) -> bool:
    """Wait until it happened; whether it did in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(STEP_SECONDS)
    return happened()

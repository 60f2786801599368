"""A tour of the catalogue: trouble for each of its alerts on a real cluster, until each has fired and resolved."""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from secure_cluster import SecureKafka

from incidents.clients import Feeder
from incidents.incident import Incident, Page, Phase
from incidents.running import STEADY, until
from incidents.stage import Stage
from incidents.tour_stage import SecureStage, TourCluster, tour_catalogue
from incidents.watching import Kmon, watching

CAUSES = ("KafkaBrokerDown", "KafkaBrokerSilent", "KafkaOfflinePartitions", "KafkaLogDirOffline")
"""Alerts that explain others, which kmon then does not send."""
EFFECTS = "effects"
"""The kmon without alerts on CAUSES."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Show(Incident):
    """An incident that shows each alert of `expects`, and of `effects`, which is watched by the kmon EFFECTS.

    Its trouble lasts until all of them have fired. With `kmon` it is watched by a kmon of its own, of these options of
    `watching`, which is started once all is well. The title is how the trouble is brought about.
    """

    script: Callable[[Any], Iterator[Phase]]
    effects: tuple[str, ...] = ()
    kmon: Mapping[str, Any] | None = field(default=None, hash=False)
    well_seconds: float = 10.0

    @property
    def alerts(self) -> tuple[str, ...]:
        """All alerts that it shows."""
        return (*self.expects, *self.effects)


@dataclass(frozen=True)
class Shown:
    """How an alert was shown: seconds until it fired after the trouble began, and until it resolved after its end.

    None where it did not. `began` is unix seconds; `line` is the summary. `not_run` is why the show has ended early.
    """

    alert: str
    show: str
    began: float | None = None
    fired: float | None = None
    resolved: float | None = None
    line: str = ""
    not_run: str = ""

    @property
    def complete(self) -> bool:
        """Whether it was seen to fire in the trouble, and to resolve after it."""
        return self.fired is not None and self.resolved is not None and self.resolved >= 0 and not self.not_run


def run(lanes: Sequence[Sequence[Show]], alone: Sequence[Show], secure: Sequence[Show], say: Say) -> list[Shown]:
    """All shows: lanes side by side, the shows of each one after the other; then those `alone`; then those on TLS."""
    shown: list[Shown] = []
    if lanes or alone:
        with ExitStack() as stack:
            stage = _stage(stack, [each for lane in (*lanes, alone) for each in lane])
            if lanes:
                with ThreadPoolExecutor(len(lanes)) as pool:
                    for found in pool.map(lambda lane: _lane(lane, stage, say), lanes):
                        shown += found
            shown += _lane(alone, stage, say)
    if secure:
        with (
            TemporaryDirectory(prefix="kmon-incidents-") as folder,
            SecureKafka(Path(folder)) as kafka,
            ExitStack() as stack,
        ):
            shown += _lane(secure, SecureStage(kafka, stack), say)
    return shown


def _stage(stack: ExitStack, shows: Sequence[Show]) -> Stage:
    """A cluster with a group that keeps up, and its two kmons."""
    cluster = stack.enter_context(TourCluster())
    feeder = Feeder(cluster.bootstrap)
    stack.callback(feeder.close)
    stage = Stage(cluster, feeder)
    own = [name for each in shows if each.kmon is not None for name in each.names]
    excluded = {"exclude": own} if own else {}
    for name, without in (("", ()), (EFFECTS, CAUSES)):
        kmon = watching(cluster.monitor_bootstrap, catalogue=tour_catalogue(without), groups=excluded, topics=excluded)
        stage.kmons[name] = stack.enter_context(kmon)
    stage.fed(STEADY, 60)
    stack.enter_context(stage.reader(STEADY, through_outages=True))
    return stage


def _lane(shows: Sequence[Show], stage: Any, say: Say) -> list[Shown]:
    return [each for show in shows for each in play(show, stage, say)]


def play(show: Show, stage: Any, say: Say) -> list[Shown]:
    """One show from its beginning to its end, and how it showed each of its alerts."""
    times: dict[Phase, float] = {}
    shown: list[Shown] = []
    with ExitStack() as stack:
        try:
            resumed = time.time()
            for phase in show.script(stage):
                if phase is Phase.WELL and show.kmon is not None:
                    kmon = watching(stage.bootstrap, catalogue=tour_catalogue(), **_only(show), **show.kmon)
                    stage.kmons[show.name] = stack.enter_context(kmon)
                # What a script takes to bring about a phase is part of it: an alert may fire meanwhile.
                times[phase] = resumed
                _wait(show, phase, times, stage.kmons, say)
                # Before the script goes on: what is deleted then resolves in any case.
                shown = [_shown(show, each, times, stage.kmons) for each in show.alerts]
                resumed = time.time()
        except Exception as error:  # noqa: BLE001  # a script that fails must not hide what the others show
            traceback.print_exc()
            not_run = f"the script failed: {type(error).__name__}: {error}"[:200]
            return [Shown(each, show.name, not_run=not_run) for each in show.alerts]
    return shown


def _only(show: Show) -> dict[str, Any]:
    """The settings of a kmon of its own: it sees nothing of other shows."""
    return {kind: {"include": [*show.names]} for kind in ("groups", "topics")}


def _wait(show: Show, phase: Phase, times: Mapping[Phase, float], kmons: Mapping[str, Kmon], say: Say) -> None:
    now = times[phase]
    if phase is Phase.WELL:
        time.sleep(show.well_seconds)
        return

    def left() -> list[str]:
        """Alerts that are still to fire, or to resolve."""
        found = {each: _pages(show, each, times, kmons) for each in show.alerts}
        if phase is Phase.TROUBLE:
            return [each for each, pages in found.items() if not pages]
        return [each for each, pages in found.items() if any(page.resolved is None for page in pages)]

    done = "fired" if phase is Phase.TROUBLE else "resolved"
    until(show.notified_within if phase is Phase.TROUBLE else show.resolved_within, lambda: not left())
    missing = left()
    said = f"not {done}: {', '.join(missing)}" if missing else done
    say(f"{show.name}: {said} after {time.time() - now:.0f} s")


def _pages(show: Show, alert: str, times: Mapping[Phase, float], kmons: Mapping[str, Kmon]) -> list[Page]:
    """What was sent of an alert since the trouble, about the show's subjects or about what has no name."""
    began = times.get(Phase.TROUBLE)
    own = show.name if show.name in kmons else ""
    kmon = kmons.get(EFFECTS if alert in show.effects else own)
    if began is None or kmon is None:
        return []
    mine: Iterator[Page] = (each for each in kmon.pager.pages if each.alert == alert and each.at >= began)
    return [each for each in mine if not each.names or show.about(each.names)]


def _shown(show: Show, alert: str, times: Mapping[Phase, float], kmons: Mapping[str, Kmon]) -> Shown:
    pages = _pages(show, alert, times, kmons)
    began, over = times.get(Phase.TROUBLE), times.get(Phase.OVER)
    if began is None or not pages:
        return Shown(alert, show.name, began)
    ends = [each.resolved for each in pages if each.resolved is not None]
    resolved = round(max(ends) - over, 1) if over is not None and len(ends) == len(pages) else None
    return Shown(alert, show.name, round(began), round(pages[0].at - began, 1), resolved, pages[0].line)

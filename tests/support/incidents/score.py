"""What a run is worth: which pages an incident explains, who paged how soon, and precision and recall."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from incidents.incident import PAGES, Course, Incident, Page, Run
from incidents.pager import KMON


@dataclass(frozen=True)
class Outcome:
    """What a contestant did about one incident in one run; `seconds` to its first notification, None without one.

    `pages` are all notifications about it, `false` those that it does not explain. `resolved` is whether every one was
    resolved, and none while the incident lasted; None where there was none.
    """

    incident: str
    seconds: float | None = None
    pages: int = 0
    tickets: int = 0
    false: int = 0
    resolved: bool | None = None
    line: str = ""


@dataclass(frozen=True)
class Score:
    """Cases by how they went. A case is an incident of a run, a look-alike of a run, or an alert about neither."""

    found: int = 0
    missed: int = 0
    false: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.found + other.found, self.missed + other.missed, self.false + other.false)

    @property
    def precision(self) -> float | None:
        """The share of those who were notified that had an incident; None where nobody was."""
        told = self.found + self.false
        return self.found / told if told else None

    @property
    def recall(self) -> float | None:
        """The share of incidents that somebody was notified of."""
        incidents = self.found + self.missed
        return self.found / incidents if incidents else None


def attribute(page: Page, incidents: Iterable[Incident], courses: Mapping[str, Course]) -> Incident | None:
    """The incident that a page is about: by its names while that runs, or else the one that runs alone then."""
    running = [each for each in incidents if (course := courses.get(each.name)) and _runs(course, page.at)]
    by_name = [each for each in running if page.watched == each.name or each.about(page.names)]
    return next(iter((*by_name, *(each for each in running if each.alone))), None)


def _runs(course: Course, at: float) -> bool:
    return not course.not_run and course.started <= at and (course.ended is None or at <= course.ended)


def explains(incident: Incident, course: Course, page: Page, before: Iterable[Page]) -> bool:
    """Whether an incident explains a page about it; `before` are earlier ones about it, of the same contestant."""
    if course.began is None or page.at < course.began:
        return False
    expected = page.alert in incident.expects
    if incident.innocent:
        return expected and not any((each.alert, each.names) == (page.alert, page.names) for each in before)
    # What happens to brokers touches everything: the page must name the broker, not what suffers from it.
    return expected or not incident.alone or page.contestant != KMON


def counts(page: Page, incident: Incident | None) -> bool:
    """Whether it is a notification to be scored: every one of a peer, and of kmon pages and expected tickets."""
    expected = incident is not None and page.alert in incident.expects
    return page.contestant != KMON or page.severity in PAGES or expected


def judge(run: Run, incidents: Sequence[Incident], contestant: str) -> tuple[list[Outcome], Score]:
    """What a contestant did about each incident that was run and that it could see, and its score."""
    courses = {each.incident: each for each in run.courses if not each.not_run}
    visible = [each for each in incidents if each.name in courses and (contestant == KMON or not each.own_kmon)]
    mine: dict[str, list[Page]] = {each.name: [] for each in visible}
    stray: set[str] = set()
    for page in sorted((each for each in run.pages if each.contestant == contestant), key=lambda each: each.at):
        incident = attribute(page, visible, courses)
        if incident is not None:
            ready = courses[incident.name].ready
            if ready is not None and page.at >= ready:
                mine[incident.name].append(page)
        elif counts(page, None):
            stray.add(page.alert)
    outcomes = [_outcome(each, courses[each.name], mine[each.name]) for each in visible]
    innocent = {each.name: each.innocent for each in visible}
    found = [each.seconds is not None for each in outcomes if not innocent[each.incident]]
    false = len(stray) + sum(each.false > 0 for each in outcomes)
    return outcomes, Score(sum(found), len(found) - sum(found), false)


def _outcome(incident: Incident, course: Course, pages: Sequence[Page]) -> Outcome:
    scored = [each for each in pages if counts(each, incident)]
    right = [page for place, page in enumerate(scored) if explains(incident, course, page, scored[:place])]
    first = next((each for each in right if each.contestant != KMON or each.alert in incident.expects), None)
    if first is None or course.began is None:
        return Outcome(incident.name, None, len(scored), len(pages) - len(scored), len(scored) - len(right))
    over = course.over if course.over is not None else float("inf")
    resolved = all(each.resolved is not None and each.resolved >= over for each in right)
    return Outcome(
        incident.name,
        first.at - course.began,
        len(scored),
        len(pages) - len(scored),
        len(scored) - len(right),
        resolved,
        first.line,
    )

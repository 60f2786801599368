"""Results of runs: as JSON, with everything that scores are computed from, and as the tables of docs/scorecard.md."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from incidents.burrow_watch import BURROW
from incidents.incident import Course, Incident, Page, Run
from incidents.pager import KMON
from incidents.peer_rules import PEERS
from incidents.registry import INCIDENTS
from incidents.score import Outcome, Score, judge

CONTESTANTS = (KMON, *PEERS, BURROW)
TABLES = re.compile(r"(?<=<!-- results -->\n).*?(?=<!-- end of results -->)", re.DOTALL)


def save(path: Path, runs: Sequence[Run]) -> None:
    path.write_text(json.dumps([asdict(run) for run in runs], indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> list[Run]:
    """The runs of a file that `save` wrote."""

    def page(fields: dict[str, object]) -> Page:
        return Page(**{**fields, "names": tuple(fields["names"])})  # type: ignore[arg-type]

    return [
        Run(tuple(Course(**each) for each in run["courses"]), tuple(page(each) for each in run["pages"]))
        for run in json.loads(path.read_text(encoding="utf-8"))
    ]


def page_with(page: str, tables: str) -> str:
    """A page with the tables in the place that is marked for them."""
    if not TABLES.search(page):
        raise ValueError("the page has no <!-- results --> and <!-- end of results -->")
    return TABLES.sub(lambda _: tables, page)


def written(runs: Sequence[Run], incidents: Sequence[Incident] = INCIDENTS) -> tuple[str, bool]:
    """The tables of some runs, and whether kmon's precision and recall are 1 in each of them."""
    judged = {who: [judge(run, incidents, who) for run in runs] for who in CONTESTANTS}
    parts = [
        _summary({who: [score for _, score in mine] for who, mine in judged.items()}),
        _kmon([each for each in incidents if not each.innocent], runs, [found for found, _ in judged[KMON]]),
        _kmon([each for each in incidents if each.innocent], runs, [found for found, _ in judged[KMON]]),
        _beside(incidents, {who: [found for found, _ in mine] for who, mine in judged.items()}),
    ]
    perfect = all((score.precision, score.recall) == (1.0, 1.0) for _, score in judged[KMON])
    return "\n".join(parts), perfect


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(each.replace("|", "\\|") for each in line) + " |\n" for line in lines)


def _summary(scores: dict[str, list[Score]]) -> str:
    def row(who: str) -> list[str]:
        total = sum(scores[who], Score())
        each = ", ".join(f"{_share(one.precision)} / {_share(one.recall)}" for one in scores[who])
        counted = [f"{total.found} of {total.found + total.missed}", str(total.false)]
        return [who, _share(total.precision), _share(total.recall), *counted, each]

    head = ("", "precision", "recall", "incidents found", "false alarms", "precision / recall of each run")
    return _table(head, [row(who) for who in scores])


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def _kmon(incidents: Sequence[Incident], runs: Sequence[Run], found: Sequence[Sequence[Outcome]]) -> str:
    rows = []
    for incident in incidents:
        mine = _of(incident, found)
        not_run = {c.not_run for run in runs for c in run.courses if c.incident == incident.name and c.not_run}
        if not mine:
            rows.append([incident.title, f"not run: {'; '.join(sorted(not_run)) or 'not chosen'}", "", "", "", ""])
            continue
        rows.append(
            [
                incident.title,
                _each(mine, lambda each: "yes" if each.seconds is not None else "no"),
                _each(mine, lambda each: "–" if each.seconds is None else f"{each.seconds:.0f}"),
                _each(mine, lambda each: str(each.pages)),
                _each(mine, lambda each: {None: "–", True: "yes", False: "no"}[each.resolved]),
                next((each.line for each in mine if each.line), "–"),
            ]
        )
    kind = "look-alike" if incidents and incidents[0].innocent else "incident"
    head = (kind, "notified", "seconds", "notifications", "resolved rightly", "first line")
    return _table(head, rows)


def _of(incident: Incident, found: Sequence[Sequence[Outcome]]) -> list[Outcome]:
    return [each for run in found for each in run if each.incident == incident.name]


def _each(outcomes: Sequence[Outcome], text: Callable[[Outcome], str]) -> str:
    """What holds of each run: once where it is the same of all."""
    texts = [text(each) for each in outcomes]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def _beside(incidents: Sequence[Incident], found: dict[str, list[list[Outcome]]]) -> str:
    """Each contestant on each incident: seconds where it is found, or how many notifications are false."""

    def cell(incident: Incident, who: str) -> str:
        mine = _of(incident, found[who])
        if not mine:
            return "–"
        seconds = [each.seconds for each in mine if each.seconds is not None]
        missed, false = len(mine) - len(seconds), sum(each.false for each in mine)
        told = f"{median(seconds):.0f} s" if seconds else ""
        if not incident.innocent:
            told = f"{told or 'missed'}{f', missed {missed} of {len(mine)}' if seconds and missed else ''}"
        wrong = f"{false} false" if false else "" if told else "quiet"
        return ", ".join(each for each in (told, wrong) if each)

    rows = [
        [("◇ " if each.innocent else "") + each.title, *(cell(each, who) for who in CONTESTANTS)] for each in incidents
    ]
    return _table(("", *CONTESTANTS), rows)

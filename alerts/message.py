"""What a notification about a group of alerts says in plain text: a title, and the parts of each alert's message."""

from alerts.notice import GroupNotice, Notice, timestamp
from alerts.parts import PARTS, RUNBOOKS
from alerts.samples import Labels
from monitor.model.text import visible

TITLE = 199
"""The most characters of a title."""
_PART = 1_000
MOST = 20
"""So many alerts are written out; the others are counted."""
WHOLE = 3
"""So many of them with all parts, the others with their first line."""
MOST_CHARACTERS = 100_000

IN_FIRST_LINE = ("headline", "summary", "lag", *RUNBOOKS)
"""Annotations that are not lines of their own: they are in the first line, or have a place of their own."""


def title(group: GroupNotice) -> str:
    """One line: how many alerts fire and are resolved, and the first line of the first that is news."""
    firing, resolved = _count(group, resolved=False), _count(group, resolved=True)
    parts = ([f"FIRING {firing}"] if firing else []) + ([f"RESOLVED {resolved}"] if resolved else [])
    first = next(iter(group.news or group.notices))
    text = f"[{', '.join(parts)}] {visible(dict(first.labels)['alertname'])}: {headline(first)}"
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def text(group: GroupNotice, most: int = MOST_CHARACTERS) -> str:
    """Every alert with the parts of its message, the news first, in at most so many characters.

    Where that is too long, fewer alerts have more than their first line, and what is left is cut after a line.
    """
    for whole in range(WHOLE, 0, -1):
        written = _text(group, whole)
        if len(written) <= most:
            return written
    written = _text(group, 0)
    return written if len(written) <= most else f"{written[: most - 2].rpartition(chr(10))[0]}\n…"


def _text(group: GroupNotice, whole: int) -> str:
    notices = in_order(group)
    lines = [entry(each, whole=place < whole) for place, each in enumerate(notices[:MOST])]
    if len(notices) > MOST:
        lines.append(f"and {len(notices) - MOST:,} more alerts")
    return "\n".join(lines)


def in_order(group: GroupNotice) -> list[Notice]:
    """The alerts of a notification, the news first."""
    return sorted(group.notices, key=lambda each: each.labels not in group.changed)


def entry(notice: Notice, *, whole: bool = True) -> str:
    """One alert: its state and first line, and the parts of its message unless it is not to be `whole`."""
    lines = [state_of(notice), f"  {headline(notice)}"]
    if whole:
        lines += (f"  {title}: {said}" for title, said in parts(notice))
    lines += (f"  {title}: {address}" for title, address in links(notice))
    return "\n".join(lines)


def state_of(notice: Notice) -> str:
    """FIRING page KafkaGroupStuck since 2026-09-21T14:13:20.000Z."""
    labels = dict(notice.labels)
    named = f"{visible(labels.get('severity', ''))} {visible(labels['alertname'])}"
    if notice.resolved:
        return f"RESOLVED {named} at {timestamp(notice.ends_at)}"
    return f"FIRING {named} since {timestamp(notice.starts_at)}"


def parts(notice: Notice) -> list[tuple[str, str]]:
    """Titles and texts of the parts of an alert's message after its first line, in their order; then the rule's own.

    The summary is one where the first line does not have all that it says and no other part says it.
    """
    annotations = dict(notice.annotations)
    shown = [name for name in PARTS if name in annotations and name not in IN_FIRST_LINE]
    if "behind" not in shown and _adds(annotations.get("summary", ""), annotations.get("headline", "")):
        shown.insert(0, "summary")
    own = [name for name in annotations if name not in PARTS and name not in RUNBOOKS]
    titles = [*((PARTS[name].title, name) for name in shown), *((name, name) for name in own)]
    return [(visible(title), visible(annotations.get(name, ""), _PART)) for title, name in titles]


def _adds(summary: str, first_line: str) -> bool:
    """Whether a summary says more than a first line, beside since when."""
    return bool(first_line) and any(part not in first_line and "since " not in part for part in summary.split("; "))


def links(notice: Notice) -> list[tuple[str, str]]:
    """Titles and addresses: of the runbook, and of kmon's page about the alert."""
    annotations = dict(notice.annotations)
    found = [("Runbook", annotations[name]) for name in RUNBOOKS if name in annotations]
    found += [("Details", notice.url)] if notice.url else []
    return [(title, visible(address, _PART)) for title, address in found]


def headline(notice: Notice) -> str:
    """The first line of an alert's message."""
    annotations = dict(notice.annotations)
    return visible(annotations.get("headline") or annotations.get("summary", ""), _PART)


def summary(notice: Notice) -> str:
    """The alert's sentence, in one line; control characters of names are visible."""
    return visible(dict(notice.annotations).get("summary", ""), _PART)


def common(pairs: list[Labels]) -> dict[str, str]:
    """Names and values that all have."""
    if not pairs:
        return {}
    first, *others = (dict(each) for each in pairs)
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def _count(group: GroupNotice, *, resolved: bool) -> int:
    return sum(notice.resolved is resolved for notice in group.notices)

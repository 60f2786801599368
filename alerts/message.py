"""What a notification about a group of alerts says in plain text: a title, and a line or two for each alert."""

from alerts.notice import GroupNotice, Notice, timestamp
from alerts.samples import Labels
from monitor.model.text import visible

TITLE = 200
"""The most characters of a title."""
_SUMMARY = 1_000
MOST = 20
"""So many alerts are written out; the others are counted."""


def title(group: GroupNotice) -> str:
    """One line: how many alerts fire and are resolved, and the summary of the first that is news."""
    firing, resolved = _count(group, resolved=False), _count(group, resolved=True)
    parts = ([f"FIRING {firing}"] if firing else []) + ([f"RESOLVED {resolved}"] if resolved else [])
    first = next(iter(group.news or group.notices))
    text = f"[{', '.join(parts)}] {visible(dict(first.labels)['alertname'])}: {summary(first)}"
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"


def text(group: GroupNotice) -> str:
    """Every alert with its severity, state, summary, page and runbook, the news first."""
    changed = [each for each in group.notices if each.labels in group.changed]
    others = [each for each in group.notices if each.labels not in group.changed]
    notices = [*changed, *others]
    lines = [entry(each) for each in notices[:MOST]]
    if len(notices) > MOST:
        lines.append(f"and {len(notices) - MOST:,} more alerts")
    return "\n".join(lines)


def entry(notice: Notice) -> str:
    """One alert."""
    labels, annotations = dict(notice.labels), dict(notice.annotations)
    state = "RESOLVED" if notice.resolved else "FIRING"
    when = timestamp(notice.ends_at if notice.resolved else notice.starts_at)
    lines = [f"{state} {visible(labels.get('severity', ''))} {visible(labels['alertname'])} since {when}"]
    if notice.resolved:
        lines = [lines[0].replace(" since ", " at ")]
    lines.append(f"  {summary(notice)}")
    for name in ("runbook", "runbook_url"):
        if name in annotations:
            lines.append(f"  Runbook: {visible(annotations[name], _SUMMARY)}")
    if notice.url:
        lines.append(f"  Details: {visible(notice.url, _SUMMARY)}")
    return "\n".join(lines)


def summary(notice: Notice) -> str:
    """The alert's sentence, in one line; control characters of names are visible."""
    return visible(dict(notice.annotations).get("summary", ""), _SUMMARY)


def common(pairs: list[Labels]) -> dict[str, str]:
    """Names and values that all have."""
    if not pairs:
        return {}
    first, *others = (dict(each) for each in pairs)
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def _count(group: GroupNotice, *, resolved: bool) -> int:
    return sum(notice.resolved is resolved for notice in group.notices)

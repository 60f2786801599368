"""Runs rules over the polls that a running kmon remembers."""

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.preview import Preview
from alerts.rule_files import rules_of_documents
from alerts.rules import AnyRule
from monitor.poll.recording import Recording


def preview(files: Mapping[str, str], recording: Recording, since: float, beside: Iterable[AnyRule]) -> dict[str, Any]:
    """When the rules of these files, by path, would have fired since unix time `since`: see Preview.plain.

    `beside` are the rules in effect. Raises SettingsError with everything that is wrong in the files.
    """
    rules = rules_of_documents({path: text.encode() for path, text in files.items()})
    found = Preview(rules, beside)
    for view in recording.views(since):
        found.observe(view)
    found.end()
    return found.plain()

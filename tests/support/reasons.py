"""Reasons as the texts of tests: what code decides by is a value, and what tests read are its words."""

import re
from typing import Any

from monitor.collect.draft import Draft
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.table import Texts, objects


def reason(text: str) -> Reason:
    """A reason with this text: that of a broker where it says so."""
    found = re.fullmatch(r"broker (\d+): (.*)", text)
    node, detail = (int(found[1]), found[2]) if found else (None, text)
    return Reason(Kind.OTHER, node, detail=detail) if text else NO_REASON


def reasons(*texts: str) -> tuple[Reason, ...]:
    """Those of these texts that are not empty."""
    return tuple(reason(each) for each in texts if each)


def texts(draft: Draft) -> list[str]:
    """The texts of the reason codes of a draft."""
    return [str(each) for each in draft.reasons]


def failed(draft: Draft) -> dict[int, str]:
    """Why brokers of a draft failed, in words."""
    return {node: str(why) for node, why in draft.failed.items()}


def whys(*texts: str) -> Texts:
    """The column of reasons of a table of capabilities."""
    return objects(map(reason, texts))


def worded(value: Any) -> Any:
    """A value with the texts of the reasons in it."""
    if isinstance(value, Reason):
        return str(value)
    if isinstance(value, dict):
        return {key: worded(each) for key, each in value.items()}
    return type(value)(map(worded, value)) if isinstance(value, list | set) or type(value) is tuple else value

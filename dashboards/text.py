"""What failed, in words, and the word of a status."""

from monitor.derive.lag import STATUSES
from monitor.view import View


def status(code: int) -> str:
    """The word of a status code."""
    return STATUSES[code]


def failures(view: View) -> list[tuple[str, str]]:
    """The collectors that failed in the View's poll and why; when nothing answered, "all" with that reason once."""
    error = view.snapshot.error
    failed = [(each.collector, each.error or "failed") for each in view.snapshot.outcomes if not each.success]
    return [("all", error), *(each for each in failed if each[1] != error)] if error else failed


def failure(view: View, *collectors: str) -> str:
    """Why what these collectors bring is not whole, empty when it is."""
    if view.snapshot.error:
        return view.snapshot.error
    outcomes = [outcome for name in collectors if (outcome := view.outcome(name)) is not None]
    return "; ".join(each.error or f"{each.collector} failed" for each in outcomes if not each.success)

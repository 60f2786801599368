"""A View in which groups have left topics, as one poll can tell it."""

from series import Series
from views import Group, Topic

from monitor.model.view import View

HOUR = 3600.0


def left_view() -> View:
    """Group reader has left topic b, with 500 records there, 20 of which were deleted; it has 1 to read of topic a.

    Group gone has left all that it has commits on; group dead has no members, and 300 records to read of b.
    """
    members = [("c", "/10.0.3.1", [("a", 0)])]
    return Series(retention_seconds=3 * HOUR).poll(
        [Topic("a", [(0, 1000)]), Topic("b", [(520, 1000)])],
        [
            Group("dead", {("b", 0): 700}, [], state="Empty"),
            Group("gone", {("b", 0): 700}, [("d", "/10.0.3.2", [])], subscribed=("c",)),
            Group("reader", {("a", 0): 999, ("b", 0): 500}, members, subscribed=("a",)),
        ],
        ages={("b", 0): HOUR, ("a", 0): 1.0},
    )

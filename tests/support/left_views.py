"""A View in which groups have left topics."""

from series import Series
from views import Group, Topic

from monitor.model.view import View

HOUR = 3600.0


def left_view() -> View:
    """Group reader has left topic b, with 480 records there, and reads a. Group dead has no members, and lag on b.

    Group gone-v1 has left all topics, with 300 records on b: gone-v2 replaced it.
    """
    series = Series(interval=60.0, retention_seconds=3 * HOUR)
    places, subscribed = {("a", 0): 999.0, ("b", 0): 1000.0}, ("a", "b")
    for poll in range(9):
        alive = [("c", "/10.0.3.2", list(places))]
        old = Group("gone-v1", {("a", 0): 999, ("b", 0): 700}, alive, subscribed=subscribed)
        new = Group("gone-v2", dict(places), alive, subscribed=subscribed)
        if poll > 1:
            old.members, old.state = [], "Empty"
        view = series.poll(
            [Topic("a", [(0, 1000)]), Topic("b", [(520, 1000)])],
            [
                Group("dead", {("b", 0): 700}, [], state="Empty"),
                Group("reader", {("a", 0): 999, ("b", 0): 500}, [("c", "/10.0.3.1", [("a", 0)])], subscribed=("a",)),
                old,
                *([new] if poll > 1 else []),
            ],
            ages={("b", 0): HOUR, ("a", 0): 1.0},
        )
    return view

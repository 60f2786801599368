"""The messages by which data enters the terminal interface."""

from textual.message import Message

from monitor.model.view import View
from monitor.poll.source import Point


class ViewArrived(Message):
    """A new View of one source, with what is remembered of the polls before it; posted from the poll's thread."""

    def __init__(self, source: int, view: View, points: list[Point]) -> None:
        """`source` is the place of the source among those the app was given."""
        super().__init__()
        self.source = source
        self.view = view
        self.points = points

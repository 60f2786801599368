"""What a screen asks of the app that it runs in."""

from collections.abc import Hashable
from typing import ClassVar

from textual.app import App
from textual.screen import Screen

from tui.heading import View
from tui.picture import Picture
from tui.server import Change


class Host(App[None], inherit_bindings=False):
    """The app as its screens see it: what is drawn, and the way to other screens by their NAME."""

    picture: Picture
    views: ClassVar[tuple[View, ...]]

    def screen_named(self, name: str, about: Hashable) -> Screen[None]:
        """A new screen with this NAME, about one thing such as a group's id."""
        raise NotImplementedError

    def back(self) -> None:
        """Go one screen back."""
        raise NotImplementedError

    def action_view(self, name: str) -> None:
        """Go to the view with this NAME."""
        raise NotImplementedError

    def watch_cluster(self, place: int) -> None:
        """Show the cluster at `place` of the picture's clusters."""
        raise NotImplementedError

    def ask_server(self, change: Change | None = None) -> None:
        """Have the kmon that sends alerts asked for them, after a change where there is one. Returns at once."""
        raise NotImplementedError

"""The one error of the demo cluster: what went wrong, in words for the person who started it."""


class DemoError(Exception):
    """The demo cluster cannot go on; `str(error)` is one line, or one line and the tail of a log."""

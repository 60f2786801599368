"""The one error that wrong settings raise."""

from collections.abc import Sequence


class SettingsError(Exception):
    """Settings that cannot be used: `problems` says why, one line each, and never holds a secret.

    `notes` are what else a person should know about the settings, which may be the cause.
    """

    def __init__(self, *problems: str, notes: Sequence[str] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems, self.notes = problems, tuple(notes)

    @property
    def lines(self) -> list[str]:
        """What commands print: the notes, then the problems."""
        return [*(f"kmon: {each}" for each in self.notes), *self.problems]

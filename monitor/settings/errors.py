"""The one error that wrong settings raise."""


class SettingsError(Exception):
    """Settings that cannot be used: `problems` says why, one line each, and never holds a secret."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

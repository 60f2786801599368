"""Regular expressions of users, matched in time linear in the text: RE2, which refuses what it cannot bound."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

MAX_BYTES = 1 << 20
"""Memory that one expression may take; a larger one is refused."""

REMEMBERED = 20_000
"""Texts whose answer an expression remembers: names stay from poll to poll, and asking RE2 takes microseconds."""


class Pattern:
    """A regular expression that is matched against whole texts; `.` is any character, also a line break."""

    def __init__(self, pattern: str) -> None:
        """Raises ValueError that says what RE2 refuses."""
        options = re2.Options()
        options.dot_nl = True
        options.never_capture = True
        options.log_errors = False
        options.max_mem = MAX_BYTES
        self._answers: dict[str, bool] = {}
        try:
            self._match: Any = re2.compile(pattern, options).fullmatch
        except re2.error as error:
            raise ValueError(f"is no regular expression that RE2 takes: {_words(error)}") from None

    def matches(self, text: str) -> bool:
        answer = self._answers.get(text)
        if answer is None:
            if len(self._answers) == REMEMBERED:
                self._answers.clear()
            answer = self._match(text.encode("utf-8", "replace")) is not None
            self._answers[text] = answer
        return answer


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


pattern_of = lru_cache(maxsize=64)(Pattern)
"""The Pattern of a text, kept for the next poll that asks."""

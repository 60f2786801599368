"""Regular expressions of users, matched in time linear in the text: RE2, which refuses what it cannot bound.

Every pattern that a user can write is compiled here: a pattern of Python's `re` can hang the process on a hostile name.
"""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # it ships no types

MAX_BYTES = 1 << 20
"""Memory that one expression may take; a larger one is refused."""

REMEMBERED, REMEMBERED_CHARACTERS = 20_000, 300
"""Texts whose answer an expression remembers: names stay from poll to poll, and asking RE2 takes microseconds. Longer
texts are asked again: a group id may have 32,767 characters."""


class Pattern:
    """A regular expression; `.` is any character, also a line break. `matches` wants the whole text, `finds` a part."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        """Raises ValueError that says what RE2 refuses."""
        options = re2.Options()
        options.dot_nl = True
        options.never_capture = True
        options.log_errors = False
        options.max_mem = MAX_BYTES
        options.case_sensitive = not ignore_case
        self.text, self._ignore_case = pattern, ignore_case
        self._answers: dict[str, bool] = {}
        try:
            self._compiled: Any = re2.compile(_bytes(pattern), options)
        except re2.error as error:
            raise ValueError(f"is not a regular expression that RE2 accepts: {_words(error)}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and (self.text, self._ignore_case) == (other.text, other._ignore_case)

    def __hash__(self) -> int:
        return hash((self.text, self._ignore_case))

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        answer = self._answers.get(text)
        if answer is None:
            answer = self._compiled.fullmatch(_bytes(text)) is not None
            if len(text) <= REMEMBERED_CHARACTERS:
                if len(self._answers) >= REMEMBERED:  # several threads may have filled it beyond that
                    self._answers.clear()
                self._answers[text] = answer
        return answer

    def finds(self, text: str) -> bool:
        """Whether a part of the text matches."""
        return self._compiled.search(_bytes(text)) is not None


def _bytes(text: str) -> bytes:
    """UTF-8, with a question mark for a lone surrogate, which UTF-8 does not have."""
    return text.encode("utf-8", "replace")


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


pattern_of = lru_cache(maxsize=64)(Pattern)
"""The Pattern of a text, kept for the next poll that asks."""

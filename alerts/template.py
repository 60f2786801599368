"""Annotations of rules: texts with columns of the row in them, `{{ group }} is {{ lag_seconds }} behind`. No logic."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.model.text import visible
from monitor.settings.raw_values import nearest

_FIELD = re.compile(r"\{\{(.*?)(\}\}|$)", re.DOTALL)
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")


class TemplateError(ValueError):
    """A text that is no template: what is wrong, in one line, about `text[position:]`."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(visible(problem))
        self.position = position


@dataclass(frozen=True)
class Template:
    """`parts` are texts and, at every other place, names of columns: text, name, text, …, text."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str, schema: Mapping[str, object], kind: str = "column") -> "Template":
        """Raises TemplateError for braces that are not closed, and for what is no column (the `kind`) of `schema`."""
        parts, end = [], 0
        for found in _FIELD.finditer(text):
            name = _NAME.fullmatch(found[1])
            if not found[2]:
                raise TemplateError(f"{{{{ is not closed: write {{{{ {kind} }}}}", found.start())
            if name is None:
                raise TemplateError(f"{{{{{found[1]}}}}} is no {kind}: write {{{{ {kind} }}}}", found.start())
            if name[1] not in schema:
                raise TemplateError(
                    f"unknown {kind} {name[1]}: {nearest(name[1], schema)}", found.start(1) + name.start(1)
                )
            parts += [text[end : found.start()], name[1]]
            end = found.end()
        return cls((*parts, text[end:]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return self.parts[1::2]

    def fill(self, value: Callable[[str], str]) -> str:
        """The text of a row, of which `value` gives a column as people read it."""
        return "".join(value(part) if place % 2 else part for place, part in enumerate(self.parts))

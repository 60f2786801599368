"""The settings of owners: who is responsible for which groups and topics."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from monitor.model.owners import OwnerRule
from monitor.model.patterns import Pattern
from monitor.settings.values import Frozen, Name, Regexes


class OwnerSettings(Frozen):
    """Who is responsible for some groups and topics: the first entry that names a group or topic counts."""

    groups: Regexes = Field(default=(), description="expressions (RE2) of whole group ids")
    topics: Regexes = Field(default=(), description="expressions (RE2) of whole topic names")
    owner: Name | None = Field(default=None, description="person or service")
    team: Name | None = Field(default=None, description="team")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.groups and not self.topics:
            raise ValueError("needs groups or topics")
        if self.owner is None and self.team is None:
            raise ValueError("needs owner or team")
        return self


def owner_rules(owners: Sequence[OwnerSettings]) -> tuple[OwnerRule, ...]:
    """The settings as the core has them."""
    return tuple(
        OwnerRule(tuple(map(Pattern, each.groups)), tuple(map(Pattern, each.topics)), each.owner, each.team)
        for each in owners
    )

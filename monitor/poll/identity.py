"""What a cluster is called when the settings give it no name: its address until it answers, and then its id."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class ClusterName:
    """The name of one cluster. It changes once at most, from `address` to the cluster's id.

    `name` is the one that the settings give, and never changes. `known` is the id that an earlier run of kmon had for
    this address: it stands for the address until the cluster answers.
    """

    name: str | None
    address: str
    known: str | None = None

    def __str__(self) -> str:
        return self.name or self.known or self.address

    def settle(self, cluster_id: str | None) -> Self:
        """The name after a poll; `cluster_id` is None when it brought none. The first id settles it for good.

        Were it to follow later ids, an address that leads to two clusters in turn would make two of each series.
        """
        return self if self.name is not None or not cluster_id else replace(self, name=cluster_id)

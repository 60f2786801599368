"""What a cluster is called when the settings give it no name: its address until it answers, and then its id."""


class ClusterName:
    """The name of one cluster, shared by all that poll it. It changes once at most, from `address` to the cluster's id.

    `name` is the one that the settings give, and never changes. `known` is the id that an earlier run of kmon had for
    this address: it stands for the address until the cluster answers.
    """

    def __init__(self, name: str | None, address: str, known: str | None = None) -> None:
        self._settled = name
        self._before = known or address

    def __str__(self) -> str:
        return self._settled or self._before

    def settle(self, cluster_id: str | None) -> str:
        """The name after a poll; `cluster_id` is None when it brought none. The first id settles it for good.

        Were it to follow later ids, an address that leads to two clusters in turn would make two of each series.
        """
        if self._settled is None and cluster_id:
            self._settled = cluster_id
        return str(self)

"""Keys of rows that are partitions: made one by one, as only the rows in sight need theirs."""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from monitor.model.table import Ints, Texts

Place = tuple[str, int]


class Places(Sequence[Place]):
    """(topic name, partition number) of each row, from two columns of equal length."""

    def __init__(self, topics: Texts, partitions: Ints) -> None:
        self._topics, self._partitions = topics, partitions

    def __len__(self) -> int:
        return len(self._partitions)

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> "Places": ...
    def __getitem__(self, index: int | slice) -> "Place | Places":
        if isinstance(index, slice):
            return Places(self._topics[index], self._partitions[index])
        return str(self._topics[index]), int(self._partitions[index])

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first row with this key. Raises ValueError when there is none."""
        topic, partition = value
        at = np.flatnonzero(self._partitions[start:stop] == partition)
        same = at[self._topics[start:stop][at] == topic]
        if not len(same):
            raise ValueError(f"no row {value}")
        return start + int(same[0])

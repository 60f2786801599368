"""A histogram as a metric family: for each row of its subject a line for each bucket, their count and their sum."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from exporters.exposition import LabelColumn, Lines, templates
from exporters.family import Family, numbers_of
from exporters.readings import Readings
from monitor.model.table import Floats, Ints, objects
from monitor.subjects.column import Lists


@dataclass(frozen=True, eq=False)
class Histogram(Family):
    """A family whose column has for each row a count for each of `bounds`, which is of the values up to it and above
    the bound before, and a last one of those above all. The subject has the sum of the values in the column `sum`.
    """

    bounds: tuple[float, ...] = ()
    sum: str = ""
    bounds_unit: str = "seconds"

    @property
    def type(self) -> str:
        return "histogram"

    @property
    def unit(self) -> str:
        return self.bounds_unit

    @property
    def whole(self) -> bool:
        return False

    def writer(self, *fixed: tuple[str, str]) -> Lines:
        return _Lines(self.name, fixed, self.label_names, self.bounds)

    def most_lines(self, readings: Readings) -> int:
        return super().most_lines(readings) * (len(self.bounds) + 3)

    def line_counts(self, readings: Readings) -> Ints:
        rows = readings.chosen_numbers(self.subject, self.where)
        return np.full(len(rows), len(self.bounds) + 3)

    def lines(self, readings: Readings) -> tuple[tuple[LabelColumn, ...], Floats]:
        """The label columns of the rows, and the numbers of all lines: of the first row's buckets, their count and
        sum, of the second's …
        """
        reading = self._read(readings)
        counts, sums = reading[self.column], numbers_of(reading[self.sum])
        assert isinstance(counts, Lists)
        _, flat = counts.values.flat(counts.rows)
        up_to = np.cumsum(flat.reshape(-1, len(self.bounds) + 1), axis=1)
        return self._labels(readings), np.column_stack([up_to, up_to[:, -1:], sums]).ravel()


class _Lines(Lines):
    """The lines of a histogram, those of a row together as OpenMetrics wants them."""

    number = b"%.15g"

    def __init__(
        self, name: str, fixed: Sequence[tuple[str, str]], labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        super().__init__(name, fixed, labels, whole=False)
        self._buckets = [*map(repr, bounds), "+Inf"]

    def _made(self, labels: Sequence[tuple[str, LabelColumn]], parts: Sequence[Ints]) -> Iterator[bytes]:
        width = len(self._buckets) + 2
        rows = sum(map(len, parts)) // width
        lines = objects([b""] * (rows * width))
        every = [np.array([row]) for row in range(rows)]
        for place, bound in enumerate(self._buckets):
            with_bound = [*labels, ("le", (objects([bound]), np.zeros(rows, np.int64)))]
            lines[place::width] = list(templates(f"{self._name}_bucket", self._fixed, with_bound, every, self.number))
        for place, suffix in ((width - 2, "count"), (width - 1, "sum")):
            lines[place::width] = list(templates(f"{self._name}_{suffix}", self._fixed, labels, every, self.number))
        yield from (b"".join(lines[part].tolist()) for part in parts)

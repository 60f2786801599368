"""The text of one cluster's families on the metrics page, made anew with each View."""

import logging
from collections.abc import Sequence

import numpy as np

from exporters.budget import OTHER_LABELS, Cut, others, switched_on, within
from exporters.exposition import Lines, Piece
from exporters.families import BUDGET_FAMILIES, CLUSTER_UP
from exporters.family import Family
from exporters.formats import Format, head
from exporters.names import families_of
from exporters.readings import Labels, Readings
from monitor.model.text import count, visible
from monitor.model.view import View
from monitor.settings.metrics import MetricsSettings
from monitor.subjects.lag import LAG

log = logging.getLogger(__name__)


class ClusterText:
    """What the page has of one cluster: `texts` by family, of most of which there is none before the first View.

    `clusters` is how many the page has.
    """

    def __init__(self, name: str, settings: MetricsSettings, clusters: int) -> None:
        self.name = name
        self.shown = False
        self.stale = False
        self.data_time: float | None = None
        """Unix time of the newest successful poll."""
        self._settings = settings
        self._families = switched_on(families_of(settings.names), settings)
        self._labels: Labels = {}
        self._withheld = 0
        self._lines = {
            each.name: each.writer(*each.of_cluster(name, clusters)) for each in (*self._families, *BUDGET_FAMILIES)
        }
        self._others = {
            each.name: Lines(each.name, (("cluster", name),), OTHER_LABELS, whole=each.whole)
            for each in self._families
            if each.summed
        }
        self.texts: dict[str, Sequence[Piece]] = {
            each.name: self._lines[each.name].render((), np.array([each.unknown]))
            for each in self._families
            if not each.label_names
        }

    def render(self, view: View) -> None:
        """Make the texts of a View."""
        self.shown, self.stale = True, False
        self.data_time = view.shown.time if view.shown.up else None
        families = [each for each in self._families if view.up or each.always]
        whole, left = within(families, view, self._settings, self._labels)
        readings = whole if not any(left.withheld.values()) else Readings(view, self._labels, left.among)
        self.texts = {each.name: self._lines[each.name].render(*each.lines(readings)) for each in families}
        for each in families:
            if left.summed and each.summed:
                sums = self._others[each.name].render(*others(each, whole, left.among[LAG.name]))
                self.texts[each.name] = [*self.texts[each.name], *sums]
        self._tell(left)
        self._labels = readings.columns

    def _tell(self, left: Cut) -> None:
        """Say how many series are withheld, in a metric and, when that begins and ends, in the log."""
        counted = Readings(left)
        for each in BUDGET_FAMILIES:
            self.texts[each.name] = self._lines[each.name].render(*each.lines(counted))
        before, self._withheld = self._withheld, sum(left.withheld.values())
        if self._withheld and not before:
            log.warning(
                "%s: %s series are withheld, because metrics.max_series is %s: those of the worst groups and partitions"
                " are kept",
                visible(self.name),
                count(self._withheld),
                count(self._settings.max_series),
            )
        elif before and not self._withheld:
            log.info("%s: no series are withheld any more", visible(self.name))

    def withhold(self) -> None:
        """Keep only what is of kmon itself: there was no poll for so long that the numbers say nothing of now."""
        self.stale = True
        self.texts = {each.name: self.texts[each.name] for each in self._families if each.always}
        self.texts[CLUSTER_UP.name] = CLUSTER_UP.writer(("cluster", self.name)).render((), np.zeros(1))


def lines_of(families: Sequence[Family], told: object, form: Format) -> list[Piece]:
    """The heads and lines of families that are not of one cluster."""
    readings = Readings(told)
    return [piece for each in families for piece in (head(form, each), *each.writer().render(*each.lines(readings)))]

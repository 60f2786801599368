"""Columns of how a group stands and of its lag in time, shared by the tables of groups, readers and partitions."""

from collections.abc import Callable

import numpy as np

from monitor.derive.lag import STATUSES
from monitor.snapshot import KNOWN, Groups
from monitor.table import Floats, Table
from monitor.text import UNKNOWN as DASH
from monitor.text import age as core_age
from monitor.text import at_least, rate, visible
from monitor.view import View
from tui.format import age
from tui.widgets.columns import Cell, Column, meaning
from tui.widgets.rows import Make, Rows, ages, amounts, counts, names, statuses, totals

STATUS_MEANING = (
    "lost: records were deleted before they were read; losing: deletion will overtake the group; stuck: its offset does"
    " not move; stopped: nobody is consuming; rewound: it fell; growing: read slower than produced; behind: old records"
    " are still to be read; unknown: nobody can say, and Why says why; ok: read in time"
)

Of = Callable[[str], Make]
"""Gives a column of the core's tables, by its name, for the rows of a table."""

"""docs/tables.md, every subject with its columns: `python tests/support/tables_page.py` writes it."""

from pathlib import Path

from monitor.subjects import SUBJECTS
from monitor.subjects.column import Column, Subject
from monitor.subjects.kinds import Type

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"

OPENING = """\
# Tables

Every table of a cluster, with its columns. The JSON API, `kmon lag`, filters and DataFrames use these names. In a
notebook:

```python
from monitor.collect.collectors import COLLECTORS
from monitor.poll.poller import poll_once
from monitor.settings import ClusterSettings
from monitor.subjects.frames import frame

view = poll_once(ClusterSettings(bootstrap_servers=("localhost:9092",)), COLLECTORS)
lag = frame(view, "lag").set_index(["group", "topic", "partition"])
lag.sort_values("lag_seconds").tail()
```

- **Unknown** numbers are NaN in a DataFrame and null in JSON; a column whose name ends in
  `reason` has the reason.
- **None**, or null in JSON, is a value that does not exist, such as the leader of an offline partition.
- **Units** are in `frame.attrs["units"]` and below. Unix times and durations are in seconds.
- **A filter** can use every column except lists: see [the filter language](filter.md).
- **Rates**, and statuses that take several polls to determine, are unknown after one poll: `kmon lag --for 5m` polls
  for longer.
"""


def page() -> str:
    """The whole page."""
    return "".join([OPENING, *map(_table, SUBJECTS.values())])


def _table(subject: Subject) -> str:
    rows = "\n".join(f"| `{each.name}` | {_kind(each)} | {each.meaning} |" for each in subject.columns)
    key = ", ".join(f"`{name}`" for name in subject.key)
    about = f"One row per {subject.about}. Key: {key}."
    return f"\n## `{subject.name}`\n\n{about}\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n"


def _kind(column: Column) -> str:
    if column.words:
        return "one of " + ", ".join(column.words)
    if column.kind.type is Type.NUMBER and column.unit:
        return column.unit
    return column.kind.name


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

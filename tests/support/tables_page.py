"""docs/tables.md, every table that `monitor.frames.frame` gives: `python tests/support/tables_page.py` writes it."""

from pathlib import Path

from views import shop_view

from monitor.frames import SNAPSHOT_TABLES, TABLES, frame, table_of
from monitor.model.view import View

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"

OPENING = """\
# Tables

A View in a notebook, as pandas DataFrames: `frame(view, "lag")`. One poll of a cluster gives a View:

```python
from monitor.collectors import COLLECTORS
from monitor.frames import frame
from monitor.poll import poll_once
from monitor.settings import ClusterSettings

view = poll_once(ClusterSettings(bootstrap_servers=("localhost:9092",)), COLLECTORS)
lag = frame(view, "lag").set_index(["group", "topic", "partition"])
lag.join(frame(view, "lag_times").drop(columns="reason")).sort_values("lag_seconds").tail()
```

Unknown numbers are NaN, with the reason in the column `reason` where there is one. Units are in `frame.attrs["units"]`
and below. Columns called `group` and `topic` hold names, `status` and `method` words, and `reason` texts. Rates, and
statuses that take time to tell, are unknown after one poll: they need a `Poller` that polls more than once.
"""


def page() -> str:
    """The whole page."""
    view = shop_view()
    parts = [OPENING, "\n## Of the View: what was derived\n", *(_table(view, name) for name in TABLES)]
    parts += ["\n## Of the Snapshot: what Kafka said\n", *(_table(view, name) for name in SNAPSHOT_TABLES)]
    return "".join(parts)


def _table(view: View, name: str) -> str:
    table = table_of(view, name)
    about = " ".join((type(table).__doc__ or "").split("\n\n")[0].split())
    index = [each for each in frame(view, name).index.names if each]
    if index:
        about += f" Index: {', '.join(f'`{each}`' for each in index)}."
    rows = "\n".join(
        f"| `{each.name}` | {each.metadata['meaning']} | {each.metadata['unit']} |" for each in table.schema()
    )
    return f"\n### `{name}`\n\n{about}\n\n| column | meaning | unit |\n|---|---|---|\n{rows}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

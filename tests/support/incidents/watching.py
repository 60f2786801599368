"""kmon as its users run it, with times compressed by its settings, and the pager that it notifies."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from real_kmon import Serve

from alerts.store import FILE
from incidents import scale
from incidents.pager import Pager


class Kmon:
    """A `kmon serve` that can be ended and started again on the same state. `pager` has what it sent.

    Limits of time are `time_scale` times shorter; `more` goes to `scale.settings`.
    """

    def __init__(
        self, bootstrap: str, folder: Path, pager: Pager, time_scale: float = scale.FACTOR, **more: Any
    ) -> None:
        self.pager = pager
        self._time_scale = time_scale
        self.state = folder / "state" / FILE
        """The file of its state."""
        self._config = folder / "kmon.yaml"
        self._config.write_text(json.dumps(scale.settings(bootstrap, pager.url, folder, **more)), encoding="utf-8")
        self._serve = self._start()

    def _start(self) -> Serve:
        variables = {"KMON_TIME_SCALE": f"{self._time_scale:g}", "KMON_ALERTS_KEEP_STATE": "true"}
        return Serve("--config", str(self._config), **variables)

    @property
    def url(self) -> str:
        """Where it serves its metrics page."""
        return self._serve.url

    @property
    def said(self) -> str:
        """What it has logged since it was started last."""
        return self._serve.said

    @property
    def pid(self) -> int:
        return self._serve.pid

    def value(self, name: str) -> float | None:
        """The value of the only sample of this name on its metrics page, None where there is none."""
        return self._serve.value(name)

    def restart(self) -> None:
        """End it in order, and start it again."""
        self._serve.end()
        self._serve.close()
        self._serve = self._start()

    def close(self) -> None:
        self._serve.close()


@contextmanager
def watching(bootstrap: str, **more: Any) -> Iterator[Kmon]:
    """A kmon on a cluster while the context lasts; `more` goes to `Kmon`, what it does not know to its context."""
    with tempfile.TemporaryDirectory(prefix="kmon-incidents-") as folder, Pager() as pager:
        kmon = Kmon(bootstrap, Path(folder), pager, **more)
        try:
            yield kmon
        finally:
            kmon.close()

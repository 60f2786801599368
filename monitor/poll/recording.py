"""The Views of the last hour, packed, for what looks back at whole polls: a preview of alert rules."""

import pickle
import threading
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from monitor.model.view import View

SECONDS = 3600.0
"""How far back Views are kept."""
MAX_BYTES = 16_000_000
"""Memory that the Views of one cluster may take."""


class _Packed(NamedTuple):
    time: float
    data: bytes


class _Deflated:
    """A file that compresses what is written to it, without a copy of it all."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(1)
        self._parts: list[bytes] = []

    def write(self, data: bytes | pickle.PickleBuffer) -> int:
        """Large arrays come as they are in memory, not as bytes."""
        self._parts.append(self._compressor.compress(data))
        return memoryview(data).nbytes

    def end(self) -> bytes:
        return b"".join([*self._parts, self._compressor.flush()])


class Recording:
    """Keeps the Views of a cluster for `seconds`, in at most `max_bytes`.

    Those of a large cluster do not all fit: it then keeps fewer of them, evenly spaced over that time.
    """

    def __init__(self, seconds: float = SECONDS, max_bytes: int = MAX_BYTES) -> None:
        self._seconds, self._max_bytes = seconds, max_bytes
        self._apart, self._packed_at = 0.0, float("-inf")
        self._kept: list[_Packed] = []
        self._lock = threading.Lock()

    def add(self, view: View) -> None:
        """Keep a View, which is newer than those before; called on the poll's thread."""
        kept = [each for each in self._kept if view.time - self._seconds <= each.time < view.time]
        if not self._packed_at <= view.time < self._packed_at + self._apart:
            self._packed_at, file = view.time, _Deflated()
            pickle.dump(view, file, protocol=5)
            kept.append(_Packed(view.time, file.end()))
        while sum(len(each.data) for each in kept) > self._max_bytes:
            kept = self._thinned(kept)
        with self._lock:
            self._kept = kept

    def views(self, since: float = 0.0) -> Iterator[View]:
        """The Views since unix time `since`, oldest first, each unpacked when it is asked for."""
        with self._lock:
            kept = self._kept
        for each in kept:
            if each.time >= since:
                yield pickle.loads(zlib.decompress(each.data))  # noqa: S301 - packed by `add`

    def _thinned(self, kept: list[_Packed]) -> list[_Packed]:
        """Every other one, the newest included; none where a single one is too large."""
        if len(kept) == 1:
            self._apart = self._seconds
            return []
        spans = (kept[-1].time - kept[0].time) / (len(kept) - 1)
        self._apart = max(self._apart, 1.5 * spans)
        return kept[::-2][::-1]

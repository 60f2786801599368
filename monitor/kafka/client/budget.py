"""How much memory the answers of one cluster may take while they are received, all connections together."""

import threading
from collections.abc import Callable

from kafka.errors import InvalidReceiveError

SMALL_BYTES = 2**20
"""An answer of up to so much does not count, so that a large one of one broker does not cost another broker its own."""


class Lease:
    """A part of a budget, given back by `release` or with the last reference to it."""

    def __init__(self, size: int, give_back: Callable[[int], None]) -> None:
        self._size = size
        self._give_back = give_back

    def release(self) -> None:
        size, self._size = self._size, 0
        self._give_back(size)

    def __del__(self) -> None:
        self.release()


class Budget:
    """Bytes for what is received at once: `taken` of `total`."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.taken = 0
        # Taken on the I/O thread, given back on any; a lease may end wherever garbage is collected, also within `take`.
        self._lock = threading.RLock()

    def take(self, size: int) -> Lease | None:
        """A part of it, none for a small answer.

        Raises InvalidReceiveError, which ends the connection, where that much is not left.
        """
        if size <= SMALL_BYTES:
            return None
        with self._lock:
            if self.taken + size > self.total:
                others = f", {self.taken:,} in use by other responses" if self.taken else ""
                raise InvalidReceiveError(
                    f"response of {size:,} bytes exceeds max_inflight_bytes ({self.total:,}{others})"
                )
            self.taken += size
        return Lease(size, self._give_back)

    def _give_back(self, size: int) -> None:
        with self._lock:
            self.taken -= size

"""How the process holds memory."""

import ctypes
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
_THRESHOLD_BYTES = 128 * 1024


def give_memory_back() -> None:
    """Have glibc give large freed blocks back to the system at once.

    Left alone it raises its own threshold when large blocks come and go, as answers and metrics pages do each poll, and
    then keeps them: a third more memory on a large cluster. Does nothing where there is no glibc.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _THRESHOLD_BYTES)

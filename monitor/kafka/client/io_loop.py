"""The event loop that kafka-python's connections run on, on a thread of its own."""

from kafka.net.selector import NetworkSelector


class IoLoop(NetworkSelector):  # type: ignore[misc]  # kafka-python has no types
    """kafka-python's event loop, which fails those who wait for it however it ends.

    kafka-python logs a crash before it fails them. Where the log raises as well, for too little memory or a full disk,
    they would wait for ever.
    """

    crashed = False

    def run_forever(self) -> None:
        """As kafka-python's, but for an exception that ends the thread: it is raised where replies are waited for."""
        try:
            super().run_forever()
        except BaseException as error:  # noqa: BLE001 - this is the end of the thread, and others wait for it
            self._exception: BaseException | None = error
            self.crashed = True
            self._fail_pending_waiters(error)

"""The terminal UI as a part of a command."""

from typing import TYPE_CHECKING

from kmon.commands.signals import ending

if TYPE_CHECKING:
    from textual.app import App


def run_app(app: "App[None]", seconds: float | None = None) -> None:
    """Run a terminal UI until it is quit, a signal ends it, or `seconds` have passed; it restores the terminal."""
    import asyncio  # noqa: PLC0415 - not for `kmon lag`

    async def run() -> None:
        loop = asyncio.get_running_loop()
        if seconds is not None:
            loop.call_later(seconds, app.exit)
        with ending(lambda: loop.call_soon_threadsafe(app.exit)):
            await app.run_async()

    asyncio.run(run())

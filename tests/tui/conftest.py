"""What holds for every test of the terminal UI."""

import asyncio

import pytest


@pytest.fixture(autouse=True)
async def _tasks_start_as_in_a_terminal() -> None:
    """`App.run` starts tasks eagerly from Python 3.12 on, which changes when widgets mount; `App.run_test` does not."""
    if hasattr(asyncio, "eager_task_factory"):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)

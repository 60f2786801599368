"""Chromium for the tests of the dashboard that need a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requirements import require

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium for one module's tests: its event loop must be gone before tests of other rooms run theirs."""
    if not Path(CHROMIUM).exists():
        require("chromium", f"{CHROMIUM} is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()

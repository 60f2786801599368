"""Makes docs/images anew from a demo cluster: `PYTHONPATH=tests/support python -P tests/support/doc_images.py`.

It needs Chromium, and takes three minutes, in which the demo gets a past to show.
"""

import asyncio
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from real_kmon import COMMAND

from kmon.commands.tui import Polls
from monitor.settings.load import load
from tui.app import KmonApp

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PAST_SECONDS = 180
TERMINAL = (140, 40)
PAGE = {"width": 1440, "height": 1000}


def main() -> None:
    """Start the demo, wait, and take both pictures."""
    command = [*COMMAND, "demo", "--no-tui", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            said = _addresses(demo)
            svg = asyncio.run(_terminal(said["Kafka"]))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                _draw(browser, "about:blank", IMAGES / "tui.png", svg)
                _draw(browser, said["Dashboard"], IMAGES / "dashboard.png")
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=60)


def _addresses(demo: "subprocess.Popen[str]") -> dict[str, str]:
    """What the demo says of itself, by its first word."""
    assert demo.stdout
    said: dict[str, str] = {}
    while "Terminal" not in said:
        line = demo.stdout.readline()
        assert line, "kmon demo ended"
        name, _, value = line.strip().partition(" ")
        said[name] = value.strip()
    return said


async def _terminal(bootstrap: str) -> str:
    """The overview of the terminal UI after a while, as SVG."""
    settings = load(None, {}, {"bootstrap_servers": ("-b", bootstrap), "name": ("--name", "demo")}).settings
    polls = Polls(settings, (settings.cluster,))
    app = KmonApp(polls.memories, addresses=[bootstrap], troubles=polls.troubles)
    polls.start()
    try:
        async with app.run_test(size=TERMINAL) as pilot:
            until = time.monotonic() + PAST_SECONDS
            while time.monotonic() < until:
                await pilot.pause(1)
            return app.export_screenshot(title="kmon tui")
    finally:
        polls.stop()


def _draw(browser: Any, url: str, path: Path, svg: str = "") -> None:
    page = browser.new_page(viewport=PAGE, color_scheme="dark")
    page.goto(url)
    if svg:
        page.set_content(f"<body style='margin:0'>{svg}</body>")
        page.locator("svg").first.screenshot(path=path)
    else:
        page.wait_for_timeout(10_000)
        page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main()

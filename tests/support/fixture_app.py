"""A KmonApp over fixtures for a real terminal: `python fixture_app.py`. A new View comes each second from a thread."""

import threading

from views import FixtureSource, shop_view

from tui.app import KmonApp

if __name__ == "__main__":
    source = FixtureSource(shop_view())
    over = threading.Event()

    def poll() -> None:
        step = 0
        while not over.wait(1.0):
            step += 1
            source.show(shop_view(step))

    thread = threading.Thread(target=poll)
    thread.start()
    app = KmonApp([source])
    app.run()
    over.set()
    thread.join()
    print(f"left with {app.return_code}")

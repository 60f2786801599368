"""Every scripted poll in here holds the collectors to the requests that they declare."""

from collections.abc import Iterator

import pytest
from declared import watched


@pytest.fixture(autouse=True)
def _only_declared_requests() -> Iterator[None]:
    with watched() as deeds:
        yield
    assert deeds.undeclared() == {}

"""Where metrics come from: the requests of collectors, each with its API and the ACLs that it needs."""

from monitor.collect.requests import *  # noqa: F403 - every request is a source
from monitor.collect.requests import Request as ApiSource

__all__ = ["ApiSource"]

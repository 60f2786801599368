"""The settings of pushing metrics by OTLP."""

from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.settings.values import Duration, Frozen, Notation, Secret, is_url


def check_endpoint(text: str) -> str:
    """The URL itself. Raises ValueError, which does not repeat it: it may hold a password."""
    if not is_url(text):
        raise ValueError("is not an address, e.g. http://collector:4318/v1/metrics")
    return text


class OtlpSettings(Frozen):
    """Where kmon serve pushes metrics by OTLP over HTTP, after each poll; needs kmon-kafka[otlp]."""

    endpoint: Annotated[str, AfterValidator(check_endpoint), Notation("URL")] | None = Field(
        default=None,
        description="URL of the receiver, e.g. http://collector:4318/v1/metrics (default: nothing is pushed)",
    )
    token: Secret | None = Field(default=None, description="bearer token that the receiver wants")
    timeout_seconds: Duration = Field(default=10.0, ge=0.1, le=600, description="longest time for one request")

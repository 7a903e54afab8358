"""Times as people and APIs see them."""

from datetime import UTC, datetime
from functools import lru_cache


def iso_timestamp(at_ms: int) -> str:
    """Unix milliseconds as ISO 8601 in UTC with milliseconds: ``2026-04-10T12:30:00.000Z``."""
    seconds, millis = divmod(at_ms, 1000)
    return f"{_iso_second(seconds)}.{millis:03d}Z"


@lru_cache(maxsize=64)
def _iso_second(seconds: int) -> str:
    # Receipts come in their thousands per second, and all of one second share this part.
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]

"""The clock that everything goes by."""

import time


class SystemClock:
    """The wall clock. Implements `model.ports.Clock`."""

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000

"""The load generator with a look at its latest answer times, for the progress line."""

import time
from collections import deque
from typing import Any, Final

from trunkline.simulator.esme import EsmeLoad
from trunkline.smpp.pdus import Pdu

_KEPT: Final = 10_000
"""Answers looked back at; bounded, so that a long run needs no more memory and no longer for each look."""


class WatchedLoad(EsmeLoad):
    """An EsmeLoad that remembers how long the latest answers took."""

    _latest: deque[float]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._latest = deque(maxlen=_KEPT)

    def take_answer(self, link: Any, token: tuple[int, float], pdu: Pdu) -> None:
        """Takes the answer's time, then accounts for it as ever."""
        self._latest.append(time.perf_counter() - token[1])
        super().take_answer(link, token, pdu)

    def latest_ms(self) -> tuple[float, float]:
        """Median and 99th percentile of the latest answer times, milliseconds; zeros before the first."""
        times = sorted(self._latest)
        if not times:
            return 0.0, 0.0
        return 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100]

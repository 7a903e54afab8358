"""The current configuration snapshot, and who wants to know when it changes."""

from collections.abc import Callable

from trunkline.model.snapshot import Snapshot


class Snapshots:
    """Holds the snapshot that the hot path reads; `publish` swaps it whole."""

    def __init__(self, first: Snapshot) -> None:
        self.current = first
        self._listeners: list[Callable[[Snapshot], None]] = []

    def subscribe(self, listener: Callable[[Snapshot], None]) -> None:
        """Calls `listener` with every snapshot published from now on."""
        self._listeners.append(listener)

    def publish(self, snapshot: Snapshot) -> None:
        """Makes `snapshot` current, then tells the listeners."""
        self.current = snapshot
        for listener in self._listeners:
            listener(snapshot)

"""Charging: what a message costs its account. The store moves the money with the enqueue, atomically."""

from trunkline.model.snapshot import Route


def price(route: Route, segments: int) -> int:
    """Micro-credits for a message: the route's rate for each segment."""
    return route.rate * segments

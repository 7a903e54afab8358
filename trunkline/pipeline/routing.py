"""Routing: which connectors may carry a message, in which order, and at which rate."""

from trunkline.model.snapshot import Route
from trunkline.model.submission import Reason, Rejected


def find_route(routes: tuple[Route, ...], account_id: int, destination: str) -> Route:
    """The first route of the ordered table that fits the account and the destination's prefix.

    Raises `Rejected` (NO_ROUTE).
    """
    for route in routes:
        if (route.account_id is None or route.account_id == account_id) and destination.startswith(
            route.prefix
        ):
            return route
    raise Rejected(Reason.NO_ROUTE, f"no route leads to {destination}")

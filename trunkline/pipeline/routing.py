"""Routing: which connectors may carry a message, in which order, and at which rate."""

from enum import StrEnum

from trunkline.model.snapshot import Route
from trunkline.model.submission import Reason, Rejected


class Fit(StrEnum):
    """Whether a route may carry a message, or why not."""

    FITS = "fits"
    OTHER_ACCOUNT = "other_account"
    OTHER_PREFIX = "other_prefix"


def fit_of(route: Route, account_id: int, destination: str) -> Fit:
    """What `find_route` thinks of one route, for people."""
    if route.account_id is not None and route.account_id != account_id:
        return Fit.OTHER_ACCOUNT
    return Fit.FITS if destination.startswith(route.prefix) else Fit.OTHER_PREFIX


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

"""The ordered route table."""

import pytest

from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline.charging import price
from trunkline.pipeline.routing import Fit, find_route, fit_of

from .doubles import route_of

TABLE = (
    route_of(id=1, prefix="4915", account_id=2),
    route_of(id=2, prefix="49151"),
    route_of(id=3, prefix="49"),
    route_of(id=4, prefix="4915"),
    route_of(id=5, prefix="1", account_id=3),
)


@pytest.mark.parametrize(
    ("account_id", "destination", "route_id"),
    [
        (1, "4915112345", 2),
        (2, "4915112345", 1),
        (1, "4917612345", 3),
        (1, "4915212345", 3),
        (3, "12025550", 5),
    ],
)
def test_the_first_that_fits_wins(account_id: int, destination: str, route_id: int) -> None:
    assert find_route(TABLE, account_id, destination).id == route_id


@pytest.mark.parametrize(("account_id", "destination"), [(1, "12025550"), (1, "33612345"), (1, "4")])
def test_no_route(account_id: int, destination: str) -> None:
    with pytest.raises(Rejected) as caught:
        find_route(TABLE, account_id, destination)
    assert caught.value.reason is Reason.NO_ROUTE


@pytest.mark.parametrize("account_id", [1, 2, 3])
@pytest.mark.parametrize("destination", ["12025550", "33612345", "4", "971501234567", "49151", "44"])
def test_what_fits_is_what_is_taken(account_id: int, destination: str) -> None:
    fitting = [route for route in TABLE if fit_of(route, account_id, destination) is Fit.FITS]
    if fitting:
        assert find_route(TABLE, account_id, destination) is fitting[0]
    else:
        with pytest.raises(Rejected):
            find_route(TABLE, account_id, destination)


def test_why_a_route_does_not_fit() -> None:
    route = route_of(account_id=1, prefix="971")
    assert fit_of(route, 2, "971501234567") is Fit.OTHER_ACCOUNT
    assert fit_of(route, 1, "4915112345") is Fit.OTHER_PREFIX


def test_an_empty_prefix_fits_all() -> None:
    assert find_route((route_of(id=9),), 1, "33612345").id == 9


def test_a_price_is_the_rate_for_each_segment() -> None:
    assert price(route_of(rate=70_000), 3) == 210_000
    assert price(route_of(rate=0), 3) == 0

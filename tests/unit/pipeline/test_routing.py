"""The ordered route table."""

import pytest

from trunkline.model.submission import Reason, Rejected
from trunkline.pipeline.charging import price
from trunkline.pipeline.routing import find_route

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


def test_an_empty_prefix_fits_all() -> None:
    assert find_route((route_of(id=9),), 1, "33612345").id == 9


def test_a_price_is_the_rate_for_each_segment() -> None:
    assert price(route_of(rate=70_000), 3) == 210_000
    assert price(route_of(rate=0), 3) == 0

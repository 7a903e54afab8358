"""What memory knows of orphan receipts; how it is used stands in test_receipts.py."""

import pytest

from trunkline.model.message import OrphanReceipt
from trunkline.pipeline.orphans import Orphans

from .doubles import NOW


def orphan(key: str, dest_addr: str = "Shop", at: int = NOW) -> OrphanReceipt:
    """A receipt from a handset; `dest_addr` is who had sent the message."""
    return OrphanReceipt(f"id of {key}", "smsc", key, key, "49151", dest_addr, "DELIVRD", "000", None, "", at)


@pytest.fixture
def orphans() -> Orphans:
    return Orphans()


def between(orphans: Orphans, since: int = 0, source_addr: str = "Shop") -> list[str]:
    return [key for _, key in orphans.between("smsc", source_addr, "49151", since)]


def test_every_form_of_an_id_leads_to_the_one_it_is_kept_under(orphans: Orphans) -> None:
    orphans.remember("smsc", ("1f", "31"), "1f")
    assert orphans.keys == {("smsc", "1f"): "1f", ("smsc", "31"): "1f"}


def test_the_newest_keys_are_remembered(orphans: Orphans) -> None:
    orphans.KEYS_MAX = 2  # type: ignore[misc]
    for key in ("a", "b", "a", "c"):
        orphans.remember("smsc", (key,), key)
    assert [key for _, key in orphans.keys] == ["a", "c"]


def test_those_between_two_addresses_since_then(orphans: Orphans) -> None:
    for number in range(3):
        orphans.remember_between(orphan(f"n{number}", at=NOW + number))
    orphans.remember_between(orphan("other", "Bank"))
    orphans.remember_between(orphan(""))  # without an id it cannot be found again
    assert between(orphans) == ["n0", "n1", "n2"]
    assert between(orphans, NOW + 2) == ["n2"]
    assert between(orphans, source_addr="Bank") == ["other"]
    assert orphans.between("another", "Shop", "49151", 0) == []


def test_each_is_joined_once_and_forgotten(orphans: Orphans) -> None:
    first, second = orphan("a"), orphan("b")
    for each in (first, second):
        orphans.remember_between(each)
    assert orphans.take(first)
    assert not orphans.take(first)
    assert between(orphans) == ["b"]
    assert orphans.take(second)
    assert between(orphans) == []
    assert orphans.take(orphan("of an earlier run"))

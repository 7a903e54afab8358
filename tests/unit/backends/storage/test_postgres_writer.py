import asyncpg
import pytest

from trunkline.backends.storage.faults import BadRows, StorageDown, WriteFault
from trunkline.backends.storage.postgres_writer import _fault


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncpg.AdminShutdownError("terminating connection"), StorageDown),
        (asyncpg.ConnectionDoesNotExistError("connection was closed"), StorageDown),
        (asyncpg.InterfaceError("connection is closed"), StorageDown),
        (asyncpg.InternalClientError("cannot switch to state 12"), StorageDown),
        (ConnectionResetError(), StorageDown),
        (TimeoutError(), StorageDown),
        (asyncpg.UniqueViolationError("duplicate key"), BadRows),
        (asyncpg.DataError("value out of range"), BadRows),
        (OverflowError(), BadRows),
    ],
)
def test_what_an_error_means_for_the_batch(error: Exception, fault: type[WriteFault]) -> None:
    assert isinstance(_fault(error), fault)


def test_a_cancellation_is_none_of_the_databases_faults() -> None:
    assert _fault(KeyboardInterrupt()) is None

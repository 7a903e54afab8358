import pytest

from trunkline.backends.storage.database import dsn_of, is_sqlite, parse_url
from trunkline.backends.storage.faults import is_server_fault
from trunkline.model.errors import UnsupportedDatabase


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/trunkline.db", "var/trunkline.db"),
        ("sqlite:////data/trunkline.db", "/data/trunkline.db"),
        ("sqlite+aiosqlite:///var/trunkline.db", "var/trunkline.db"),
    ],
)
def test_sqlite_urls(url: str, path: str) -> None:
    parsed = parse_url(url)
    assert is_sqlite(parsed)
    assert parsed.database == path


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+asyncpg", "postgres"])
def test_postgres_urls(driver: str) -> None:
    parsed = parse_url(f"{driver}://me:p%40ss@db.example:5433/trunk?sslmode=require")
    assert not is_sqlite(parsed)
    assert dsn_of(parsed) == "postgresql://me:p%40ss@db.example:5433/trunk?sslmode=require"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/x", "'mysql' is not supported"),
        ("postgresql+psycopg2://localhost/x", "'postgresql\\+psycopg2' is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("trunkline.db", "not a database URL"),
        ("", "not a database URL"),
    ],
)
def test_what_is_not_supported_is_said(url: str, says: str) -> None:
    with pytest.raises(UnsupportedDatabase, match=says):
        parse_url(url)


def test_a_password_is_not_in_the_error() -> None:
    with pytest.raises(UnsupportedDatabase) as caught:
        parse_url("mysql://me:s3cret@localhost/x")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("sqlstate", "fault"),
    [
        ("57P01", True),
        ("53100", True),
        ("40P01", True),
        ("25006", True),
        ("23505", False),
        ("22P02", False),
        (None, False),
    ],
)
def test_server_faults(sqlstate: str | None, fault: bool) -> None:
    assert is_server_fault(sqlstate) is fault

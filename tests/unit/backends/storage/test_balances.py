from hypothesis import given
from hypothesis import strategies as st

from trunkline.backends.storage.balances import Funds, settle

NOW = 1_764_000_000_000


def charge(account_id: int, amount: int, name: str) -> tuple[int, int, str, int]:
    return (account_id, amount, name, NOW)


def test_charges_run_down_the_balance_in_order() -> None:
    settlement = settle([charge(1, 30, "a"), charge(1, 20, "b")], {1: Funds(100, False, 0)})
    assert settlement.ledger == [(1, -30, 70, "a", NOW), (1, -20, 50, "b", NOW)]
    assert settlement.balances == {1: 50}
    assert settlement.refused == set()


def test_what_does_not_fit_is_refused_and_what_follows_may_fit() -> None:
    settlement = settle(
        [charge(1, 60, "a"), charge(1, 60, "b"), charge(1, 40, "c"), charge(1, 1, "d")],
        {1: Funds(100, False, 0)},
    )
    assert settlement.refused == {"b", "d"}
    assert settlement.balances == {1: 0}


def test_the_floor_is_the_lowest_balance() -> None:
    settlement = settle([charge(1, 5, "a"), charge(1, 1, "b")], {1: Funds(0, False, -5)})
    assert (settlement.balances, settlement.refused) == ({1: -5}, {"b"})


def test_unlimited_accounts_have_no_floor() -> None:
    settlement = settle([charge(1, 10**12, "a")], {1: Funds(0, True, 0)})
    assert (settlement.balances, settlement.refused) == ({1: -(10**12)}, set())


def test_an_account_that_is_gone_pays_nothing() -> None:
    settlement = settle([charge(9, 1, "a")], {})
    assert (settlement.ledger, settlement.balances, settlement.refused) == ([], {}, {"a"})


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 100))),
    st.dictionaries(
        st.integers(1, 3), st.tuples(st.integers(-50, 500), st.booleans(), st.integers(-100, 100)), min_size=3
    ),
)
def test_the_ledger_always_adds_up(
    amounts: list[tuple[int, int]], accounts: dict[int, tuple[int, bool, int]]
) -> None:
    funds = {number: Funds(*values) for number, values in accounts.items()}
    charges = [charge(account_id, amount, str(number)) for number, (account_id, amount) in enumerate(amounts)]
    settlement = settle(charges, funds)
    written = {row[3] for row in settlement.ledger}
    assert written | settlement.refused == {each[2] for each in charges}
    assert not written & settlement.refused
    running = {number: each.balance for number, each in funds.items()}
    for account_id, amount, after, _, _ in settlement.ledger:
        running[account_id] += amount
        assert after == running[account_id]
        assert funds[account_id].unlimited or after >= funds[account_id].floor
    assert all(running[number] == balance for number, balance in settlement.balances.items())

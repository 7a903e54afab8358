"""What is told of the decisions about a message, and to whom."""

from dataclasses import replace

import pytest

from trunkline.model.administration import LedgerEntry, MessageDetail
from trunkline.model.identity import COMMAND_LINE, Forbidden, Permission
from trunkline.model.message import Message, Segment
from trunkline.model.snapshot import Route
from trunkline.services.message_decisions import Outcome, checks_of, connector_check, decisions_of
from trunkline.services.messages import Messages

from .tenants import tenant

ANY = Route(9, 4, "any", "", None, ("smsc-1", "smsc-2"), 10_000)
THEIRS = Route(7, 1, "theirs", "971", 2, ("smsc-1",), 10_000)
GERMANY = Route(8, 2, "germany", "49", None, ("smsc-1",), 10_000)


def detail(route: Route | None = ANY, route_id: int = 9, connector_id: str = "smsc-1") -> MessageDetail:
    message = Message(
        "m", 1, "smpp", "client", "INFO", 5, 0, "971501234567", 1, 1, "Hello", "gsm7", 0, 0, 0, 1,
        None, 99, 1, route_id, connector_id, 10_000, 20_000,
    )  # fmt: skip
    message.segments = [Segment(message, number, "part", b"", connector_id) for number in (1, 2)]
    ledger = (LedgerEntry(1, "charge", -20_000, 5_000),)
    return MessageDetail(message, None, 0, (), route, ledger, "acme")


def outcomes(found: MessageDetail, *table: Route) -> list[tuple[str, Outcome]]:
    return [(look.route.name, look.outcome) for look in decisions_of(table, found).routes]


def test_the_routes_up_to_the_one_that_was_taken() -> None:
    later = replace(ANY, id=10, name="later")
    assert outcomes(detail(), THEIRS, GERMANY, ANY, later) == [
        ("theirs", Outcome.OTHER_ACCOUNT),
        ("germany", Outcome.OTHER_PREFIX),
        ("any", Outcome.TAKEN),
    ]
    assert decisions_of((THEIRS, GERMANY, ANY, later), detail()).as_it_was


def test_a_table_that_was_changed_since() -> None:
    new, newer = replace(ANY, id=10, name="new"), replace(ANY, id=11, name="newer")
    assert outcomes(detail(), new, newer, ANY) == [
        ("new", Outcome.WOULD_BE_TAKEN),
        ("newer", Outcome.NOT_REACHED),
        ("any", Outcome.TAKEN),
    ]
    assert not decisions_of((new, newer, ANY), detail()).as_it_was
    changed = replace(ANY, prefix="44")
    assert outcomes(detail(changed), changed) == [("any", Outcome.NO_LONGER_FITS)]
    assert not decisions_of((changed,), detail(changed)).as_it_was


def test_a_route_that_is_switched_off() -> None:
    off = replace(ANY, id=10, name="off", enabled=False)
    assert outcomes(detail(), off, ANY) == [("off", Outcome.SWITCHED_OFF), ("any", Outcome.TAKEN)]
    assert decisions_of((off, ANY), detail()).as_it_was
    taken = replace(ANY, enabled=False)
    assert outcomes(detail(taken), taken) == [("any", Outcome.NO_LONGER_FITS)]


def test_a_route_that_is_no_more() -> None:
    gone = detail(None, 5)
    assert outcomes(gone, GERMANY, ANY, replace(ANY, id=10)) == [
        ("germany", Outcome.OTHER_PREFIX),
        ("any", Outcome.WOULD_BE_TAKEN),
    ]
    assert outcomes(gone) == []
    assert not decisions_of((), gone).as_it_was


@pytest.mark.parametrize(
    ("connector_id", "route", "outcome"),
    [
        ("smsc-1", ANY, "first"),
        ("smsc-2", ANY, "fallback"),
        ("smsc-3", ANY, "given"),
        ("smsc-1", None, "given"),
    ],
)
def test_why_this_connector(connector_id: str, route: Route | None, outcome: str) -> None:
    check = connector_check(detail(route, connector_id=connector_id))
    assert (check.outcome, check.values["connector"]) == (outcome, connector_id)
    assert check.values.get("before") == ("smsc-1" if outcome == "fallback" else None)


def test_the_checks() -> None:
    found = detail()
    checks = {each.name: each for each in checks_of(found)}
    assert checks["sender"].values == {"account": "acme", "credential": "client", "door": "smpp"}
    assert checks["balance"].values == {"amount": 20_000, "left": 5_000}
    assert checks["content"].values["parts"] == 2
    assert checks["rate"].outcome == "within"
    found.message.deferred = True
    found.message.source_addr = ""
    checks = {each.name: each for each in checks_of(replace(found, ledger=()))}
    assert (checks["rate"].outcome, checks["source"].outcome) == ("held_back", "none")
    assert checks["balance"].outcome == "nothing_to_pay"


class Table:
    """A source that has routes."""

    async def list_routes(self) -> list[Route]:
        return [ANY]


async def test_routes_are_told_to_operators() -> None:
    messages = Messages(Table())  # type: ignore[arg-type]
    whole = await messages.decisions(COMMAND_LINE, detail())
    assert [each.route for each in whole.routes] == [ANY]
    part = await messages.decisions(tenant(1, Permission.VIEW_LOGS), detail())
    assert part.routes == ()
    assert "connector" not in {each.name for each in part.checks}
    with pytest.raises(Forbidden):
        await messages.decisions(tenant(1, Permission.SEND_SMS), detail())

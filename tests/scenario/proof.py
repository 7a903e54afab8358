"""Proofs that nothing was lost, doubled or invented: the database against the SMSC's record and the
customers.

Each check returns the violations it found as sentences; an empty list is the proof.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from trunkline.model.states import RECEIPT_OF_STATE, MessageState
from trunkline.simulator.record import ReceiptAcked, Recorded, Submitted

from .clients import Receipted, Witness
from .harness import Gateway

FINAL = {"delivered", "undelivered", "rejected", "expired", "deleted"}
SENT_AGAIN = "sent again"  # in the history of a segment that the account's policy sent twice

Part = tuple[str, int]  # destination, number of the segment: unique, as every message has its own destination


@dataclass
class StoredMessage:
    """A message as the database has it."""

    id: str
    account_id: int
    door: str
    destination: str
    state: str
    rate: int
    charged: int
    parts: int
    deferred: bool
    resend: bool
    wants_receipt: bool
    segments: dict[int, tuple[str, str | None]] = field(default_factory=dict)  # state, smsc_message_id

    @property
    def public_id(self) -> str:
        return f"queued_{self.id}" if self.deferred else self.id


@dataclass
class Books:
    """What the database says at the end."""

    messages: dict[str, StoredMessage]
    sent_again: Counter[Part]
    ledger: list[tuple[int, str, int, str | None]]  # account_id, kind, amount, message_id
    balances: dict[int, int]
    outbox: Counter[str]  # message ids
    orphans: set[str]  # ids that the SMSC gave

    @classmethod
    async def read(cls, gateway: Gateway) -> "Books":
        messages = {
            row[0]: StoredMessage(*row)
            for row in await gateway.rows(
                "SELECT id, account_id, door, dest_addr, state, rate, charged, parts, deferred,"
                " resend_unknown, registered_delivery > 0 AND (door = 'smpp' OR dlr_url IS NOT NULL)"
                " FROM message"
            )
        }
        for message_id, number, state, smsc_message_id in await gateway.rows(
            "SELECT message_id, number, state, smsc_message_id FROM segment"
        ):
            messages[message_id].segments[number] = (state, smsc_message_id)
        sent_again: Counter[Part] = Counter()
        for message_id, number in await gateway.rows(
            f"SELECT message_id, segment_number FROM message_event WHERE detail LIKE '%{SENT_AGAIN}%'"
        ):
            sent_again[messages[message_id].destination, number] += 1
        return cls(
            messages,
            sent_again,
            await gateway.rows("SELECT account_id, kind, amount, message_id FROM ledger"),
            dict(await gateway.rows("SELECT id, balance FROM account")),
            Counter(row[0] for row in await gateway.rows("SELECT message_id FROM outbox")),
            {row[0] for row in await gateway.rows("SELECT smsc_message_id FROM orphan_receipt")},
        )


def part_of(submit: Submitted) -> Part:
    """Which segment of which message a submit carried."""
    if submit.udh is not None:
        return submit.destination, int(submit.udh[-2:], 16)
    return submit.destination, submit.sar[2] if submit.sar else 1


def lost_or_invented(books: Books, witnesses: Iterable[Witness]) -> list[str]:
    """Every acknowledged message is stored under its id, once; nothing is stored that nobody sent."""
    faults = []
    sent: set[str] = set()
    for witness in witnesses:
        sent |= witness.sent
        for public_id, destination in witness.acked.items():
            message = books.messages.get(public_id.removeprefix("queued_"))
            if message is None or message.destination != destination:
                faults.append(f"{public_id} to {destination} was acknowledged and is not stored")
    destinations = Counter(message.destination for message in books.messages.values())
    faults += [f"{to} is stored and was never sent" for to in destinations.keys() - sent]
    faults += [f"{to} is stored {n} times" for to, n in destinations.items() if n > 1]
    return faults


def wrongly_submitted(books: Books, record: Recorded) -> list[str]:
    """Each segment went out exactly once; at most once where its outcome is unknown, more often only where
    the account's policy says so and the history tells.
    """
    faults = []
    submits: defaultdict[Part, list[Submitted]] = defaultdict(list)
    given: defaultdict[str, set[str]] = defaultdict(set)  # the SMSC's ids of a message's segments
    for submit in record.submits:
        given[submit.destination].add(submit.message_id)
        submits[part_of(submit)].append(submit)
    for message in books.messages.values():
        if set(message.segments) != set(range(1, message.parts + 1)):
            faults.append(f"{message.id} has segments {sorted(message.segments)} of {message.parts}")
        for number, (state, smsc_message_id) in message.segments.items():
            part = (message.destination, number)
            found = submits.pop(part, [])
            allowed = 1 + (books.sent_again[part] if message.resend else 0)
            if len(found) > allowed:
                faults.append(f"{part} was submitted {len(found)} times, {allowed} allowed ({state})")
            if not found and state not in ("unknown", "queued", "rejected", "expired"):
                faults.append(f"{part} is {state} and was never submitted")
            if smsc_message_id and smsc_message_id not in given[message.destination]:
                faults.append(f"{part} has the SMSC's id {smsc_message_id}, which was given to another")
            if message.resend and state == "unknown":
                faults.append(f"{part} is unknown although the policy is to send again")
    faults += [f"{part} was submitted and is not stored" for part in submits]
    return faults


def wrongly_charged(books: Books) -> list[str]:
    """One charge per stored message, rate times segments; the entries add up to the balances."""
    faults = []
    sums: Counter[int] = Counter()
    charges: defaultdict[str, list[int]] = defaultdict(list)
    for account_id, kind, amount, message_id in books.ledger:
        sums[account_id] += amount
        if kind == "charge":
            charges[message_id or ""].append(amount)
    for message in books.messages.values():
        expected = [-message.rate * message.parts]
        found = charges.pop(message.id, [])
        if found != expected or message.charged != -expected[0]:
            faults.append(f"{message.id} is charged {found} ({message.charged}), not {expected}")
    faults += [f"a charge without a message: {message_id}" for message_id in charges]
    for account_id, balance in books.balances.items():
        if sums[account_id] != balance:
            faults.append(f"account {account_id} has {balance}, its ledger adds up to {sums[account_id]}")
    return faults


def lost_receipts(books: Books, record: Recorded) -> list[str]:
    """Every receipt the SMSC sent was taken, and settled its segment or is kept as an orphan."""
    known = {
        smsc_message_id: state
        for message in books.messages.values()
        for state, smsc_message_id in message.segments.values()
        if smsc_message_id
    }
    acked = {event.message_id for event in record.events if isinstance(event, ReceiptAcked)}
    faults = [f"the receipt of {i} was never taken" for i in _due(record) - acked]
    for smsc_message_id in acked:
        state = known.get(smsc_message_id)
        if state not in FINAL and smsc_message_id not in books.orphans:
            faults.append(f"the receipt of {smsc_message_id} was taken and has gone (segment: {state})")
    return faults


def _due(record: Recorded) -> set[str]:
    return {submit.message_id for submit in record.submits if submit.receipts}


def wrongly_told(books: Books, witnesses: Iterable[Witness]) -> list[str]:
    """Every owner of a final message got its receipt, or it waits in the outbox; no receipt says anything
    else; none came twice in one life of the gateway. A kill forgets which of those under way were answered.
    """
    faults = []
    got: dict[str, list[Receipted]] = {}
    for witness in witnesses:
        for public_id, receipts in witness.receipts.items():
            got[public_id.removeprefix("queued_")] = receipts
    for message in books.messages.values():
        receipts = got.pop(message.id, [])
        if message.state not in FINAL:
            if receipts:
                faults.append(f"{message.id} is {message.state}, its sender was told {receipts}")
            continue
        expected = RECEIPT_OF_STATE[MessageState(message.state)]
        if message.wants_receipt and not receipts and message.id not in books.outbox:
            faults.append(f"{message.id} is {message.state} and its sender was not told")
        if any(each.stat != expected for each in receipts):
            faults.append(f"{message.id} is {message.state}, its sender was told {receipts}")
        faults += [
            f"{message.id}: its {message.door} sender was told {len(receipts)} times"
            for each, following in pairwise(receipts)
            if each.life == following.life
        ]
    faults += [f"a receipt for {message_id}, which is not stored" for message_id in got]
    return faults


async def prove(gateway: Gateway, record: Recorded, witnesses: Sequence[Witness]) -> Books:
    """All checks at once; `AssertionError` with the first violations of each."""
    books = await Books.read(gateway)
    checks = {
        "acknowledged and stored": lost_or_invented(books, witnesses),
        "submitted": wrongly_submitted(books, record),
        "charged": wrongly_charged(books),
        "receipts taken": lost_receipts(books, record),
        "receipts handed on": wrongly_told(books, witnesses),
    }
    broken = {name: (len(faults), faults[:10]) for name, faults in checks.items() if faults}
    assert not broken, broken
    return books

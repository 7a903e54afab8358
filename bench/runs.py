"""One run and the account of it, from what the instruments say."""

from dataclasses import dataclass, field
from typing import Any

from bench.equipment import CallbackCount, Sent, SmscCount
from bench.measure import Usage


@dataclass(slots=True)
class Run:
    """One run through a gateway. Counts are messages, rates per second from the first submit on.

    `submitted_per_s` counts until the SMSC had everything, `completed_per_s` until every receipt was where it
    belongs: back at the ESME, at the callback URL, or, where nobody asked for it, acknowledged to the SMSC.
    """

    count: int
    accepted: int
    accepted_per_s: float
    submitted_per_s: float
    completed_per_s: float
    p50_ms: float
    p99_ms: float
    retries: int
    lost: int
    duplicated: int
    receipts_lost: int
    receipts_duplicated: int
    complaint: str
    usage: Usage = field(default_factory=Usage)

    def faults(self) -> list[str]:
        """What must not happen and did, one phrase each; empty for a good run."""
        found = [
            f"{count:,} {what}"
            for count, what in (
                (self.count - self.accepted, "not accepted"),
                (self.lost, "messages lost"),
                (self.duplicated, "messages duplicated"),
                (self.receipts_lost, "receipts lost"),
                (self.receipts_duplicated, "receipts duplicated"),
            )
            if count
        ]
        if self.complaint:
            found.append(self.complaint)
        return found


@dataclass(slots=True, frozen=True)
class PanelUse:
    """What people did in the panel: pages opened, tables read again, and how long these took."""

    opened: int
    clicked: int
    opened_p50_ms: float
    opened_p99_ms: float
    clicked_p50_ms: float
    clicked_p99_ms: float
    failed: int
    failed_because: str


def account(
    count: int,
    sent: Sent,
    smsc: SmscCount,
    callbacks: CallbackCount,
    receipts_at: str,
    batch: int,
    usage: Usage,
) -> Run:
    """Makes the account of a run from what the instruments say."""
    accepted = sent.accepted * batch
    receipts_lost, receipts_duplicated = sent.receipts_lost, sent.receipts_duplicated
    completed_per_s = sent.receipts_per_s
    if receipts_at == "callbacks":
        receipts_lost, receipts_duplicated = accepted - callbacks.unique, callbacks.duplicates
        completed_per_s = _rate(callbacks.unique, sent.started_at, callbacks.last_at)
    elif receipts_at == "smsc":
        receipts_lost = accepted - smsc.receipts_acked
        completed_per_s = _rate(smsc.receipts_acked, sent.started_at, smsc.last_ack_at)
    return Run(
        count=count,
        accepted=accepted,
        accepted_per_s=sent.accepted_per_s * batch,
        submitted_per_s=_rate(smsc.unique, sent.started_at, smsc.last_submit_at),
        completed_per_s=completed_per_s,
        p50_ms=sent.p50_ms,
        p99_ms=sent.p99_ms,
        retries=sent.retries,
        lost=accepted - smsc.unique,
        duplicated=smsc.duplicates,
        receipts_lost=receipts_lost,
        receipts_duplicated=receipts_duplicated,
        complaint=sent.complaint,
        usage=usage,
    )


def idle_account(wanted: int, printed: dict[str, Any], usage: Usage) -> Run:
    """Makes the account of idle binds from what their instrument says."""
    complaints = [printed["refused"]] if printed["refused"] else []
    if printed["lost"]:
        complaints.append(f"{printed['lost']:,} binds lost: {printed['lost_because']}")
    if not printed["least_asked"]:
        complaints.append("a bind without enquire_link")
    return Run(
        count=wanted,
        accepted=printed["bound"],
        accepted_per_s=printed["bound"] / printed["bound_after_s"],
        submitted_per_s=0.0,
        completed_per_s=0.0,
        p50_ms=0.0,
        p99_ms=0.0,
        retries=0,
        lost=0,
        duplicated=0,
        receipts_lost=0,
        receipts_duplicated=0,
        complaint=", ".join(complaints),
        usage=usage,
    )


def _rate(count: int, started_at: float, ended_at: float) -> float:
    return count / (ended_at - started_at) if ended_at > started_at else 0.0

"""What the simulated SMSC has done so far, in numbers."""


class SmscCounters:
    """What the SMSC has done since it was started; plain numbers, cheap enough to be always on.

    `submits` are all that came: `taken`, `throttled`, refused (`errors`), or lost with a link cut on purpose.
    What handsets send is counted by parts (`mo_...`).
    """

    __slots__ = (
        "binds",
        "binds_refused",
        "errors",
        "links_cut",
        "mo_acked",
        "mo_due",
        "mo_refused",
        "receipts_acked",
        "receipts_due",
        "receipts_refused",
        "receipts_sent",
        "strays_answered",
        "submits",
        "taken",
        "throttled",
        "unanswered",
    )

    def __init__(self) -> None:
        self.binds = self.binds_refused = self.links_cut = self.strays_answered = 0
        self.submits = self.taken = self.throttled = self.errors = self.unanswered = 0
        self.mo_due = self.mo_acked = self.mo_refused = 0
        self.receipts_due = self.receipts_sent = self.receipts_acked = self.receipts_refused = 0

    @property
    def receipts_pending(self) -> int:
        """Receipts not settled yet: still to be sent, or sent and not acknowledged."""
        return self.receipts_due - self.receipts_acked - self.receipts_refused

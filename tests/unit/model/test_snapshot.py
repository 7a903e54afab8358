"""Whose a notification lane is."""

from trunkline.model.snapshot import Account, Esme, HttpAccount, Sender, Snapshot, UnknownOutcome

ACCOUNT = Account(1, "acme", True, False, UnknownOutcome.WAIT, "")
SMPP = Sender(ACCOUNT, "shop", True, 0)
WEB = Sender(ACCOUNT, "web", True, 0)
SNAPSHOT = Snapshot(
    1,
    http_by_username={"web": HttpAccount(1, WEB, "web", "", "")},
    esmes={"shop": Esme(1, SMPP, "shop", "", 1, (), 10)},
)


def test_lanes() -> None:
    assert SNAPSHOT.sender("esme:shop") is SMPP
    assert SNAPSHOT.sender("http:web") is WEB
    assert SNAPSHOT.sender("esme:web") is None
    assert SNAPSHOT.sender("http:shop") is None
    assert SNAPSHOT.sender("http:a:b") is None
    known = ("esme:shop", "http:web", "login:anybody")
    assert all(SNAPSHOT.has_sender(lane) for lane in known)
    assert not any(SNAPSHOT.has_sender(lane) for lane in ("esme:web", "http:shop"))

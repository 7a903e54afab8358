"""The table from reasons to statuses."""

import pytest

from trunkline.model.submission import Reason
from trunkline.servers.smpp.statuses import STATUS_OF_REASON
from trunkline.smpp.constants import CommandStatus, status_name


def test_every_reason_has_a_status_of_the_specification() -> None:
    assert set(STATUS_OF_REASON) == set(Reason)
    for status in STATUS_OF_REASON.values():
        assert status in set(CommandStatus)
        assert status != CommandStatus.ESME_ROK


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (Reason.THROTTLED, "ESME_RTHROTTLED"),
        (Reason.BUSY, "ESME_RMSGQFUL"),
        (Reason.INVALID_DESTINATION, "ESME_RINVDSTADR"),
        (Reason.INVALID_SOURCE, "ESME_RINVSRCADR"),
        (Reason.MESSAGE_TOO_LONG, "ESME_RINVMSGLEN"),
        (Reason.INVALID_VALIDITY, "ESME_RINVEXPIRY"),
        (Reason.INVALID_SCHEDULE, "ESME_RINVSCHED"),
    ],
)
def test_what_clients_act_upon(reason: Reason, name: str) -> None:
    assert status_name(STATUS_OF_REASON[reason]) == name


def test_only_what_passes_looks_as_if_it_passed() -> None:
    """Clients send again after these two, and after nothing else."""
    temporary = {int(CommandStatus.ESME_RTHROTTLED), int(CommandStatus.ESME_RMSGQFUL)}
    assert {reason for reason, status in STATUS_OF_REASON.items() if status in temporary} == {
        Reason.THROTTLED,
        Reason.BUSY,
    }

"""submit_multi: one message to many destinations, each of them a message of its own with us.

They share one id, the one that submit_multi_resp gives: receipts carry it, and query_sm and cancel_sm mean
all of them by it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from trunkline.model.message import Message
from trunkline.model.submission import Rejected, Submission
from trunkline.servers.smpp.reading import address
from trunkline.servers.smpp.statuses import STATUS_OF_REASON
from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.fields import MAX_DESTINATIONS, DistributionList, SmeAddress, UnsuccessSme
from trunkline.smpp.pdus import Pdu, SubmitMulti

TOO_MANY: Final = CommandStatus.ESME_RINVNUMDESTS.value
_INVALID_LIST: Final = CommandStatus.ESME_RINVDLNAME.value
_FAILED: Final = CommandStatus.ESME_RSUBMITFAIL.value


def has_too_many(pdu: SubmitMulti) -> bool:
    """Whether it has more destinations than the specification allows (SMPP 3.4, section 4.5.1)."""
    return len(pdu.dest_address) > MAX_DESTINATIONS


def addresses_of(pdu: SubmitMulti) -> list[SmeAddress]:
    """The destinations that are numbers."""
    return [each for each in pdu.dest_address if isinstance(each, SmeAddress)]


def addressed(template: Submission, addresses: Sequence[SmeAddress]) -> list[Submission]:
    """The message, once for each destination."""
    submissions = []
    for each in addresses:
        submission = replace(template)
        address(submission, each)
        submissions.append(submission)
    return submissions


def multi_response(
    pdu: SubmitMulti, addresses: Sequence[SmeAddress], answers: Sequence[Message | Rejected]
) -> Pdu:
    """The submit_multi_resp: the id, and each destination that was refused with its status.

    There are no distribution lists here. Where nothing was accepted there is no id: the status is that of the
    destinations where they have the same, else ESME_RSUBMITFAIL.
    """
    refused = [
        UnsuccessSme(0, 0, each.dl_name, _INVALID_LIST)
        for each in pdu.dest_address
        if isinstance(each, DistributionList)
    ]
    message_id = ""
    for each, answer in zip(addresses, answers, strict=True):
        if isinstance(answer, Message):
            message_id = answer.public_id
        else:
            refused.append(
                UnsuccessSme(
                    each.dest_addr_ton,
                    each.dest_addr_npi,
                    each.destination_addr,
                    STATUS_OF_REASON[answer.reason],
                )
            )
    if message_id:
        return pdu.response(message_id=message_id, unsuccess_sme=tuple(refused))
    statuses = {each.error_status_code for each in refused}
    return pdu.response(statuses.pop() if len(statuses) == 1 else _FAILED, unsuccess_sme=tuple(refused))

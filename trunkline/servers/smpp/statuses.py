"""One table from the pipeline's reasons to SMPP command_status values (SMPP 3.4, section 5.1.3)."""

from trunkline.model.submission import Reason
from trunkline.smpp.constants import CommandStatus

STATUS_OF_REASON: dict[Reason, int] = {
    Reason.ACCOUNT_DISABLED: int(CommandStatus.ESME_RSUBMITFAIL),
    Reason.THROTTLED: int(CommandStatus.ESME_RTHROTTLED),
    Reason.INSUFFICIENT_CREDITS: int(CommandStatus.ESME_RSUBMITFAIL),
    Reason.INVALID_DESTINATION: int(CommandStatus.ESME_RINVDSTADR),
    Reason.INVALID_SOURCE: int(CommandStatus.ESME_RINVSRCADR),
    Reason.INVALID_TEXT: int(CommandStatus.ESME_RSUBMITFAIL),
    Reason.MESSAGE_TOO_LONG: int(CommandStatus.ESME_RINVMSGLEN),
    Reason.INVALID_VALIDITY: int(CommandStatus.ESME_RINVEXPIRY),
    Reason.INVALID_SCHEDULE: int(CommandStatus.ESME_RINVSCHED),
    Reason.INVALID_FIELD: int(CommandStatus.ESME_RSUBMITFAIL),
    Reason.NO_ROUTE: int(CommandStatus.ESME_RSUBMITFAIL),
    Reason.BUSY: int(CommandStatus.ESME_RMSGQFUL),
    Reason.DUPLICATE_KEY: int(CommandStatus.ESME_RSUBMITFAIL),
}

"""What a command_status in submit_sm_resp says about trying again."""

from typing import Final

from trunkline.model.profile import ErrorAction, Profile
from trunkline.smpp.constants import CommandStatus

USUAL: Final[dict[int, ErrorAction]] = {
    CommandStatus.ESME_RTHROTTLED.value: ErrorAction.SLOW,
    CommandStatus.ESME_RMSGQFUL.value: ErrorAction.SLOW,
    CommandStatus.ESME_RSYSERR.value: ErrorAction.RETRY,
    CommandStatus.ESME_RX_T_APPN.value: ErrorAction.RETRY,
    CommandStatus.ESME_RX_P_APPN.value: ErrorAction.RETRY,
    CommandStatus.ESME_RX_R_APPN.value: ErrorAction.RETRY,
    # 0x67, as some SMSCs answer a submit when they are in trouble.
    CommandStatus.ESME_RQUERYFAIL.value: ErrorAction.RETRY,
}
"""The refusals that pass; all others are for good."""


def actions_of(profile: Profile) -> dict[int, ErrorAction]:
    """The action for each command_status that has one; what is not there is `ErrorAction.REJECT`."""
    return USUAL | profile.error_actions

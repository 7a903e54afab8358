import pytest

from trunkline.smpp.constants import (
    ESM_DELIVERY_RECEIPT,
    ESM_INTERMEDIATE,
    ESM_TYPE_MASK,
    ESM_UDHI,
    CommandId,
    CommandStatus,
    MessageState,
    RegisteredDelivery,
    Role,
    Tag,
    Version,
    command_name,
    status_name,
)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (0, "ESME_ROK"),
        (0x58, "ESME_RTHROTTLED"),
        (0x14, "ESME_RMSGQFUL"),
        (0x64, "ESME_RX_T_APPN"),
        (0xFF, "ESME_RUNKNOWNERR"),
        (0x400, "VENDOR_0x00000400"),
        (0x4FF, "VENDOR_0x000004ff"),
        (0x500, "0x00000500"),
        (0x09, "0x00000009"),
        (0xC3, "ESME_RMISSINGOPTPARAM"),
        (0x112, "ESME_RINVBCASTCHANIND"),
        (0x113, "0x00000113"),
    ],
)
def test_status_name(status: int, name: str):
    assert status_name(status) == name


def test_command_name():
    assert command_name(4) == "submit_sm"
    assert command_name(0x80000009) == "bind_transceiver_resp"
    assert command_name(0x80000113) == "cancel_broadcast_sm_resp"
    assert command_name(0x23) == "query_last_msgs"
    assert command_name(0x999) == "0x00000999"


def test_every_request_has_its_response_but_two():
    requests = {command for command in CommandId if command < 0x80000000}
    without = {command for command in requests if command | 0x80000000 not in set(CommandId)}
    assert without == {CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION}


def test_esm_class_masks_do_not_overlap_with_udhi():
    assert 0x44 & ESM_TYPE_MASK == ESM_DELIVERY_RECEIPT
    assert 0x60 & ESM_TYPE_MASK == ESM_INTERMEDIATE
    assert ESM_UDHI & ESM_TYPE_MASK == 0


def test_statuses_and_roles():
    assert len(CommandStatus) == len({status.value for status in CommandStatus}) == 67
    assert CommandStatus.ESME_RMISSINGTLV is CommandStatus.ESME_RMISSINGOPTPARAM
    assert Role.ESME.peer is Role.SMSC
    assert Role.SMSC.peer is Role.ESME


@pytest.mark.parametrize(
    ("interface_version", "version"),
    [
        (0x00, Version.V33),
        (0x32, Version.V33),
        (0x33, Version.V33),
        (0x34, Version.V34),
        (0x35, Version.V34),
        (0x40, Version.V34),
        (0x4F, Version.V34),
        (0x50, Version.V50),
        (0x51, Version.V50),
        (0xFF, Version.V50),
    ],
)
def test_what_an_interface_version_stands_for(interface_version: int, version: Version):
    assert Version.of(interface_version) is version


def test_what_versions_have():
    assert [version.max_message_id for version in Version] == [8, 64, 64]
    assert [version.has_tlvs for version in Version] == [False, True, True]


def test_what_5_0_added_to_states_receipts_and_tags():
    assert (MessageState(0).name, MessageState(9).name) == ("SCHEDULED", "SKIPPED")
    assert RegisteredDelivery.SUCCESS_ONLY == RegisteredDelivery.FINAL | RegisteredDelivery.FAILURE_ONLY
    new = {tag.value for tag in Tag if tag.value == 0x0428 or 0x0600 <= tag.value < 0x0700}
    assert new == {0x0428, *range(0x0600, 0x060C), *range(0x060D, 0x0614)}


def test_versions_by_name():
    assert [Version.named(name) for name in ("3.3", "3.4", "5.0")] == list(Version)
    for name in ("3.5", "", "five", "3.4.0"):
        with pytest.raises(ValueError, match=r"none of 3\.3, 3\.4 and 5\.0"):
            Version.named(name)

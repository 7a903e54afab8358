"""How the simulated SMSC answers submits: which it refuses and with what, and what its answers look like."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from trunkline.simulator.fates import Fates
from trunkline.simulator.numbering import (
    ALPHANUMERIC,
    INTERNATIONAL,
    SHORT_CODE,
    kind_of,
    parse_numbering,
)
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.constants import HEADER_SIZE, CommandId, CommandStatus
from trunkline.smpp.layouts import HEADER
from trunkline.smpp.pdus import DataSm, DataSmResp, GenericNack, Pdu, SubmitSm, SubmitSmResp
from trunkline.smpp.times import parse_time

Submit = SubmitSm | DataSm
Check = Callable[[Submit], int]
"""Tells the command_status that a submit is refused with; 0 to let it pass."""


def _header_alone(pdu: Pdu) -> bytes:
    return HEADER.pack(HEADER_SIZE, pdu.command_id, pdu.command_status, pdu.sequence_number)


def _header_and_nul(pdu: Pdu) -> bytes:
    return HEADER.pack(HEADER_SIZE + 1, pdu.command_id, pdu.command_status, pdu.sequence_number) + b"\0"


class _BodilessSubmitSmResp(SubmitSmResp):
    encode_pdu = _header_alone


class _BodilessDataSmResp(DataSmResp):
    encode_pdu = _header_alone


class _EmptySubmitSmResp(SubmitSmResp):
    encode_pdu = _header_and_nul


class _EmptyDataSmResp(DataSmResp):
    encode_pdu = _header_and_nul


_Response = type[SubmitSmResp | DataSmResp]
_SUBMIT_SM: Final = CommandId.SUBMIT_SM.value
_DATA_SM: Final = CommandId.DATA_SM.value
_RESPONSES: Final[dict[int, _Response]] = {_SUBMIT_SM: SubmitSmResp, _DATA_SM: DataSmResp}
_BODILESS: Final[dict[int, _Response]] = {_SUBMIT_SM: _BodilessSubmitSmResp, _DATA_SM: _BodilessDataSmResp}
_EMPTY: Final[dict[int, _Response]] = {_SUBMIT_SM: _EmptySubmitSmResp, _DATA_SM: _EmptyDataSmResp}


class Answers:
    """The answers to submits, as the scenario wants them.

    `refusal` is None for an SMSC that takes everything. `late` and `repeated` draw what happens to an answer
    once it is written, None for never. `new_id` gives a number no message has, and its text.
    """

    __slots__ = ("_bodiless", "_error_body", "_nack", "_new_id", "late", "refusal", "repeated")

    def __init__(self, scenario: Scenario, fates: Fates, new_id: Callable[[], tuple[int, str]]) -> None:
        self.refusal = _all_of(_checks(scenario, fates))
        self.late = fates.share("late_answer", scenario.late_answer_share)
        self.repeated = fates.share("duplicate_answer", scenario.duplicate_answer_share)
        self._bodiless = fates.share("no_id", scenario.no_id_share)
        self._nack = fates.share("nack", scenario.nack_share)
        self._error_body = scenario.error_body
        self._new_id = new_id

    def accepted(self, pdu: Submit, message_id: str) -> SubmitSmResp | DataSmResp:
        """The answer to a submit that was taken."""
        classes = _BODILESS if self._bodiless is not None and self._bodiless() else _RESPONSES
        return classes[pdu.command_id](sequence_number=pdu.sequence_number, message_id=message_id)

    def refused(self, pdu: Submit, status: int) -> Pdu:
        """The answer to a submit that was not taken."""
        if self._nack is not None and self._nack():
            return GenericNack(command_status=status)
        if self._error_body == "id":
            return pdu.response(status, message_id=self._new_id()[1])
        classes = _EMPTY if self._error_body == "nul" else _BODILESS
        return classes[pdu.command_id](command_status=status, sequence_number=pdu.sequence_number)


def _all_of(checks: list[Check]) -> Check | None:
    if not checks:
        return None

    def check(pdu: Submit) -> int:
        return next(filter(None, (check(pdu) for check in checks)), 0)

    return checks[0] if len(checks) == 1 else check


def _checks(scenario: Scenario, fates: Fates) -> list[Check]:
    """What a submit has to pass, in this order; nothing that the scenario leaves alone."""
    checks: list[Check] = []
    if scenario.error_numbers:
        checks.append(_numbers_check(scenario.error_numbers))
    checks += _numbering_checks(scenario)
    if scenario.time_format != "any":
        checks.append(_time_check(scenario.time_format))
    status = scenario.error_status
    if scenario.error_first:
        checks.append(_first_check(scenario.error_first, status))
    if scenario.error_attempts:
        checks.append(_attempts_check(scenario.error_attempts, status))
    error = fates.share("error", scenario.error_share)
    if error is not None:
        checks.append(lambda _: status if error() else 0)
    return checks


def _numbers_check(statuses: Mapping[str, int]) -> Check:
    longest_first = sorted(statuses.items(), key=lambda item: -len(item[0]))

    def check(pdu: Submit) -> int:
        address = pdu.destination_addr
        return next((status for prefix, status in longest_first if address.startswith(prefix)), 0)

    return check


def _first_check(count: int, status: int) -> Check:
    left = count

    def check(_: Submit) -> int:
        nonlocal left
        left -= 1
        return status if left >= 0 else 0

    return check


def _attempts_check(count: int, status: int) -> Check:
    attempts: dict[
        int, int
    ] = {}  # by what makes two submits the same message, hashed: texts would fill memory

    def check(pdu: Submit) -> int:
        content = hash((pdu.source_addr, pdu.destination_addr, pdu.payload, pdu.tlvs))
        made = attempts.pop(content, 0)
        if made >= count:
            return 0
        attempts[content] = made + 1
        return status

    return check


def _numbering_checks(scenario: Scenario) -> list[Check]:
    by_kind = {
        ALPHANUMERIC: parse_numbering(scenario.alphanumeric_numbering),
        INTERNATIONAL: parse_numbering(scenario.international_numbering),
        SHORT_CODE: parse_numbering(scenario.short_code_numbering),
    }
    destination = parse_numbering(scenario.destination_numbering)

    def check_source(pdu: Submit) -> int:
        return _numbering_status(
            by_kind[kind_of(pdu.source_addr)],
            (pdu.source_addr_ton, pdu.source_addr_npi),
            CommandStatus.ESME_RINVSRCTON,
            CommandStatus.ESME_RINVSRCNPI,
        )

    def check_destination(pdu: Submit) -> int:
        return _numbering_status(
            destination,
            (pdu.dest_addr_ton, pdu.dest_addr_npi),
            CommandStatus.ESME_RINVDSTTON,
            CommandStatus.ESME_RINVDSTNPI,
        )

    checks: list[Check] = [check_source] if any(by_kind.values()) else []
    return [*checks, check_destination] if destination else checks


def _numbering_status(
    allowed: frozenset[tuple[int, int]],
    given: tuple[int, int],
    bad_ton: CommandStatus,
    bad_npi: CommandStatus,
) -> int:
    if not allowed or given in allowed:
        return 0
    return (bad_npi if any(ton == given[0] for ton, _ in allowed) else bad_ton).value


def _time_check(form: str) -> Check:
    def acceptable(text: str) -> bool:
        if not text:
            return True
        try:
            parse_time(text, time.time_ns() // 1_000_000)
        except ValueError:
            return False
        return form == "valid" or form == ("relative" if text.endswith("R") else "absolute")

    def check(pdu: Submit) -> int:
        if isinstance(pdu, DataSm):
            return 0
        if not acceptable(pdu.schedule_delivery_time):
            return CommandStatus.ESME_RINVSCHED.value
        return 0 if acceptable(pdu.validity_period) else CommandStatus.ESME_RINVEXPIRY.value

    return check

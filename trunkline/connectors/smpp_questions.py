"""What an SMSC is asked beside submits: query_sm, cancel_sm and replace_sm for messages it has, broadcasts.

A question takes a place in the window of a bind like a submit, and goes first: while one waits for a place,
nothing is submitted.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from trunkline.connectors.submit_encoding import SubmitEncoder
from trunkline.model.amendment import NotCarriedOut, Revision, Standing
from trunkline.model.message import Segment
from trunkline.model.snapshot import ConnectorConfig
from trunkline.smpp.constants import MessageState, Tag, status_name
from trunkline.smpp.errors import SmppError
from trunkline.smpp.pdus import CancelSm, GenericNack, Pdu, QuerySm, QuerySmResp, ReplaceSm, SubmitSm
from trunkline.smpp.times import parse_time
from trunkline.smpp.tlv import Tlv

if TYPE_CHECKING:
    from trunkline.connectors.smpp_link import Link

ANSWER_S: Final = 10.0
"""Seconds that a question may take where the connector's submits have no time-out."""

_STATES: Final = {state.value: state for state in MessageState}
_VERSION_WITH_LONG_REPLACE: Final = "5.0"


class Question:
    """A request other than submit_sm; in the window of a session it is its own token."""

    __slots__ = ("answer", "pdu")

    def __init__(self, pdu: Pdu) -> None:
        self.pdu = pdu
        self.answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()

    def settle(self, pdu: Pdu) -> None:
        """The SMSC has answered."""
        if not self.answer.done():
            self.answer.set_result(pdu)

    def fail(self, why: str) -> None:
        """No answer comes any more."""
        if not self.answer.done():
            self.answer.set_exception(NotCarriedOut(why))


class Questions:
    """The questions of one connector. `waiting` are those that no bind had a place for yet."""

    def __init__(
        self, config: ConnectorConfig, encoder: SubmitEncoder, asked: dict[tuple[str, int | None], int]
    ) -> None:
        """`asked` counts the questions by command and status, see `smpp_link.Counters`."""
        self._encoder = encoder
        self._answer_s = config.response_timeout_s or ANSWER_S
        self._long_replace = config.smpp_version == _VERSION_WITH_LONG_REPLACE
        self.waiting: deque[Question] = deque()
        self._asked = asked

    def serve(self, links: Iterable["Link"]) -> None:
        """Sends what waits, as far as there are places in the windows."""
        waiting = self.waiting
        for link in links:
            while waiting and link.free > 0:
                question = waiting.popleft()
                if question.answer.done():  # nobody waits for it any more
                    continue
                try:
                    link.ask(question)
                except SmppError as error:
                    question.fail(f"{question.pdu.name} cannot be sent: {error}")

    async def query(self, segment: Segment, links: Iterable["Link"], now_ms: int) -> Standing:
        """See `Submitter.query`."""
        submit = self._as_submitted(segment, now_ms)
        pdu = QuerySm(
            message_id=segment.smsc_message_id or "",
            source_addr_ton=submit.source_addr_ton,
            source_addr_npi=submit.source_addr_npi,
            source_addr=submit.source_addr,
        )
        answer = await self._ask(pdu, links)
        if not isinstance(answer, QuerySmResp):
            raise NotCarriedOut(f"the SMSC answers query_sm with {answer.name}")
        try:
            final_at = parse_time(answer.final_date, now_ms) if answer.final_date else None
        except ValueError:
            final_at = None  # a date never fails an answer
        state = _STATES.get(answer.message_state, MessageState.UNKNOWN)
        return Standing(state, final_at, answer.error_code)

    async def cancel(self, segment: Segment, links: Iterable["Link"], now_ms: int) -> None:
        """See `Submitter.cancel`."""
        submit = self._as_submitted(segment, now_ms)
        pdu = CancelSm(
            service_type=submit.service_type,
            message_id=segment.smsc_message_id or "",
            source_addr_ton=submit.source_addr_ton,
            source_addr_npi=submit.source_addr_npi,
            source_addr=submit.source_addr,
            dest_addr_ton=submit.dest_addr_ton,
            dest_addr_npi=submit.dest_addr_npi,
            destination_addr=submit.destination_addr,
        )
        await self._ask(pdu, links)

    async def replace(
        self, segment: Segment, revision: Revision, links: Iterable["Link"], now_ms: int
    ) -> None:
        """See `Submitter.replace`."""
        submit = self._as_submitted(segment, now_ms)
        tlvs: tuple[Tlv, ...] = ()
        long_text = submit.tlv(Tag.MESSAGE_PAYLOAD)
        if long_text is not None:
            if not self._long_replace:
                raise NotCarriedOut("the text is too long for replace_sm before SMPP 5.0")
            tlvs = (Tlv(Tag.MESSAGE_PAYLOAD.value, long_text),)
        after = revision.deliver_after_ms
        pdu = ReplaceSm(
            message_id=segment.smsc_message_id or "",
            source_addr_ton=submit.source_addr_ton,
            source_addr_npi=submit.source_addr_npi,
            source_addr=submit.source_addr,
            schedule_delivery_time="" if after is None else self._encoder.until(now_ms + after, now_ms),
            validity_period="" if revision.validity_ms is None else submit.validity_period,
            registered_delivery=submit.registered_delivery,
            short_message=submit.short_message,
            tlvs=tlvs,
        )
        await self._ask(pdu, links)

    def _as_submitted(self, segment: Segment, now_ms: int) -> SubmitSm:
        """The submit_sm of the segment, for its addresses: they have to be those that the SMSC knows."""
        try:
            return self._encoder.encode(segment, now_ms)
        except ValueError as error:
            raise NotCarriedOut(str(error)) from None

    async def ask(self, pdu: Pdu, links: Iterable["Link"]) -> Pdu:
        """The SMSC's answer. Raises `NotCarriedOut` when there is none."""
        links = tuple(links)
        if not links:
            raise NotCarriedOut("the connector is not bound")
        question = Question(pdu)
        self.waiting.append(question)
        self.serve(links)
        try:
            async with asyncio.timeout(self._answer_s):
                answer = await question.answer
        except TimeoutError:
            self._count(pdu, None)
            raise NotCarriedOut(f"no answer to {pdu.name} within {self._answer_s:g} s") from None
        except NotCarriedOut:
            self._count(pdu, None)
            raise
        finally:
            if question in self.waiting:
                self.waiting.remove(question)
        self._count(pdu, answer.command_status)
        return answer

    async def _ask(self, pdu: Pdu, links: Iterable["Link"]) -> Pdu:
        """The same, when its status is ESME_ROK; another is no answer."""
        answer = await self.ask(pdu, links)
        status = answer.command_status
        if status or isinstance(answer, GenericNack):
            raise NotCarriedOut(f"the SMSC answers {pdu.name} with {status_name(status)}", status)
        return answer

    def _count(self, pdu: Pdu, status: int | None) -> None:
        key = (pdu.name, status)
        self._asked[key] = self._asked.get(key, 0) + 1

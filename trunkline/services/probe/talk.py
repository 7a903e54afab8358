"""The conversation with an SMSC that is being probed.

Safe by construction: it binds, sends enquire_link and a query_sm of an id that cannot exist, and submits only
to the number that was given. Messages from handsets are refused for the moment, so that the SMSC keeps them.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from trunkline.gsm.alphabets import gsm_encode, ucs2_encode
from trunkline.gsm.udh import concatenation_header
from trunkline.services.probe.observed import (
    ALPHABET_TEXT,
    Observations,
    Plan,
    Received,
    Submitted,
    Target,
)
from trunkline.smpp.asyncio import BindRefused, ConnectionLost, SmppConnection, connect
from trunkline.smpp.constants import ESM_UDHI, BindType, CommandStatus, Tag, status_name
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import DataSm, DeliverSm, EnquireLink, Pdu, QuerySm, SubmitSm
from trunkline.smpp.receipts import parse_receipt
from trunkline.smpp.tlv import Tlv, octet, short

Say = Callable[[str], None]

IMPOSSIBLE_ID: Final = "FFFFFFFF"
BURST: Final = 5
_WRONG_CREDENTIALS: Final = frozenset(
    {
        CommandStatus.ESME_RINVPASWD.value,
        CommandStatus.ESME_RINVSYSID.value,
        CommandStatus.ESME_RBINDFAIL.value,
    }
)
_NO_TRANSCEIVER: Final = frozenset(
    {
        CommandStatus.ESME_RINVCMDID.value,
        CommandStatus.ESME_RINVBNDSTS.value,
        CommandStatus.ESME_RSYSERR.value,
    }
)


class ProbeFailed(Exception):
    """The probe could not begin; the text says why and what to do."""


class Peer(Handler):
    """Our end of one bind."""

    def __init__(self, observations: Observations, connection: SmppConnection) -> None:
        self._observations = observations
        self._news = asyncio.Event()
        self.connection = connection

    async def ask(self, pdu: Pdu, timeout_s: float) -> tuple[Pdu | None, float]:
        """Sends a request; its answer, None when none came, and the seconds it took."""
        # Not the loop's time, which stands still for as long as a turn of the loop takes.
        began = perf_counter()
        answer: asyncio.Future[Pdu | None] = asyncio.get_running_loop().create_future()
        self.connection.send(pdu, answer)
        try:
            async with asyncio.timeout(timeout_s):
                return await answer, perf_counter() - began
        except TimeoutError:
            return None, perf_counter() - began

    async def until(self, count: int, timeout_s: float) -> None:
        """Waits until so many receipts have come, or the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._observations.received) < count and not self.connection.closed:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass  # what has come is what there is

    def on_response(self, token: Any, pdu: Pdu) -> None:
        if not token.done():
            token.set_result(pdu)

    def on_timeout(self, token: Any) -> None:
        if not token.done():
            token.set_result(None)

    def on_request(self, pdu: Pdu) -> None:
        if not isinstance(pdu, DeliverSm | DataSm):
            return
        receipt = parse_receipt(pdu)
        if receipt is None:
            self._observations.inbound += 1
            self.connection.respond(pdu.response(CommandStatus.ESME_RX_T_APPN.value))
            return
        self._observations.received.append(Received(pdu, receipt))
        self.connection.respond(pdu.response(0))
        self._news.set()

    def on_closed(self, reason: str) -> None:  # noqa: ARG002 - the interface is Handler's
        self._news.set()
        for token in self.connection.session.unanswered():
            if not token.done():
                token.set_result(None)


async def observe(target: Target, plan: Plan, say: Say) -> Observations:
    """Holds the conversation, telling each step to `say`. Raises `ProbeFailed`."""
    observations = Observations()
    peers: list[Peer] = []
    try:
        await _bind(target, plan, observations, peers, say)
        await _ask_around(plan, observations, peers, say)
        await _bind_more(target, plan, observations, peers, say)
        if plan.to:
            await _submit(plan, observations, peers, say)
    except ConnectionLost as error:
        if not peers:
            raise ProbeFailed(f"the SMSC closed the connection: {error}") from None
        say(f"The SMSC closed the connection: {error}. What was learned until then counts.")
    finally:
        await asyncio.gather(*(peer.connection.unbind(plan.answer_s) for peer in peers))
    return observations


async def _open(target: Target, plan: Plan, observations: Observations) -> Peer:
    made: list[Peer] = []

    def make(connection: SmppConnection) -> Peer:
        made.append(Peer(observations, connection))
        return made[-1]

    where = f"{target.host}:{target.port}"
    try:
        await connect(
            target.host,
            target.port,
            make,
            ssl=target.tls,
            server_hostname=target.tls_server_name or None,
            timeout=plan.answer_s,
        )
    except TimeoutError:
        raise ProbeFailed(f"{where} does not answer within {plan.answer_s:g} s") from None
    except (OSError, UnicodeError) as error:
        hint = "" if target.tls is None else "; perhaps the port is not for TLS"
        raise ProbeFailed(f"cannot connect to {where}: {error}{hint}") from None
    return made[0]


async def _try(peer: Peer, kind: BindType, target: Target, plan: Plan) -> Pdu:
    """The bind response. A bind that fails, or is refused (`BindRefused`), leaves no connection behind."""
    try:
        return await peer.connection.bind(
            kind,
            target.system_id,
            target.password,
            target.system_type,
            interface_version=target.interface_version,
            timeout=plan.answer_s,
        )
    except BaseException as error:
        peer.connection.abort("the bind failed")
        await peer.connection.wait_closed()
        why = _bind_failure(error, plan)
        if why:
            raise ProbeFailed(why) from None
        raise


def _bind_failure(error: BaseException, plan: Plan) -> str:
    if isinstance(error, TimeoutError):
        return (
            f"no answer to the bind within {plan.answer_s:g} s: is this an SMPP port, and is TLS to be used?"
        )
    if isinstance(error, EncodeError):
        return f"these credentials do not fit into a bind request: {error}"
    if isinstance(error, ConnectionLost):
        return f"the SMSC closed the connection instead of answering the bind: {error}"
    return ""


async def _bind(target: Target, plan: Plan, observations: Observations, peers: list[Peer], say: Say) -> None:
    """As a transceiver, else as transmitter and receiver; or, as planned, as a transmitter alone."""
    peer = await _open(target, plan, observations)
    try:
        answer = await _try(peer, BindType.TX if plan.transmits else BindType.TRX, target, plan)
    except BindRefused as refused:
        if plan.transmits or refused.status in _WRONG_CREDENTIALS or refused.status not in _NO_TRANSCEIVER:
            raise ProbeFailed(
                f"the SMSC refuses the bind: {status_name(refused.status)}. Check system_id, password and "
                "system_type, and whether it knows your address"
            ) from None
        observations.transceiver_refused = refused.status
        say(f"It refuses bind_transceiver ({status_name(refused.status)}); trying transmitter and receiver.")
        for kind in (BindType.TX, BindType.RX):
            peer = await _open(target, plan, observations)
            try:
                answer = await _try(peer, kind, target, plan)
            except BindRefused as again:
                if not peers:
                    raise ProbeFailed(f"it refuses every bind: {status_name(again.status)}") from None
                say(f"It refuses the {kind.value} bind ({status_name(again.status)}).")
                continue
            peers.append(peer)
    else:
        peers.append(peer)
    version = answer.tlv(Tag.SC_INTERFACE_VERSION)
    observations.interface_version = version[0] if version else None
    observations.smsc = getattr(answer, "system_id", "")
    observations.binds = len(peers)
    say(f"Bound to {observations.smsc or 'the SMSC'}.")


async def _ask_around(plan: Plan, observations: Observations, peers: list[Peer], say: Say) -> None:
    peer = peers[0]
    for _ in range(3):
        answer, seconds = await peer.ask(EnquireLink(), plan.answer_s)
        if answer is None:
            break
        observations.round_trips.append(seconds)
    if observations.round_trips:
        say(f"enquire_link is answered in {min(observations.round_trips) * 1000:.1f} ms.")
    else:
        say("enquire_link is not answered.")
    answer, _ = await peer.ask(QuerySm(message_id=IMPOSSIBLE_ID), plan.answer_s)
    if answer is not None:
        observations.query_status = answer.command_status
        say(f"query_sm is answered {status_name(answer.command_status)}.")


async def _bind_more(
    target: Target, plan: Plan, observations: Observations, peers: list[Peer], say: Say
) -> None:
    kind = BindType.TRX if observations.transceiver_refused is None else BindType.TX
    while len(peers) < plan.max_binds:
        peer = await _open(target, plan, observations)
        try:
            await _try(peer, kind, target, plan)
        except BindRefused as refused:
            observations.binds_refused = refused.status
            say(f"One bind more is refused: {status_name(refused.status)}.")
            break
        peers.append(peer)
    observations.binds = len(peers)


async def _submit(plan: Plan, observations: Observations, peers: list[Peer], say: Say) -> None:
    """The test messages, one after the other, then a few at once; at most as many as planned."""
    left = plan.messages
    for what, pdus in _messages(plan):
        if len(pdus) > left:
            break
        left -= len(pdus)
        for pdu in pdus:
            observations.submitted.append(await _submit_one(peers[0], plan, what, pdu))
        last = observations.submitted[-1]
        say(f"A message by {what}: {'no answer' if last.status is None else status_name(last.status)}.")
        if last.status is None and peers[0].connection.closed:
            return
    burst = [_text(plan, f"probe {number}") for number in range(min(left, BURST))]
    observations.submitted += await asyncio.gather(
        *(_submit_one(peers[0], plan, "burst", pdu) for pdu in burst)
    )
    accepted = sum(each.status == 0 for each in observations.submitted)
    if plan.transmits:
        return
    say(f"{accepted} of {len(observations.submitted)} messages were accepted; waiting for receipts.")
    await peers[-1 if observations.transceiver_refused is not None else 0].until(accepted, plan.receipts_s)
    say(f"{len(observations.received)} receipts came.")


async def _submit_one(peer: Peer, plan: Plan, what: str, pdu: SubmitSm) -> Submitted:
    answer, seconds = await peer.ask(pdu, plan.answer_s)
    if answer is None:
        return Submitted(what, None, seconds=seconds)
    return Submitted(what, answer.command_status, getattr(answer, "message_id", ""), seconds)


def _messages(plan: Plan) -> list[tuple[str, list[SubmitSm]]]:
    halves = [gsm_encode(f"Probe, part {number} of 2. ".ljust(120, ".")) for number in (1, 2)]
    udh = [
        _submit_sm(plan, concatenation_header(0x51, 2, number) + half, esm_class=ESM_UDHI)
        for number, half in enumerate(halves, 1)
    ]
    sar = [
        _submit_sm(
            plan,
            half,
            tlvs=(
                short(Tag.SAR_MSG_REF_NUM, 0x52),
                octet(Tag.SAR_TOTAL_SEGMENTS, 2),
                octet(Tag.SAR_SEGMENT_SEQNUM, number),
            ),
        )
        for number, half in enumerate(halves, 1)
    ]
    payload = _submit_sm(plan, b"", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD.value, b"".join(halves)),))
    return [
        ("text", [_text(plan, ALPHABET_TEXT)]),
        ("ucs2", [_submit_sm(plan, ucs2_encode("probe Ω"), data_coding=8)]),
        ("udh", udh),
        ("sar", sar),
        ("payload", [payload]),
    ]


def _text(plan: Plan, text: str) -> SubmitSm:
    return _submit_sm(plan, gsm_encode(text))


def _submit_sm(
    plan: Plan, octets: bytes, esm_class: int = 0, data_coding: int = 0, tlvs: tuple[Tlv, ...] = ()
) -> SubmitSm:
    number = plan.sender.lstrip("+").isdigit()
    return SubmitSm(
        source_addr_ton=(1 if number else 5) if plan.sender else 0,
        source_addr_npi=1 if number and plan.sender else 0,
        source_addr=plan.sender.lstrip("+") if number else plan.sender,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=plan.to.lstrip("+"),
        esm_class=esm_class,
        data_coding=data_coding,
        registered_delivery=1,
        short_message=octets,
        tlvs=tlvs,
    )

"""The way of a message to the handset, on one page: admit, compose, route, charge, queue.

Every door builds a `Submission` and calls `MtPipeline.accept`. What comes back is a stored, charged and
queued message, or `Rejected` with a reason; there is nothing in between.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.ids import new_id
from trunkline.model.message import Message, Segment
from trunkline.model.ports import Acceptance, Clock, IdempotencyRecord, Journal, StorageUnavailable
from trunkline.model.profile import Profile
from trunkline.model.snapshot import UnknownOutcome
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.model.tlvs import InvalidTlv, build
from trunkline.pipeline.admission import Admission
from trunkline.pipeline.charging import price
from trunkline.pipeline.content import compose
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.routing import find_route
from trunkline.pipeline.snapshots import Snapshots

Answer = Message | Rejected

HIGHEST_PRIORITY = 3  # priority_flag (SMPP 3.4, section 5.2.14); higher values are reserved


def _record(request: IdempotencyRequest | None, answers: Sequence[Answer]) -> IdempotencyRecord | None:
    response = request.render(answers) if request is not None else None
    if request is None or response is None:
        return None
    return IdempotencyRecord(
        request.account_id, request.key, request.request_hash, response, request.created_at
    )


def _tlvs(submission: Submission, profile: Profile) -> bytes:
    """The TLVs that travel with a message. Raises `Rejected`."""
    if not submission.tlv_values:
        return submission.tlvs
    try:
        return build(submission.tlv_values, profile)
    except InvalidTlv as error:
        raise Rejected(Reason.INVALID_FIELD, f"tlvs: {error}") from None


class MtPipeline:
    """Accepts mobile-terminated messages from every door."""

    def __init__(
        self, snapshots: Snapshots, admission: Admission, queueing: Queueing, journal: Journal, clock: Clock
    ) -> None:
        self._snapshots = snapshots
        self._admission = admission
        self._queueing = queueing
        self._journal = journal
        self._clock = clock
        self.accepted = 0
        self.rejected: dict[Reason, int] = dict.fromkeys(Reason, 0)

    def accept(self, submission: Submission) -> asyncio.Future[Message]:
        """Takes one message in.

        The future's result is the message once it is durable; it fails with `Rejected`. What can be refused
        without the store raises `Rejected` at once.
        """
        try:
            message = self._prepare(submission)
        except Rejected as rejected:
            self.rejected[rejected.reason] += 1
            raise
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._journal.accept((message,)).add_done_callback(partial(self._stored_one, answer, message))
        return answer

    def accept_many(
        self, submissions: Sequence[Submission], idempotency: IdempotencyRequest | None = None
    ) -> asyncio.Future[list[Answer]]:
        """Takes many messages in, in one transaction; each is answered on its own, in order.

        With an idempotency key the answer is stored in the same transaction. The future fails with
        `IdempotencyConflict` (nothing stored) or with `Rejected` (BUSY) as a whole.
        """
        answers: list[Answer] = []
        messages: list[Message] = []
        try:
            for submission in submissions:
                try:
                    message = self._prepare(submission)
                except Rejected as rejected:
                    self.rejected[rejected.reason] += 1
                    answers.append(rejected)
                else:
                    messages.append(message)
                    answers.append(message)
            record = _record(idempotency, answers)
        except BaseException:
            for message in messages:
                self._queueing.withdraw(message)
            raise
        done: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        if not messages and record is None:
            done.set_result(answers)
        else:
            stored = self._journal.accept(messages, record)
            stored.add_done_callback(partial(self._stored_many, done, messages, answers))
        return done

    def _prepare(self, submission: Submission) -> Message:
        """The message as it will be stored; raises `Rejected`."""
        if not self._journal.available:
            raise Rejected(Reason.BUSY, "the message store is behind or away; try again in a few seconds")
        now = self._clock.now_ms()
        snapshot = self._snapshots.current
        account = submission.sender.account
        admitted = self._admission.admit(submission, now)
        route = find_route(snapshot.routes, account.id, admitted.destination)
        connector = self._queueing.choose(route.connector_ids, snapshot)
        content = compose(
            submission,
            connector.long_message,
            connector.profile.languages,
            smart=account.smart_encoding,
            eight_bit=connector.default_alphabet if connector.profile.eight_bit else "",
        )
        charged = price(route, content.parts)
        message = Message(
            new_id(),
            account.id,
            submission.door,
            submission.sender.credential,
            admitted.source,
            admitted.source_ton,
            admitted.source_npi,
            admitted.destination,
            admitted.dest_ton,
            admitted.dest_npi,
            content.text,
            content.encoding,
            content.data_coding,
            submission.protocol_id,
            min(submission.priority, HIGHEST_PRIORITY),
            submission.registered_delivery,
            submission.dlr_url or submission.sender.dlr_url,
            admitted.expires_at,
            now,
            route.id,
            connector.connector_id,
            route.rate,
            charged,
            admitted.deferred,
            account.unknown_outcome is UnknownOutcome.RESEND,
            account.receipt_policy,
            _tlvs(submission, connector.profile),
        )
        message.reference = submission.reference
        message.segments = [
            Segment(
                message,
                number,
                piece,
                udh,
                connector.connector_id,
                available_at=admitted.available_at,
                sar_reference=content.sar_reference,
            )
            for number, (piece, udh) in enumerate(content.pieces, 1)
        ]
        self._queueing.place(message, now)
        return message

    def _stored_one(
        self, answer: asyncio.Future[Message], message: Message, stored: asyncio.Future[Acceptance]
    ) -> None:
        failure = stored.exception()
        if failure is not None:
            self._queueing.withdraw(message)
            problem: BaseException = self._failed(failure)
        elif stored.result().refused:
            self._queueing.withdraw(message)
            problem = self._not_covered(message)
        else:
            self.accepted += 1
            if not answer.done():
                answer.set_result(message)
            self._queueing.release(message)
            return
        if not answer.done():
            answer.set_exception(problem)

    def _stored_many(
        self,
        done: asyncio.Future[list[Answer]],
        messages: list[Message],
        answers: list[Answer],
        stored: asyncio.Future[Acceptance],
    ) -> None:
        failure = stored.exception()
        if failure is not None:
            for message in messages:
                self._queueing.withdraw(message)
            if not done.done():
                done.set_exception(self._failed(failure))
            return
        refused = {message.id: self._not_covered(message) for message in stored.result().refused}
        for message in messages:
            if message.id in refused:
                self._queueing.withdraw(message)
            else:
                self.accepted += 1
                self._queueing.release(message)
        if not done.done():
            done.set_result(
                [
                    refused.get(answer.id, answer) if isinstance(answer, Message) else answer
                    for answer in answers
                ]
                if refused
                else answers
            )

    def _failed(self, failure: BaseException) -> BaseException:
        if isinstance(failure, StorageUnavailable):
            self.rejected[Reason.BUSY] += 1
            return Rejected(Reason.BUSY, "the message store cannot take the message now; try again later")
        return failure

    def _not_covered(self, message: Message) -> Rejected:
        self.rejected[Reason.INSUFFICIENT_CREDITS] += 1
        return Rejected(
            Reason.INSUFFICIENT_CREDITS, f"the balance does not cover {len(message.segments)} segment(s)"
        )

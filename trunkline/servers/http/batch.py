"""`POST /api/v1/http-send/batch`: up to 10,000 messages in one call, each answered on its own."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from functools import partial

import msgspec

from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.message import QUEUED_PREFIX, Message
from trunkline.model.ports import IdempotencyConflict, StorageUnavailable
from trunkline.model.snapshot import HttpAccount
from trunkline.model.submission import Reason, Rejected, Submission
from trunkline.servers.http.authentication import Authenticator, address_of
from trunkline.servers.http.errors import ApiError, error_text, invalid, of_rejected, unauthorized
from trunkline.servers.http.exchange import STORAGE_AWAY, Answer, Receive, Route, Scope, read_body
from trunkline.servers.http.fields import (
    COMMON,
    MAX_RECIPIENTS,
    BatchMessage,
    BatchRequest,
    decode_fields,
    decode_json,
    submission_of,
)
from trunkline.servers.http.idempotency import REPLAYED, Idempotency, fingerprint, key_of
from trunkline.servers.http.needs import HttpServices

MAX_BODY = 16_000_000
# Messages per transaction: about 5 ms of work between two turns of the event loop.
CHUNK = 200
CHUNKS_UNDER_WAY = 8

Stored = asyncio.Future[list[Message | Rejected]]


class BatchResult(msgspec.Struct, omit_defaults=True):
    """What became of one message: `message_id`, or `error` in words."""

    to: str
    ok: bool
    queued: bool = False
    message_id: str = ""
    error: str = ""


class BatchAnswer(msgspec.Struct):
    """`results` has one entry per message, in the order of the request."""

    ok: bool
    results: list[BatchResult]
    accepted: int
    rejected: int


class _Chunk:
    """Messages of a batch that are accepted in one transaction."""

    __slots__ = ("key", "messages", "refusals")

    def __init__(self, messages: Sequence[BatchMessage], key: str | None) -> None:
        self.messages = messages
        self.key = key  # the idempotency key of this chunk
        self.refusals: dict[int, str] = {}  # index -> why the door itself refused it

    def submissions(self, account: HttpAccount) -> list[Submission]:
        """What goes to the pipeline; what does not is noted in `refusals`."""
        submissions = []
        for index, message in enumerate(self.messages):
            try:
                submissions.append(submission_of(message, account.sender))
            except ApiError as error:
                self.refusals[index] = error.message
        return submissions

    def results(self, outcomes: Sequence[Message | Rejected]) -> list[BatchResult]:
        """The answers in order, refusals of the door and outcomes of the pipeline together."""
        refusals = self.refusals
        following = iter(outcomes)
        results = []
        for index, message in enumerate(self.messages):
            if index in refusals:
                results.append(BatchResult(message.to, False, error=refusals[index]))
                continue
            outcome = next(following)
            if isinstance(outcome, Rejected):
                results.append(BatchResult(message.to, False, error=error_text(outcome)))
            else:
                results.append(BatchResult(message.to, True, outcome.deferred, outcome.public_id))
        return results

    def all_failed(self, why: str) -> list[BatchResult]:
        """The answers when nothing could be stored."""
        refusals = self.refusals
        return [
            BatchResult(message.to, False, error=refusals.get(index, why))
            for index, message in enumerate(self.messages)
        ]

    def render(self, outcomes: Sequence[Message | Rejected]) -> str | None:
        """What is kept under the chunk's key: every answer, unless the store could not take the messages."""
        if any(isinstance(each, Rejected) and each.reason is Reason.BUSY for each in outcomes):
            return None
        return msgspec.json.encode(self.results(outcomes)).decode()


class BatchRoute(Route):
    """Takes many messages, by chunks.

    Each chunk is one transaction; with an idempotency key each keeps its own answer, so that a repetition
    after a crash in the middle carries out exactly the chunks that are missing.
    """

    path = "/api/v1/http-send/batch"
    methods = ("POST",)

    def __init__(
        self, services: HttpServices, authenticator: Authenticator, idempotency: Idempotency
    ) -> None:
        super().__init__(services.figures)
        self._pipeline = services.pipeline
        self._clock = services.clock
        self._authenticator = authenticator
        self._idempotency = idempotency
        self._decoder = msgspec.json.Decoder(BatchRequest)
        self._numbers = msgspec.json.Decoder(list[str])

    async def handle(self, scope: Scope, receive: Receive) -> Answer:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        address = address_of(scope["client"])
        # Credentials do not stand in the body here: a stranger's 16 MB are not even read.
        account = await self._authenticator.by_headers(headers, address)
        if account is None:
            credentials = decode_fields(scope["query_string"])
            if credentials.user is None or credentials.password is None:
                raise unauthorized()
            account = await self._authenticator.by_password(credentials.user, credentials.password, address)
        body = await read_body(headers, receive, MAX_BODY)
        messages = self._read(body)
        if b"idempotency-key" not in headers:
            results, _ = await self._accept(messages, account, None, "")
            return _answer(results)
        key = key_of(headers) or ""
        request_hash = fingerprint(self.path, messages)
        async with self._idempotency.turn(account.sender.account.id, key):
            results, replayed = await self._accept(messages, account, key, request_hash)
        answer = _answer(results)
        if replayed:
            answer.headers = REPLAYED
        return answer

    def _read(self, body: bytes) -> list[BatchMessage]:
        """The batch's messages, whichever of the two forms it has."""
        batch = decode_json(body, self._decoder)
        numbers = b"" if bytes(batch.to) == b"null" else bytes(batch.to)
        if batch.messages is not None:
            if numbers or any(getattr(batch, name) is not None for name in COMMON):
                raise invalid("messages stands alone: to, content and the rest belong into each message")
            messages = batch.messages
            for index, message in enumerate(messages):
                if message.content is None and message.hex_content is None:
                    raise invalid(f"messages[{index}].content is required")
        elif numbers and (batch.content is not None or batch.hex_content is not None):
            # A phone number has no comma, so a longer list is refused before it is built.
            if numbers.count(b",") >= MAX_RECIPIENTS:
                raise invalid(f"to must have at most {MAX_RECIPIENTS} entries")
            common = {name: getattr(batch, name) for name in COMMON}
            messages = [BatchMessage(to, **common) for to in decode_json(numbers, self._numbers, "to")]
        else:
            raise invalid("either messages, or to and content required")
        if not messages:
            raise invalid("the batch has no messages")
        if len(messages) > MAX_RECIPIENTS:
            raise invalid(f"messages must have at most {MAX_RECIPIENTS} entries")
        return messages

    async def _accept(
        self, messages: list[BatchMessage], account: HttpAccount, key: str | None, request_hash: str
    ) -> tuple[list[BatchResult], bool]:
        """All results, and whether every one of them is an earlier request's. Raises `ApiError` 503."""
        results: list[BatchResult] = []
        position = 0
        if key is not None:
            position = await self._replay(results, len(messages), account, key, request_hash)
            if position == len(messages):
                return results, True
        under_way: deque[tuple[_Chunk, Stored]] = deque()
        stored_any = position > 0
        for start in range(position, len(messages), CHUNK):
            chunk_key = None if key is None else _chunk_key(key, start)
            chunk = _Chunk(messages[start : start + CHUNK], chunk_key)
            under_way.append((chunk, self._start(chunk, account, request_hash)))
            await asyncio.sleep(0)
            if len(under_way) == CHUNKS_UNDER_WAY:
                stored_any |= await self._finish(*under_way.popleft(), results, account, request_hash)
        while under_way:
            stored_any |= await self._finish(*under_way.popleft(), results, account, request_hash)
        if not stored_any:
            raise of_rejected(Rejected(Reason.BUSY, STORAGE_AWAY))
        return results, False

    async def _replay(
        self, results: list[BatchResult], count: int, account: HttpAccount, key: str, request_hash: str
    ) -> int:
        """Adds the answers that are stored already, from the first message on; returns how many."""
        account_id = account.sender.account.id
        while len(results) < count:
            chunk_key = _chunk_key(key, len(results))
            record = await self._idempotency.stored(account_id, chunk_key, request_hash)
            if record is None:
                break
            results += _stored_results(record.response, record.refused)
        return len(results)

    def _start(self, chunk: _Chunk, account: HttpAccount, request_hash: str) -> Stored:
        """Hands a chunk to the pipeline."""
        submissions = chunk.submissions(account)
        wanted = None
        if chunk.key is not None:
            wanted = IdempotencyRequest(
                account.sender.account.id,
                chunk.key,
                request_hash,
                self._clock.now_ms(),
                partial(_Chunk.render, chunk),
            )
        return self._pipeline.accept_many(submissions, wanted)

    async def _finish(
        self,
        chunk: _Chunk,
        stored: Stored,
        results: list[BatchResult],
        account: HttpAccount,
        request_hash: str,
    ) -> bool:
        """Waits for a chunk and adds its results; false when the store could take none of it."""
        try:
            outcomes = await stored
        except IdempotencyConflict:
            # Another process was faster with this chunk.
            record = await self._idempotency.stored(account.sender.account.id, chunk.key or "", request_hash)
            if record is None:
                raise
            results += _stored_results(record.response, record.refused)
            return True
        except StorageUnavailable:
            results += chunk.all_failed(STORAGE_AWAY)
            return False
        except Rejected as rejected:
            results += chunk.all_failed(error_text(rejected))
            return False
        results += chunk.results(outcomes)
        return not outcomes or any(
            not isinstance(each, Rejected) or each.reason is not Reason.BUSY for each in outcomes
        )


def _chunk_key(key: str, position: int) -> str:
    """The key of a chunk: the first has the client's own; a control character keeps the others apart."""
    if position == 0:
        return key
    return f"\x1f{position}\x1f{hashlib.sha256(key.encode()).hexdigest()}"


def _stored_results(response: str, refused: tuple[str, ...]) -> list[BatchResult]:
    results = msgspec.json.decode(response, type=list[BatchResult])
    if refused:
        uncovered = set(refused)
        error = error_text(Rejected(Reason.INSUFFICIENT_CREDITS, ""))
        for index, result in enumerate(results):
            if result.message_id.removeprefix(QUEUED_PREFIX) in uncovered:
                results[index] = BatchResult(result.to, False, error=error)
    return results


def _answer(results: list[BatchResult]) -> Answer:
    accepted = sum(result.ok for result in results)
    answer = BatchAnswer(True, results, accepted, len(results) - accepted)
    return Answer(200, msgspec.json.encode(answer))

"""`GET` and `POST /api/v1/http-send` (text 000, section 2): one message."""

from collections.abc import Sequence

import msgspec

from trunkline.model.idempotency import IdempotencyRequest
from trunkline.model.message import QUEUED_PREFIX, Message
from trunkline.model.ports import IdempotencyConflict
from trunkline.model.submission import Rejected, Submission
from trunkline.servers.http.authentication import Authenticator, address_of
from trunkline.servers.http.errors import ApiError, unauthorized
from trunkline.servers.http.exchange import Answer, Receive, Route, Scope, read_body
from trunkline.servers.http.fields import SendRequest, decode_fields, decode_json, merge, submission_of
from trunkline.servers.http.idempotency import REPLAYED, Idempotency, fingerprint, key_of
from trunkline.servers.http.needs import HttpServices

MAX_BODY = 1_000_000
_FORM = b"application/x-www-form-urlencoded"
_MULTIPART = b"multipart/"


class SendAnswer(msgspec.Struct, omit_defaults=True):
    """The message is stored and will be sent; `queued`: later, because the account is above its rate."""

    ok: bool
    queued: bool = False
    message_id: str = ""


class SendRoute(Route):
    """Takes one message; answers once it is durable."""

    path = "/api/v1/http-send"
    methods: tuple[str, ...] = ("GET", "POST")

    def __init__(
        self, services: HttpServices, authenticator: Authenticator, idempotency: Idempotency
    ) -> None:
        super().__init__(services.figures)
        self._pipeline = services.pipeline
        self._clock = services.clock
        self._authenticator = authenticator
        self._idempotency = idempotency
        self._decoder = msgspec.json.Decoder(SendRequest)

    async def handle(self, scope: Scope, receive: Receive) -> Answer:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        address = address_of(scope["client"])
        account = await self._authenticator.by_headers(headers, address)
        request = await self._request(scope, headers, receive)
        if account is None:
            if request.user is None or request.password is None:
                raise unauthorized()
            account = await self._authenticator.by_password(request.user, request.password, address)
        return await self._accept(request, submission_of(request, account.sender), headers)

    async def _request(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> SendRequest:
        """The fields of body and query string."""
        request: SendRequest | None = None
        if scope["method"] == "POST":
            body = await read_body(headers, receive, MAX_BODY)
            if body:
                request = self._read(body, headers.get(b"content-type", b""))
        query: bytes = scope["query_string"]
        if query:
            further = decode_fields(query)
            if request is None:
                request = further
            else:
                merge(request, further)
        elif request is None:
            request = SendRequest()
        return request

    async def _accept(
        self, request: SendRequest, submission: Submission, headers: dict[bytes, bytes]
    ) -> Answer:
        if b"idempotency-key" in headers:
            account_id = submission.sender.account.id
            return await self._once(request, submission, account_id, key_of(headers) or "")
        message = await self._pipeline.accept(submission)
        return Answer(200, _body(message))

    def _read(self, body: bytes, content_type: bytes) -> SendRequest:
        if content_type and not content_type.startswith(b"application/json"):
            kind = content_type.lower()
            if kind.startswith(_MULTIPART):
                raise ApiError(415, "send the fields as JSON or as application/x-www-form-urlencoded")
            # curl -d calls JSON a form unless told otherwise; no form begins with a brace.
            if kind.startswith(_FORM) and not body.lstrip().startswith(b"{"):
                return decode_fields(body)
        return decode_json(body, self._decoder)

    async def _once(self, request: SendRequest, submission: Submission, account_id: int, key: str) -> Answer:
        request.user = request.password = None
        request_hash = fingerprint(self.path, request)
        wanted = IdempotencyRequest(account_id, key, request_hash, self._clock.now_ms(), _render)
        async with self._idempotency.turn(account_id, key):
            replay = await self._replay(account_id, key, request_hash)
            if replay is not None:
                return replay
            try:
                (outcome,) = await self._pipeline.accept_many([submission], wanted)
            except IdempotencyConflict:
                # Another process was faster.
                replay = await self._replay(account_id, key, request_hash)
                if replay is None:
                    raise
                return replay
        if isinstance(outcome, Rejected):
            raise outcome
        return Answer(200, _body(outcome))

    async def _replay(self, account_id: int, key: str, request_hash: str) -> Answer | None:
        record = await self._idempotency.stored(account_id, key, request_hash)
        if record is None:
            return None
        return Answer(200, record.response.encode(), REPLAYED)


def _render(outcomes: Sequence[Message | Rejected]) -> str | None:
    """What is kept under an idempotency key: only an acceptance; a refusal leaves the key free."""
    (outcome,) = outcomes
    return None if isinstance(outcome, Rejected) else _body(outcome).decode()


def _body(message: Message) -> bytes:
    # Ids are hexadecimal digits and hyphens: nothing in them needs escaping.
    if message.deferred:
        return b'{"ok":true,"queued":true,"message_id":"%b%b"}' % (_QUEUED, message.id.encode())
    return b'{"ok":true,"message_id":"%b"}' % message.id.encode()


_QUEUED = QUEUED_PREFIX.encode()

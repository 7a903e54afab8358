"""How the HTTP door says no: one table from the pipeline's reasons to HTTP statuses, one form of body."""

import msgspec

from trunkline.model.submission import Reason, Rejected

INVALID_CREDENTIALS = "Invalid credentials"
MISSING_FIELDS = "to and content required"
INTERNAL_ERROR = "Internal error; the message may or may not have been accepted"

# Status, and the text where it is fixed (text 000, section 2); None: the pipeline's own sentence.
ANSWER_OF_REASON: dict[Reason, tuple[int, str | None]] = {
    Reason.ACCOUNT_DISABLED: (403, "Account disabled"),
    Reason.THROTTLED: (429, "Rate limit exceeded"),
    Reason.INSUFFICIENT_CREDITS: (402, "Insufficient credits"),
    Reason.INVALID_DESTINATION: (400, None),
    Reason.INVALID_SOURCE: (400, None),
    Reason.INVALID_TEXT: (400, None),
    Reason.MESSAGE_TOO_LONG: (400, None),
    Reason.INVALID_VALIDITY: (400, None),
    Reason.INVALID_SCHEDULE: (400, None),
    Reason.INVALID_FIELD: (400, None),
    Reason.NO_ROUTE: (400, None),
    Reason.BUSY: (503, None),
    Reason.DUPLICATE_KEY: (422, None),
}
RETRY_AFTER_S: dict[Reason, int] = {Reason.THROTTLED: 1, Reason.BUSY: 5}

Headers = list[tuple[bytes, bytes]]


class ApiError(Exception):
    """An answer that is not a success: status, sentence for the client, further header lines."""

    def __init__(self, status: int, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or []


def invalid(message: str) -> ApiError:
    """The request breaks a rule that `message` names."""
    return ApiError(400, message)


def not_administrator(message: str) -> ApiError:
    """No token of the administration's API, or a wrong one."""
    return ApiError(401, message, [(b"www-authenticate", b'Bearer realm="Trunkline"')])


def unauthorized() -> ApiError:
    """No credentials, or wrong ones; it is not said which."""
    return ApiError(401, INVALID_CREDENTIALS, [(b"www-authenticate", b'Basic realm="Trunkline"')])


def retry_later(status: int, message: str, seconds: int) -> ApiError:
    """429 or 503 with the seconds after which a repetition makes sense."""
    return ApiError(status, message, [(b"retry-after", b"%d" % seconds)])


def error_text(rejected: Rejected) -> str:
    """What the client reads about a refusal by the pipeline."""
    return ANSWER_OF_REASON[rejected.reason][1] or rejected.detail


def of_rejected(rejected: Rejected) -> ApiError:
    """The answer to a refusal by the pipeline."""
    status = ANSWER_OF_REASON[rejected.reason][0]
    seconds = RETRY_AFTER_S.get(rejected.reason)
    if seconds is None:
        return ApiError(status, error_text(rejected))
    return retry_later(status, error_text(rejected), seconds)


def error_body(message: str) -> bytes:
    """The JSON of every answer that is not a success."""
    return msgspec.json.encode({"ok": False, "error": message})

from trunkline.model.submission import Reason
from trunkline.servers.http.errors import ANSWER_OF_REASON, RETRY_AFTER_S


def test_every_reason_has_an_answer() -> None:
    assert set(ANSWER_OF_REASON) == set(Reason)


def test_only_temporary_answers_say_when_to_retry() -> None:
    temporary = {reason for reason, (status, _) in ANSWER_OF_REASON.items() if status in (429, 503)}
    assert set(RETRY_AFTER_S) == temporary

"""Reading requests: whatever comes in is read or refused with a sentence."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote_plus, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.servers.http.errors import ApiError
from trunkline.servers.http.fields import (
    BatchRequest,
    SendRequest,
    decode_fields,
    decode_json,
    merge,
    parse_fields,
)

SEND = msgspec.json.Decoder(SendRequest)
BATCH = msgspec.json.Decoder(BatchRequest)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: (
        st.lists(inner) | st.dictionaries(TEXT | st.sampled_from(["to", "content", "messages"]), inner)
    ),
)


def assert_read_or_refused(read: Callable[[], object]) -> str:
    """What the client is told; empty when the request is fine."""
    refusal: ApiError | None = None
    try:
        read()
    except ApiError as error:
        refusal = error
    assert refusal is None or (refusal.status == 400 and refusal.message)
    return refusal.message if refusal else ""


@settings(deadline=None)
@given(st.binary())
def test_no_body_breaks_the_reader(body: bytes) -> None:
    for decoder in (SEND, BATCH):
        assert_read_or_refused(partial(decode_json, body, decoder))


@settings(deadline=None)
@given(JSON)
def test_no_json_breaks_the_reader(value: object) -> None:
    body = msgspec.json.encode(value)
    for decoder in (SEND, BATCH):
        message = assert_read_or_refused(partial(decode_json, body, decoder))
        # Nothing of the library's wording gets through.
        assert "`" not in message or b"`" in body


@settings(deadline=None)
@given(st.binary())
def test_no_query_breaks_the_reader(raw: bytes) -> None:
    assert_read_or_refused(partial(decode_fields, raw))


@settings(deadline=None)
@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=20))
def test_what_was_encoded_is_read_again(fields: dict[str, str]) -> None:
    assert parse_fields(urlencode(fields).encode()) == fields
    encoded = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields.items())
    assert parse_fields(encoded.encode()) == fields


def test_fields_without_a_value_and_empty_pairs() -> None:
    assert parse_fields(b"&&to&content=&a=b=c&") == {"to": "", "content": "", "a": "b=c"}


def test_raw_utf_8_in_a_query() -> None:
    assert parse_fields("content=naïve €".encode()) == {"content": "naïve €"}


def test_unknown_complaints_are_passed_on() -> None:
    with pytest.raises(ApiError, match="count must be of type int"):
        decode_json(b'{"count":"x"}', msgspec.json.Decoder(msgspec.defstruct("Other", [("count", int)])))


def test_merge_fills_only_what_is_missing() -> None:
    request = SendRequest(to="1", content=None, dr=0)
    merge(request, SendRequest(to="2", content="x", dr=1, user="u"))
    assert request == SendRequest(to="1", content="x", dr=0, user="u")

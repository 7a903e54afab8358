"""What the paths `/api/v1/<noun>` have in common: pages, items, who asks, and their OpenAPI entries."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from fastapi import Request, Response
from msgspec import Meta, Struct

from trunkline.model.errors import NotFound
from trunkline.model.identity import Actor
from trunkline.model.people import Page, Paging
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import invalid
from trunkline.servers.http.fields import decode_query
from trunkline.servers.http.management import key_of, refusals, refuse_nul, rules_of

V = TypeVar("V")
R = TypeVar("R")
Q = TypeVar("Q", bound=Struct)

Limit = Annotated[int, Meta(ge=1, le=200, description="How many at most.")]
After = Annotated[str, Meta(max_length=255, description="The `next` of the page before; empty: the first.")]
Text = Annotated[str, Meta(max_length=255)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class PageQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Limit = 50
    after: After = ""


class Items(Struct, Generic[V]):
    """A page of a list. `next` is the `after` of the page that follows, null where this is the last."""

    ok: bool
    items: list[V]
    next: str | None


class Item(Struct, Generic[V]):
    """One of them."""

    ok: bool
    item: V


class Done(Struct):
    """It was done, and there is nothing to show."""

    ok: bool


def read_query(request: Request, kind: type[Q]) -> Q:
    """The query string as the type. Raises `ApiError` 400 with the field and its rule."""
    query = decode_query(request.scope["query_string"], kind, strict=False, rules=rules_of(kind))
    refuse_nul(query)
    return query


def paging(query: PageQuery, *, numbered: bool = False) -> Paging:
    """Which page is asked for; `numbered` lists continue after a number."""
    if (
        numbered
        and query.after
        and not (query.after.isascii() and query.after.isdigit() and len(query.after) < 19)
    ):
        raise invalid("after must be the `next` of the page before")
    return Paging(query.limit, query.after)


def page_answer(page: Page[R], view: Callable[[R], V]) -> Response:
    """A page as JSON."""
    return json_answer(Items(True, [view(each) for each in page.items], page.next))


def item_answer(item: object) -> Response:
    """One item as JSON."""
    return json_answer(Item(True, item))


def done_answer() -> Response:
    """The answer to what shows nothing."""
    return json_answer(Done(True))


def set_fields(request: Struct) -> dict[str, Any]:
    """The fields that a request gives."""
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}


class Door:
    """How a path finds out who asks, and answers what management refuses."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @contextmanager
    def asked_by(self, request: Request) -> Iterator[Actor]:
        """Everything inside is done by whoever asks. Raises `ApiError`."""
        actor = self._authenticator.require_actor(request)
        with refusals():
            yield actor


def number_of(noun: str, text: str) -> int:
    """The id at the end of a path. Raises `NotFound` for what can be none."""
    number = key_of(text)
    if isinstance(number, str):
        raise NotFound(noun, text)
    return number


# --- OpenAPI ---------------------------------------------------------------------------------------------

SECURITY: Final[list[dict[str, list[str]]]] = [{"apiToken": []}, {"apiKey": []}]
_ERRORS: Final[Mapping[int, str]] = {
    400: "A field breaks a rule; the text names it",
    401: "No key, or a wrong one",
    403: "The key's owner may not do this; the text names the permission",
    404: "Not found",
    409: "It exists already, or something needs it",
    413: "The body is too large",
    429: "Too many failures; see Retry-After",
    503: "The message store is away; see Retry-After",
}
_READING: Final = (400, 401, 403, 404, 429, 503)
_CHANGING: Final = (400, 401, 403, 404, 409, 413, 429, 503)


def operation(
    summary: str,
    answer: Any,
    *,
    query: type[Struct] | None = None,
    body: type[Struct] | None = None,
    path: str = "",
    reads: bool = False,
) -> dict[str, Any]:
    """An entry of the document; `path` describes the path's parameter ``key``."""
    described: dict[str, Any] = {
        "summary": summary,
        "security": SECURITY,
        "responses": {"200": content("Done", answer)}
        | {str(status): _error(status) for status in (_READING if reads else _CHANGING)},
    }
    parameters = [] if query is None else parameters_of(query)
    if path:
        which = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
        parameters.append(which | {"description": path})
    if parameters:
        described["parameters"] = parameters
    if body is not None:
        schema = {"$ref": f"#/components/schemas/{body.__name__}"}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


def content(description: str, answer: Any) -> dict[str, Any]:
    """A response with the JSON of a type."""
    schemas, _ = msgspec.json.schema_components((answer,), ref_template="#/components/schemas/{name}")
    return {"description": description, "content": {"application/json": {"schema": schemas[0]}}}


def parameters_of(kind: type[Struct]) -> list[dict[str, Any]]:
    """The fields of a query's type as parameters."""
    _, components = msgspec.json.schema_components((kind,), ref_template="#/components/schemas/{name}")
    properties: Mapping[str, Any] = components[kind.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in properties.items()
    ]


def noun_paths(
    path: str,
    noun: str,
    view: Any,
    *,
    query: type[Struct],
    create: type[Struct] | None = None,
    made: Any = None,
    change: type[Struct] | None = None,
    key: str,
    delete: bool = True,
) -> dict[str, Any]:
    """The entries of a noun's list and items; `made` is what creating shows where it is not the view."""
    one: Any = Item
    whole: dict[str, Any] = {"get": operation(f"List {noun}", Items[view], query=query, reads=True)}
    single: dict[str, Any] = {"get": operation(f"One of the {noun}", Item[view], path=key, reads=True)}
    if create is not None:
        whole["post"] = operation(f"Add to the {noun}", one[made or view], body=create)
    if change is not None:
        single["patch"] = operation("Change it; what is not given stays", Item[view], body=change, path=key)
    if delete:
        single["delete"] = operation("Delete it", Done, path=key)
    return {path: whole, f"{path}/{{key}}": single}


def _error(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ErrorAnswer"}
    return {"description": _ERRORS[status], "content": {"application/json": {"schema": schema}}}

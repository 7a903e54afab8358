"""`GET /api/v1/statistics`: the dashboard's figures, of everything or of one account."""

import msgspec
from fastapi import APIRouter, Request, Response

from trunkline.model.identity import Forbidden
from trunkline.model.times import iso_timestamp
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import ApiError
from trunkline.servers.http.fields import decode_query
from trunkline.services.dashboard import Dashboard, Overview, Step, Tally


class StatisticsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The third way to say who asks."""

    user: str | None = None
    password: str | None = None


class CountedTime(msgspec.Struct):
    """Messages accepted in the hour, or on the day (UTC), that begins `at`."""

    at: str
    messages: int
    delivered: int
    failed: int


class CountedName(msgspec.Struct):
    """Messages of an account, or over a connector, in the last 24 hours."""

    name: str
    messages: int
    delivered: int
    failed: int


class CountedReason(msgspec.Struct):
    """Why messages of the last 24 hours failed."""

    reason: str
    messages: int


class StatisticsAnswer(msgspec.Struct):
    """The last 24 hours by the hour and seven days by the day; all others are of the 24 hours."""

    ok: bool
    as_of: str
    hours: list[CountedTime]
    days: list[CountedTime]
    states: dict[str, int]
    accounts: list[CountedName]
    connectors: list[CountedName]
    reasons: list[CountedReason]


def statistics(dashboard: Dashboard, authenticator: Authenticator) -> APIRouter:
    """The router of this route."""
    router = APIRouter()

    @router.get("/api/v1/statistics")
    async def overview(request: Request) -> Response:
        query = decode_query(request.scope["query_string"], StatisticsQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        try:
            return json_answer(_answer(await dashboard.overview(actor)))
        except Forbidden as error:
            raise ApiError(403, str(error)) from None

    return router


def _answer(overview: Overview) -> StatisticsAnswer:
    return StatisticsAnswer(
        True,
        iso_timestamp(overview.as_of),
        [_time(step) for step in overview.hours],
        [_time(step) for step in overview.days],
        {state.value: messages for state, messages in overview.states.items()},
        [_name(tally) for tally in overview.accounts],
        [_name(tally) for tally in overview.connectors],
        [CountedReason(each.reason, each.messages) for each in overview.reasons],
    )


def _time(step: Step) -> CountedTime:
    return CountedTime(iso_timestamp(step.at), step.messages, step.delivered, step.failed)


def _name(tally: Tally) -> CountedName:
    return CountedName(tally.name, tally.messages, tally.delivered, tally.failed)

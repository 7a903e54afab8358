"""The routes that are asked now and then: a message's detail, health, metrics, the reference."""

from fastapi import APIRouter, Request, Response

from trunkline.model.amendment import NotAmended
from trunkline.model.identity import Actor, Permission
from trunkline.model.profile import STANDARD
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.fields import decode_fields, decode_query
from trunkline.servers.http.management import refusals
from trunkline.servers.http.messages import (
    PdusQuery,
    not_cancelled,
    not_found,
    part_of,
    pdus_of,
    plain_id,
    view_of,
)
from trunkline.servers.http.metrics import CONTENT_TYPE, Metrics
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.openapi import HealthAnswer, document
from trunkline.servers.http.reference import reference_page
from trunkline.services.cancelling import Cancelling
from trunkline.services.message_pdus import MessagePdus


def pages(services: HttpServices, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    metrics = Metrics(services.metrics)
    lookup = MessagePdus(services.pdu_logs)
    cancelling = Cancelling(services.messages, services.amending)

    async def asking(request: Request) -> Actor:
        fields = decode_fields(request.scope["query_string"])
        return await authenticator.actor_of(request, fields.user, fields.password)

    async def shown(identifier: str, actor: Actor) -> Response:
        with refusals():
            detail = await services.messages.show(actor, identifier)
            decisions = None if detail is None else await services.messages.decisions(actor, detail)
        if detail is None or decisions is None:
            raise not_found()
        connector = services.snapshots.current.connectors.get(detail.message.connector_id)
        profile = connector.profile if connector is not None else STANDARD
        return json_answer(view_of(detail, decisions, profile, whole=actor.account_id is None))

    @router.get("/api/v1/messages/{message_id}")
    async def message(request: Request, message_id: str) -> Response:
        actor = await asking(request)
        return await shown(plain_id(message_id), actor)

    @router.get("/api/v1/messages/{message_id}/pdus")
    async def pdus(request: Request, message_id: str) -> Response:
        query = decode_query(request.scope["query_string"], PdusQuery)
        actor = await authenticator.actor_of(request, query.user, query.password)
        with refusals():
            actor.require(Permission.VIEW_PLATFORM)
            detail = await services.messages.show(actor, plain_id(message_id))
            if detail is None:
                raise not_found()
            return json_answer(pdus_of(await lookup.of_segment(actor, detail.message, part_of(query))))

    @router.post("/api/v1/messages/{message_id}/cancel")
    async def cancel(request: Request, message_id: str) -> Response:
        actor = await asking(request)
        identifier = plain_id(message_id)
        try:
            with refusals():
                await cancelling.cancel(actor, identifier)
        except NotAmended as error:
            raise not_cancelled(error) from None
        return await shown(identifier, actor)

    @router.get("/health/live")
    async def live() -> Response:
        return json_answer(HealthAnswer(True))

    @router.get("/health/ready")
    async def ready() -> Response:
        problems = list(services.health.problems())
        return json_answer(HealthAnswer(not problems, problems), 503 if problems else 200)

    @router.get("/docs")
    async def docs() -> Response:
        return Response(reference_page(document()), media_type="text/html")

    @router.get("/metrics")
    async def scrape() -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE.decode())

    return router

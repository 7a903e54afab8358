"""The routes that are asked now and then: a message's detail, health, metrics, the reference."""

from fastapi import APIRouter, Request, Response

from trunkline.model.amendment import NotAmended
from trunkline.model.identity import Actor
from trunkline.model.profile import STANDARD
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.fields import decode_fields
from trunkline.servers.http.management import refusals
from trunkline.servers.http.messages import not_cancelled, not_found, plain_id, view_of
from trunkline.servers.http.metrics import CONTENT_TYPE, Metrics
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.openapi import HealthAnswer, document
from trunkline.servers.http.reference import reference_page
from trunkline.services.cancelling import Cancelling


def pages(services: HttpServices, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    metrics = Metrics(services.metrics)
    cancelling = Cancelling(services.messages, services.amending)

    async def asking(request: Request) -> Actor:
        fields = decode_fields(request.scope["query_string"])
        return await authenticator.actor_of(request, fields.user, fields.password)

    async def shown(identifier: str, actor: Actor) -> Response:
        with refusals():
            detail = await services.messages.show(actor, identifier)
        if detail is None:
            raise not_found()
        connector = services.snapshots.current.connectors.get(detail.message.connector_id)
        profile = connector.profile if connector is not None else STANDARD
        return json_answer(view_of(detail, profile, whole=actor.account_id is None))

    @router.get("/api/v1/messages/{message_id}")
    async def message(request: Request, message_id: str) -> Response:
        actor = await asking(request)
        return await shown(plain_id(message_id), actor)

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

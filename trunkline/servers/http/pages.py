"""The routes that are asked now and then: a message's detail, health, metrics, the reference."""

import msgspec
from fastapi import APIRouter, Request, Response

from trunkline.model.amendment import NotAmended, Owner
from trunkline.model.profile import STANDARD
from trunkline.servers.http.authentication import Authenticator, address_of
from trunkline.servers.http.errors import unauthorized
from trunkline.servers.http.fields import decode_fields
from trunkline.servers.http.messages import not_cancelled, not_found, plain_id, view_of
from trunkline.servers.http.metrics import CONTENT_TYPE, Metrics
from trunkline.servers.http.needs import HttpServices
from trunkline.servers.http.openapi import HealthAnswer, document
from trunkline.servers.http.reference import reference_page


def pages(services: HttpServices, authenticator: Authenticator) -> APIRouter:
    """The router of these routes."""
    router = APIRouter()
    metrics = Metrics(services.metrics)

    async def account_of(request: Request) -> int:
        """The account whose user asks."""
        address = address_of(request.scope["client"])
        account = await authenticator.by_headers(dict(request.scope["headers"]), address)
        if account is None:
            fields = decode_fields(request.scope["query_string"])
            if fields.user is None or fields.password is None:
                raise unauthorized()
            account = await authenticator.by_password(fields.user, fields.password, address)
        return account.sender.account.id

    async def shown(identifier: str, account_id: int) -> Response:
        detail = await services.store.message_detail(identifier, account_id)
        if detail is None:
            raise not_found()
        connector = services.snapshots.current.connectors.get(detail.message.connector_id)
        return _json(200, view_of(detail, connector.profile if connector is not None else STANDARD))

    @router.get("/api/v1/messages/{message_id}")
    async def message(request: Request, message_id: str) -> Response:
        account_id = await account_of(request)
        return await shown(plain_id(message_id), account_id)

    @router.post("/api/v1/messages/{message_id}/cancel")
    async def cancel(request: Request, message_id: str) -> Response:
        account_id = await account_of(request)
        identifier = plain_id(message_id)
        try:
            await services.amending.cancel(Owner(account_id), identifier)
        except NotAmended as error:
            raise not_cancelled(error) from None
        return await shown(identifier, account_id)

    @router.get("/health/live")
    async def live() -> Response:
        return _json(200, HealthAnswer(True))

    @router.get("/health/ready")
    async def ready() -> Response:
        problems = list(services.health.problems())
        return _json(503 if problems else 200, HealthAnswer(not problems, problems))

    @router.get("/docs")
    async def docs() -> Response:
        return Response(reference_page(document()), media_type="text/html")

    @router.get("/metrics")
    async def scrape() -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE.decode())

    return router


def _json(status: int, content: object) -> Response:
    return Response(
        msgspec.json.encode(content), status, {"cache-control": "no-store"}, media_type="application/json"
    )

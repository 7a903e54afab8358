"""`GET /api/v1/connectors/{id}/speed`: what keeps a connector from being faster."""

import msgspec
from fastapi import APIRouter, Request, Response

from trunkline.model.identity import Permission
from trunkline.servers.http.answers import json_answer
from trunkline.servers.http.authentication import Authenticator
from trunkline.servers.http.errors import ApiError
from trunkline.servers.http.management import refusals
from trunkline.servers.http.needs import HttpServices
from trunkline.services.bottleneck import Bottleneck, explain


class SpeedAnswer(msgspec.Struct):
    """The bottleneck and the figures it was found by. Rates are submit_sm per second."""

    ok: bool
    bottleneck: Bottleneck


def speed(services: HttpServices, authenticator: Authenticator) -> APIRouter:
    """The router of this route."""
    router = APIRouter()

    @router.get("/api/v1/connectors/{connector_id}/speed")
    async def of_connector(request: Request, connector_id: str) -> Response:
        actor = authenticator.require_actor(request)
        with refusals():
            actor.require(Permission.VIEW_PLATFORM)
        config = services.snapshots.current.connectors.get(connector_id)
        if config is None:
            raise ApiError(404, "Connector not found")
        statuses = {status.connector_id: status for status in services.management.live.connectors()}
        queued = services.metrics.queue_depths.get(connector_id, 0)
        found = explain(config, statuses.get(connector_id), queued)
        return json_answer(SpeedAnswer(True, found))

    return router

"""Files that pages offer: made while they are sent, piece by piece, so that none is held in memory."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

PATH = "/downloads/"
MOST = 1_000  # offers that nobody has fetched; beyond, the oldest is forgotten


@dataclass(slots=True, frozen=True)
class _Offer:
    session: str
    name: str
    media_type: str
    content: AsyncIterator[bytes]


class Downloads:
    """What pages have offered and browsers have not fetched yet."""

    def __init__(self) -> None:
        self._offers: dict[str, _Offer] = {}

    def offer(self, session: str, name: str, media_type: str, content: AsyncIterator[bytes]) -> str:
        """The address, below the panel, at which this session gets the file, once."""
        key = secrets.token_urlsafe(16)
        self._offers[key] = _Offer(session, name, media_type, content)
        while len(self._offers) > MOST:
            del self._offers[next(iter(self._offers))]
        return PATH + key

    async def serve(self, request: Request, session: str) -> Response:
        """Sends what was offered to this session."""
        key = request.path_params["key"]
        offer = self._offers.get(key)
        if offer is None or not secrets.compare_digest(offer.session, session):
            return PlainTextResponse("There is no such file. Ask for it once more.", 404)
        if request.method == "GET":
            del self._offers[key]
        headers = {"content-disposition": f'attachment; filename="{offer.name}"'}
        return StreamingResponse(offer.content, headers=headers, media_type=offer.media_type)

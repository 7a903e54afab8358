"""The JSON of the routes that FastAPI serves."""

import msgspec
from fastapi import Response


def json_answer(content: object, status: int = 200) -> Response:
    """An answer that no cache may keep."""
    return Response(
        msgspec.json.encode(content), status, {"cache-control": "no-store"}, media_type="application/json"
    )

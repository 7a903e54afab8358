"""The OpenAPI description, made from the very types that read and write the JSON."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from trunkline.servers.http import (
    accounts,
    api_keys,
    audit,
    connectors,
    esmes,
    gateway_control,
    groups,
    http_accounts,
    inbound,
    logins,
    routes,
    system_settings,
)
from trunkline.servers.http.batch import BatchAnswer
from trunkline.servers.http.clients import GIVE_UP, ClientList, ClientRequest
from trunkline.servers.http.fields import BatchRequest, SendRequest
from trunkline.servers.http.gateways import GatewayList, GatewayRequest
from trunkline.servers.http.message_lists import (
    FORMATS,
    ExportQuery,
    MessageList,
    MessagePageQuery,
    ReceiptList,
)
from trunkline.servers.http.messages import MessageView, PduList
from trunkline.servers.http.nouns import Done
from trunkline.servers.http.panel_send import PanelSendRequest
from trunkline.servers.http.pdu_logs import LogEntry
from trunkline.servers.http.send import SendAnswer
from trunkline.servers.http.smpp_decode import DecodeAnswer, DecodeRequest
from trunkline.servers.http.speed import SpeedAnswer
from trunkline.servers.http.statistics import StatisticsAnswer, StatisticsQuery
from trunkline.servers.http.texts import InspectAnswer, InspectRequest


class ErrorAnswer(msgspec.Struct):
    """Every answer that is not a success."""

    ok: bool
    error: str


class HealthAnswer(msgspec.Struct):
    """Whether the gateway can work; `problems` says why not."""

    ok: bool
    problems: list[str] = []


_NOUNS = (
    groups, accounts, http_accounts, esmes, api_keys, audit, logins, inbound, system_settings, connectors,
    gateway_control, routes,
)  # fmt: skip
_TYPES = (
    SendRequest,
    SendAnswer,
    BatchRequest,
    BatchAnswer,
    MessageView,
    PduList,
    MessageList,
    ReceiptList,
    StatisticsAnswer,
    InspectRequest,
    InspectAnswer,
    DecodeRequest,
    DecodeAnswer,
    GatewayRequest,
    GatewayList,
    ClientRequest,
    ClientList,
    LogEntry,
    SpeedAnswer,
    ErrorAnswer,
    HealthAnswer,
    PanelSendRequest,
    Done,
    # Some nouns are only read.
    *(kind for noun in _NOUNS for kind in getattr(noun, "REQUESTS", ())),
    *(answer for noun in _NOUNS for answer in noun.ANSWERS),
)
_WAYS_IN: list[dict[str, list[str]]] = [{"apiKey": []}, {"basic": []}, {"user": [], "password": []}]
_ADMIN_ONLY: list[dict[str, list[str]]] = [{"apiToken": []}]
_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A repetition with the same key gets the first answer again and sends nothing.",
}
_GIVE_UP_RECEIPTS = {
    "name": "receipts",
    "in": "query",
    "schema": {"type": "string", "enum": [GIVE_UP]},
    "description": "give_up: receipts that wait for it are given up; else they are in the way (409).",
}
_ERRORS = {
    400: "A field is missing or breaks a rule; the text names it",
    401: "Invalid credentials",
    402: "Insufficient credits",
    403: "Account disabled",
    404: "Not found",
    409: "It exists already, or something still needs it, or it is too late",
    413: "The body is too large",
    415: "Neither JSON nor a form",
    422: "The Idempotency-Key was used for another request",
    429: "Too fast, or too many failed logins; see Retry-After",
    503: "The message store is behind or away; see Retry-After",
}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    _, components = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trunkline", "version": version("trunkline"), "description": "SMS gateway"},
        "paths": {
            "/api/v1/http-send": {"get": _send_get(), "post": _send_post()},
            "/api/v1/http-send/batch": {"post": _batch_post()},
            "/api/v1/messages": {"get": _list_get("Messages, the newest first", "MessageList")},
            "/api/v1/messages/export": {"get": _export_get("Messages")},
            "/api/v1/delivery-reports": {
                "get": _list_get("Delivery reports, those of the newest messages first", "ReceiptList")
            },
            "/api/v1/delivery-reports/export": {"get": _export_get("Delivery reports")},
            "/api/v1/statistics": {"get": _statistics_get()},
            "/api/v1/messages/{message_id}": {"get": _message_get()},
            "/api/v1/messages/{message_id}/pdus": {"get": _pdus_get()},
            "/api/v1/messages/{message_id}/cancel": {"post": _message_cancel()},
            "/api/v1/connectors/{connector_id}/speed": {"get": _speed_get()},
            "/api/v1/text/inspect": {"get": _inspect_get(), "post": _inspect_post()},
            "/api/v1/smpp/decode": {"post": _decode_post()},
            "/api/gateways": _managed_collection("Gateway", "connectors to SMSCs"),
            "/api/gateways/{id}": _managed_item("Gateway"),
            "/api/clients": _managed_collection("Client", "ESMEs"),
            "/api/clients/{id}": _managed_item("Client", _GIVE_UP_RECEIPTS),
            "/api/gateways/logs": {"get": _logs_get("connectors", "smscIds")},
            "/api/gateways/logs/download": {"get": _logs_download_get("connectors")},
            "/api/clients/logs": {"get": _logs_get("ESMEs", "clientIds")},
            "/api/clients/logs/download": {"get": _logs_download_get("ESMEs")},
            "/panel/api/v1/send": {"post": _panel_send_post()},
            **{path: entry for noun in _NOUNS for path, entry in noun.PATHS.items()},
            "/health/live": {"get": _health("The process runs", 200)},
            "/health/ready": {"get": _health("Messages can be taken", 200, 503)},
            "/metrics": {
                "get": {
                    "summary": "Metrics for Prometheus",
                    "responses": {"200": {"description": "Text format", "content": {"text/plain": {}}}},
                }
            },
        },
        "components": {
            "schemas": components,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "apiToken": {"type": "apiKey", "in": "header", "name": "X-API-Token"},
                "basic": {"type": "http", "scheme": "basic"},
                "user": {"type": "apiKey", "in": "query", "name": "user"},
                "password": {"type": "apiKey", "in": "query", "name": "password"},
            },
        },
    }


def _query(kind: type[msgspec.Struct], required: Sequence[str]) -> list[dict[str, Any]]:
    """The fields of a type as parameters of a query string."""
    # Some types describe themselves by a reference, hence the detour over the components.
    _, components = msgspec.json.schema_components((kind,), ref_template="#/components/schemas/{name}")
    properties: dict[str, dict[str, Any]] = components[kind.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in properties.items()
    ]


def _send_get() -> dict[str, Any]:
    return {
        "summary": "Send one message",
        "security": _WAYS_IN,
        "parameters": [*_query(SendRequest, ("to", "content")), _KEY_HEADER],
        "responses": _responses("SendAnswer", 400, 401, 402, 403, 422, 429, 503),
    }


def _send_post() -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/SendRequest"}}
    return {
        "summary": "Send one message",
        "security": _WAYS_IN,
        "parameters": [_KEY_HEADER],
        "requestBody": {
            "required": True,
            "content": {"application/json": schema, "application/x-www-form-urlencoded": schema},
        },
        "responses": _responses("SendAnswer", 400, 401, 402, 403, 413, 415, 422, 429, 503),
    }


def _panel_send_post() -> dict[str, Any]:
    schema = {"schema": {"$ref": "#/components/schemas/PanelSendRequest"}}
    return {
        "summary": "Send one message with the API key of a login",
        "security": _WAYS_IN[:1],
        "parameters": [_KEY_HEADER],
        "requestBody": {"required": True, "content": {"application/json": schema}},
        "responses": _responses("SendAnswer", 400, 401, 402, 403, 404, 413, 422, 429, 503),
    }


def _batch_post() -> dict[str, Any]:
    return {
        "summary": "Send up to 10,000 messages",
        "security": _WAYS_IN,
        "parameters": [_KEY_HEADER],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BatchRequest"}}},
        },
        "responses": _responses("BatchAnswer", 400, 401, 403, 413, 422, 429, 503),
    }


def _list_get(summary: str, schema: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": _query(MessagePageQuery, ()),
        "responses": _responses(schema, 400, 401, 403, 404, 429, 503),
    }


def _statistics_get() -> dict[str, Any]:
    return {
        "summary": "Figures of the last 24 hours and seven days",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": _query(StatisticsQuery, ()),
        "responses": _responses("StatisticsAnswer", 400, 401, 403, 429, 503),
    }


def _export_get(what: str) -> dict[str, Any]:
    file = {"schema": {"type": "string"}}
    return {
        "summary": f"{what} as a file for a spreadsheet: CSV or XLSX",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": _query(ExportQuery, ()),
        "responses": _responses("ErrorAnswer", 400, 401, 403, 404, 429)
        | {
            "200": {
                "description": "The file",
                "content": {kind.partition(";")[0]: file for kind in FORMATS.values()},
            }
        },
    }


def _message_get() -> dict[str, Any]:
    return {
        "summary": "Look a message up",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": [
            {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": _responses("MessageView", 401, 403, 404, 429, 503),
    }


def _pdus_get() -> dict[str, Any]:
    return {
        "summary": "The PDUs of a message's part, as far as its connector's PDU log has them; for operators",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": [
            {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "part", "in": "query", "schema": {"type": "string", "default": "1"}},
        ],
        "responses": _responses("PduList", 400, 401, 403, 404, 429, 503),
    }


def _message_cancel() -> dict[str, Any]:
    return {
        "summary": "Cancel a message, and get back what it has cost as far as it has not gone out",
        "security": _WAYS_IN,
        "parameters": [
            {"name": "message_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": _responses("MessageView", 401, 403, 404, 409, 429, 503),
    }


def _speed_get() -> dict[str, Any]:
    return {
        "summary": "What keeps a connector from being faster",
        "security": _ADMIN_ONLY,
        "parameters": [
            {"name": "connector_id", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "responses": _responses("SpeedAnswer", 401, 403, 404, 429),
    }


def _inspect_get() -> dict[str, Any]:
    return {
        "summary": "What a text will become: encoding, parts, and the characters that make it long",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "parameters": _query(InspectRequest, ("text",)),
        "responses": _responses("InspectAnswer", 400, 401, 403, 429),
    }


def _inspect_post() -> dict[str, Any]:
    return {
        "summary": "The same for texts that are too long for a URL",
        "security": [*_WAYS_IN, *_ADMIN_ONLY],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/InspectRequest"}}},
        },
        "responses": _responses("InspectAnswer", 400, 401, 403, 413, 429),
    }


def _decode_post() -> dict[str, Any]:
    return {
        "summary": "PDUs explained field by field",
        "security": [*_WAYS_IN[:2], *_ADMIN_ONLY],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DecodeRequest"}}},
        },
        "responses": _responses("DecodeAnswer", 400, 401, 403, 413, 429),
    }


def _logs_get(whose: str, names: str) -> dict[str, Any]:
    day = {"type": "string", "format": "date"}
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/LogEntry"}}
    return {
        "summary": f"The PDU log files of {whose}",
        "security": _ADMIN_ONLY,
        "parameters": [
            {"name": "dateFrom", "in": "query", "required": True, "schema": day},
            {"name": "dateTo", "in": "query", "required": True, "schema": day},
            _list_parameter(names, required=False),
        ],
        "responses": _responses("ErrorAnswer", 400, 401, 403, 429)
        | {"200": {"description": "Done", "content": {"application/json": {"schema": listed}}}},
    }


def _logs_download_get(whose: str) -> dict[str, Any]:
    octets = {"schema": {"type": "string"}}
    return {
        "summary": f"One PDU log file of {whose} as text, or several as an archive",
        "security": _ADMIN_ONLY,
        "parameters": [_list_parameter("files", required=True)],
        "responses": _responses("ErrorAnswer", 400, 401, 403, 404, 429)
        | {"200": {"description": "Done", "content": {"text/plain": octets, "application/zip": octets}}},
    }


def _list_parameter(name: str, *, required: bool) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "string"}}
    return {"name": f"{name}[]", "in": "query", "required": required, "schema": schema}


def _managed_collection(noun: str, plural: str) -> dict[str, Any]:
    return {
        "get": {
            "summary": f"The {plural} with their connections",
            "security": _ADMIN_ONLY,
            "responses": _responses(f"{noun}List", 401, 403, 429, 503),
        },
        "post": _management(f"Add to the {plural}", f"{noun}Request", 400, 401, 403, 409, 413, 429, 503),
        "put": _management(
            "Change the one with this id or name", f"{noun}Request", 400, 401, 403, 404, 413, 429, 503
        ),
    }


def _managed_item(noun: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    which = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "The id as GET shows it, or the name.",
    }
    change = _management("Change it", f"{noun}Request", 400, 401, 403, 404, 413, 429, 503)
    delete = _management("Delete it", None, 400, 401, 403, 404, 409, 429, 503)
    return {
        "put": change | {"parameters": [which]},
        "delete": delete | {"parameters": [which, *parameters]},
    }


def _management(summary: str, schema: str | None, *errors: int) -> dict[str, Any]:
    """A change, which is answered with the JSON string OK."""
    done = {"schema": {"type": "string", "const": "OK"}}
    operation: dict[str, Any] = {
        "summary": summary,
        "security": _ADMIN_ONLY,
        "responses": _responses("ErrorAnswer", *errors)
        | {"200": {"description": "Done", "content": {"application/json": done}}},
    }
    if schema is not None:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _health(meaning: str, *statuses: int) -> dict[str, Any]:
    return {"summary": meaning, "responses": {str(status): _json("HealthAnswer", "") for status in statuses}}


def _responses(schema: str, *errors: int) -> dict[str, Any]:
    return {"200": _json(schema, "Done")} | {
        str(status): _json("ErrorAnswer", _ERRORS[status]) for status in errors
    }


def _json(schema: str, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }

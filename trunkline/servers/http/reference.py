"""`/docs`: the API's reference as one plain HTML page, without scripts and without other servers."""

from collections.abc import Iterable
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-top: 1px solid #d8dee6; padding-top: 1.5rem; }
code { background: #f1f4f8; padding: .1rem .3rem; border-radius: .2rem; }
b.method { display: inline-block; min-width: 3.5rem; color: #0b6bcb; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
td { border-top: 1px solid #e6ebf1; }
"""


def reference_page(document: dict[str, Any]) -> bytes:
    """The page for an OpenAPI document as `openapi.document` makes it."""
    info = document["info"]
    schemas = document["components"]["schemas"]
    title = escape(f"{info['title']} {info['version']}: HTTP API")
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1>"
        "<p>Authenticate with the header <code>X-API-Key</code>, with Basic authentication, or with the "
        "parameters <code>user</code> and <code>password</code>. The same in machine-readable form: "
        '<a href="/api/openapi.json">OpenAPI</a>.</p>'
    )
    parts = [head]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(path, method, operation))
    parts.append("<h1>Types</h1>")
    parts += [_schema(name, schema) for name, schema in schemas.items()]
    parts.append("</body></html>")
    return "".join(parts).encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f'<h2><b class="method">{method.upper()}</b> <code>{escape(path)}</code></h2>',
        f"<p>{escape(operation['summary'])}.</p>",
    ]
    rows = [
        (each["name"], each["in"], each.get("description") or each["schema"].get("description", ""))
        for each in operation.get("parameters", ())
    ]
    if rows:
        parts.append(_table(("Parameter", "In", "Meaning"), rows))
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, <code>{escape(kind)}</code>: {_type(content['schema'])}</p>")
    answers = [
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td><td>{_contents(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    ]
    parts.append(f"<table><tr><th>Status</th><th>Meaning</th><th>Body</th></tr>{''.join(answers)}</table>")
    return "".join(parts)


def _contents(answer: dict[str, Any]) -> str:
    return ", ".join(
        _type(content["schema"]) if "schema" in content else escape(kind)
        for kind, content in answer.get("content", {}).items()
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    if "enum" in schema:
        words = ", ".join(f"<code>{escape(str(word))}</code>" for word in schema["enum"])
        return f'<h2 id="{escape(name)}">{escape(name)}</h2><p>One of {words}.</p>'
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}</td>"
        f"<td>{_type(described)}</td><td>{escape(described.get('description', ''))}</td></tr>"
        for field, described in schema["properties"].items()
    )
    return (
        f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(schema.get("description", ""))}</p>'
        f"<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>{rows}</table>"
    )


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema in words; references become links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return escape(str(schema.get("type", "any")))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{header}</tr>{body}</table>"

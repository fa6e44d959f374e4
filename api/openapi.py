"""The OpenAPI document: what FastAPI derives from the endpoints, and what it cannot see: problems, and how callers prove themselves."""

from typing import Any, Final

from fastapi import FastAPI

from api.problems import Problem

_BEARER: Final = {"type": "http", "scheme": "bearer"}
_SCHEMES: Final = {
    "token": {**_BEARER, "description": "An API token, made by `healer token create`."},
    "run": {**_BEARER, "bearerFormat": "JWT", "description": "GitHub's OIDC token of the gate run."},
    "workato_jwt": {
        **_BEARER,
        "bearerFormat": "JWT",
        "description": "HS256 over `iat`, `jti` and `bh`; off by default.",
    },
    "workato_signature": {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks v1, with `webhook-id` and `webhook-timestamp`.",
    },
    "github_signature": {"type": "apiKey", "in": "header", "name": "x-hub-signature-256"},
}
_PROOF: Final = {
    "autonomy": "token",
    "cases": "token",
    "commands": "token",
    "fetches": "token",
    "fleet": "token",
    "gate": "run",
    "logins": "token",
    "pauses": "token",
}
"""Which scheme the endpoints of a tag ask for; the hooks name theirs themselves."""


class Described(FastAPI):
    """An application whose document is complete."""

    def openapi(self) -> dict[str, Any]:
        """Give the document, made once."""
        if self.openapi_schema is None:
            _complete(super().openapi())
        return super().openapi()


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = _SCHEMES
    for methods in document["paths"].values():
        for operation in methods.values():
            for tag in _PROOF.keys() & operation.get("tags", ()):
                operation["security"] = [{_PROOF[tag]: []}]
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "case_id":
                    parameter["example"] = "UTIL-101"

"""The two servers that intake stands on, at their smallest: Prefect's REST API and the file that GitHub keeps for us.

For proofs and measurements of the gateway alone, where a whole Prefect would take the processor that is measured.
`uvicorn --factory localworld.neighbours:app`. `GET /_runs` tells what was asked for.
"""

import asyncio
import base64
from typing import Final
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CREATE_S: Final = 0.02
"""What Prefect on SQLite takes for creating a flow run, measured: 45 to 50 a second, one after another."""
REPOSITORY: Final = "acme/importers"
REGISTRY: Final = """
[importers.brightwater]
title = "Brightwater Water & Sewer"
url = "https://my.brightwater.example"
hosts = ["my.brightwater.example"]
credentials = ["brightwater-main"]
component = "importer-brightwater"
owner = "water-team"
paths = ["lib/gatherers/brightwater.rb"]
"""


class Neighbours:
    """What was asked for: the id of each run by idempotency key, and each call's key in order."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.calls: list[str] = []

    async def deployment(self, request: Request) -> JSONResponse:
        """Know every deployment by its flow's name."""
        return JSONResponse({"id": request.path_params["flow"]})

    async def create(self, request: Request) -> JSONResponse:
        """Create a run, or give the one that has this key (docs.prefect.io, "create_flow_run")."""
        key = (await request.json())["idempotency_key"]
        await asyncio.sleep(CREATE_S)
        self.calls.append(key)
        known = key in self.runs
        return JSONResponse({"id": self.runs.setdefault(key, str(uuid4()))}, 200 if known else 201)

    async def health(self, _: Request) -> JSONResponse:
        """Be well."""
        return JSONResponse(True)

    async def asked(self, _: Request) -> JSONResponse:
        """Tell runs and calls."""
        return JSONResponse({"runs": self.runs, "calls": self.calls})

    async def repository(self, request: Request) -> JSONResponse:
        """Know the importers repository."""
        return JSONResponse({"full_name": REPOSITORY, "url": str(request.url)})

    async def registry(self, _: Request) -> JSONResponse:
        """Give `importers.toml` (docs.github.com, "Get repository content")."""
        content = base64.b64encode(REGISTRY.encode()).decode()
        return JSONResponse({"type": "file", "encoding": "base64", "content": content, "path": "importers.toml"})


def app() -> Starlette:
    """Give the application: Prefect below `/api`, GitHub below `/github`."""
    us, repository = Neighbours(), f"/github/repos/{REPOSITORY}"
    return Starlette(
        routes=[
            Route("/api/deployments/name/{flow}/{name}", us.deployment),
            Route("/api/deployments/{id}/create_flow_run", us.create, methods=["POST"]),
            Route("/api/health", us.health),
            Route("/_runs", us.asked),
            Route(repository, us.repository),
            Route(repository + "/contents/importers.toml", us.registry),
        ]
    )

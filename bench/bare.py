"""The measure for the gateway: a bare Starlette handler that verifies the same HMAC and does one XADD to the same Redis.

`python -m bench.bare PORT REDIS_PORT`; the key is on standard input.
"""

import sys
import time

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from healer import signing
from healer.errors import Rejected


def make_app(redis: Redis, keys: tuple[signing.SigningKey, ...]) -> Starlette:
    """Give the application: `POST /v1/hooks/workato` as one would write it first."""

    async def take(request: Request) -> Response:
        body = await request.body()
        try:
            signing.verify(request.headers.raw, body, keys, time.time())
        except Rejected:
            return Response(status_code=401)
        entry = await redis.xadd("deliveries", {"body": body})
        return JSONResponse({"entry": entry}, 202)

    async def here(_: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/v1/hooks/workato", take, methods=["POST"]), Route("/livez", here)])


def main() -> None:
    """Serve with uvicorn's settings of the gateway."""
    port, redis_port = (int(text) for text in sys.argv[1:])
    redis = Redis(port=redis_port, decode_responses=True)
    uvicorn.run(make_app(redis, signing.parse_keys(sys.stdin.readline())), port=port, access_log=False)


if __name__ == "__main__":
    main()

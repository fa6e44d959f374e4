"""A portal as anybody reaches it: is it back? One page, no login, no cookies kept."""

from typing import Final

import httpx

from healer.clients.wire import NO_ANSWER

_REDIRECTS: Final = 5
_SECONDS: Final = 10.0


def is_up(url: str, hosts: tuple[str, ...]) -> bool:
    """Ask for the portal's page and say whether something below status 500 answers, also behind redirects within `hosts`."""
    with httpx.Client(timeout=_SECONDS, headers={"User-Agent": "importer-healer probe"}) as http:
        try:
            request = http.build_request("GET", url)
            for _ in range(_REDIRECTS):
                # The body is not read: it may be endless.
                answer = http.send(request, stream=True)
                answer.close()
                if answer.next_request is None or answer.next_request.url.netloc.decode() not in hosts:
                    return answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
                request = answer.next_request
        except NO_ANSWER:
            return False
    return False

"""What the doors over httpx share: the header that carries a login, and what httpx raises where there is no answer."""

import re
from typing import Final

import httpx
from pydantic import SecretStr

from healer.errors import Misconfigured

NO_ANSWER: Final = (httpx.HTTPError, httpx.InvalidURL)
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def authorization(scheme: str, token: SecretStr) -> dict[str, str]:
    """Give the header. A login that no header can carry ends here: the libraries below would quote it in errors and logs.

    Raises: Misconfigured (`bad_token`).
    """
    value = token.get_secret_value()
    if not _TOKEN.fullmatch(value):
        raise Misconfigured(
            "a token has characters that no token has, such as a line break.",
            reason="bad_token",
            remedy="Set it again, without what surrounds it.",
        )
    return {"Authorization": f"{scheme} {value}"}

"""HTTP on loopback, where nobody speaks TLS."""

import ssl
from typing import Final

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""What a client is given for `verify`: without it each one loads all authorities anew, which takes 20 ms of processor."""

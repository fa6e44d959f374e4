"""Text as logs have it, the same each time: lines of Ruby, HTTP and JSON, some with a secret in them, some beyond ASCII."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from string import ascii_letters, digits
from typing import Final
from urllib.parse import quote

SEED: Final = 20261124
CHUNK: Final = 65_536
SECRETS: Final = 50
_WITH_SECRET: Final = 1 / 400
_BEYOND_ASCII: Final = 1 / 100
_LETTERS: Final = ascii_letters + digits
_SPECIAL: Final = "!%+/=&<>$'\" "
_PORTALS: Final = ("brightwater", "northgas", "valley-power", "citywaste", "aqua-sud", "gridline")
_WORDS: Final = ("login", "bills", "invoice", "statement", "session", "balance", "meter", "history", "download", "page")
_WRITTEN: Final[tuple[Callable[[str], str], ...]] = (
    str,
    lambda secret: json.dumps({"password": secret}),
    lambda secret: "user=robot&password=" + quote(secret, safe=""),
    lambda secret: base64.b64encode(f"robot:{secret}".encode()).decode(),
)


def secrets() -> list[str]:
    """Give 50 passwords of 10 to 32 characters, a third of them with signs that encodings change."""
    chance = random.Random(SEED)  # noqa: S311 - the same each time
    return [_secret(chance, _LETTERS + _SPECIAL if number % 3 == 0 else _LETTERS) for number in range(SECRETS)]


def _secret(chance: random.Random, alphabet: str) -> str:
    return "x" + "".join(chance.choices(alphabet, k=chance.randint(8, 30))) + "9"


def _word(chance: random.Random) -> str:
    return chance.choice(_WORDS)


def _id(chance: random.Random, size: int) -> str:
    return f"{chance.getrandbits(size * 4):0{size}x}"


def _time(chance: random.Random) -> str:
    return f"2026-11-24T{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}.{chance.randrange(1000):03}Z"


def _http(chance: random.Random) -> str:
    path = f"/{_word(chance)}/{chance.randrange(10**6)}?page={chance.randrange(40)}&sort={_word(chance)}"
    return (
        f'10.0.{chance.randrange(256)}.{chance.randrange(256)} - - [{_time(chance)}] "GET {path} HTTP/1.1" '
        f'{chance.choice((200, 200, 200, 302, 404, 500))} {chance.randrange(90_000)} "https://{chance.choice(_PORTALS)}.example/" "Ruby"'
    )


def _json(chance: random.Random) -> str:
    told = {
        "at": _time(chance),
        "level": chance.choice(("INFO", "INFO", "DEBUG", "WARNING")),
        "logger": f"healer.{_word(chance)}",
        "message": f"{_word(chance)} of {chance.choice(_PORTALS)} took {chance.randrange(9000)} ms",
        "case": f"case-{_id(chance, 12)}",
        "bytes": chance.randrange(10**6),
        "etag": _id(chance, 32),
    }
    return json.dumps(told)


def _ruby(chance: random.Random) -> str:
    line, portal = chance.randrange(400), chance.choice(_PORTALS)
    return (
        f"/importers/lib/importers/{portal}.rb:{line}:in `fetch_{_word(chance)}': undefined method "
        f'`text\' for nil:NilClass (NoMethodError) #<Nokogiri::XML::Element:0x{_id(chance, 16)} name="td" '
        f'attributes=[#<Attr name="class" value="{_word(chance)}-{_word(chance)}">]>'
    )


def _debug(chance: random.Random) -> str:
    return (
        f"D, [{_time(chance)} #{chance.randrange(40_000)}] DEBUG -- {chance.choice(_PORTALS)}: {_word(chance)} "
        f"{chance.randrange(10**8)} amount={chance.randrange(900)}.{chance.randrange(100):02} due={chance.randrange(1, 29):02}.12.2026 "
        f"sha={_id(chance, 40)}"
    )


_KINDS: Final = (_http, _json, _ruby, _debug)


def _line(chance: random.Random, known: list[str]) -> str:
    line = chance.choice(_KINDS)(chance)
    if chance.random() < _WITH_SECRET:
        line += " " + chance.choice(_WRITTEN)(chance.choice(known))
    if chance.random() < _BEYOND_ASCII:
        line += " Zähler in der Königstraße: 12,50 €"
    return line + "\n"


def chunks(mebibytes: int) -> Iterator[str]:
    """Give so much text in pieces of 64 Ki characters, cut without regard to lines."""
    chance, known, held = random.Random(SEED + 1), secrets(), ""  # noqa: S311 - the same each time
    for _ in range(mebibytes * 2**20 // CHUNK):
        lines: list[str] = []
        size = len(held)
        while size < CHUNK:
            lines.append(_line(chance, known))
            size += len(lines[-1])
        held += "".join(lines)
        yield held[:CHUNK]
        held = held[CHUNK:]

"""Rules of `healer backfill`, as whoever feeds the production scheduler types it."""

import respx

from desk import URL, VAULT_KEYS, Desk
from healer.envelope import KeyRing
from healer.history import Hasher, key_label


@respx.mock
def test_list_is_printed_as_it_comes(healer: Desk) -> None:
    """JSON unless CSV is asked for, byte for byte; a refusal says why."""
    place = f"{URL}/v1/cases/UTIL-101/backfill"
    respx.get(place).respond(text='{"rows": []}')
    respx.get(f"{place}.csv").respond(text="importer,account\r\n")
    assert healer("backfill", "show", "UTIL-101")[:2] == (0, '{"rows": []}')
    assert healer("backfill", "show", "UTIL-101", "--csv")[:2] == (0, "importer,account\r\n")
    respx.get(place).respond(404, json={"reason": "no_backfill", "detail": "nothing is listed"})
    code, _, err = healer("backfill", "show", "UTIL-101")
    assert (code, "no_backfill" in err) == (1, True)


def test_accounts_are_named_as_in_the_list(healer: Desk) -> None:
    """Each number of standard input gets the hash that the importer's bills are remembered under, however it is spaced."""
    hasher = Hasher(KeyRing.parse(VAULT_KEYS).derive(key_label("brightwater")))
    code, out, _ = healer("backfill", "accounts", "brightwater", stdin="4711-0815\n\n 47110815 \n")
    mark = hasher.account_number("4711-0815")
    assert (code, out.splitlines()) == (0, [f"{mark} 4711-0815", f"{mark} 47110815"])

"""Rules of `healer receipt`, as a reviewer types it."""

import json
import sys
from pathlib import Path

import pytest
import respx

from factories import NOW, make_case
from healer import cli, dsse, receipt
from healer.chain import link
from healer.contracts import State

KEY, OTHER = "r1:" + "A" * 43 + "=", "r1:" + "C" * 42 + "A="


@pytest.fixture
def healer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Type a command; give exit code, standard output and standard error."""

    def typed(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["healer", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    monkeypatch.setenv("HEALER_RECEIPT_KEYS", KEY)
    monkeypatch.setenv("HEALER_URL", "http://gateway.example")
    return typed


def written(folder: Path, key: str = KEY, state: State = State.STOPPED) -> Path:
    events = (link(None, NOW, "stopped", {"by": "alice"}),)
    told = receipt.statement(receipt.write(make_case(state=state), events, {}, {}), "acme/importers")
    (folder / "receipt.json").write_text(json.dumps(dsse.seal(receipt.PAYLOAD_TYPE, told, [dsse.signer(key)])))
    return folder / "receipt.json"


def test_receipt_that_holds_ends_with_zero(healer, tmp_path: Path) -> None:
    """With the keys that `keys` prints, a receipt verifies without any network."""
    (tmp_path / "keys").write_text(healer("receipt", "keys")[1])
    code, out, err = healer("receipt", "verify", str(written(tmp_path)), "--keys", str(tmp_path / "keys"))
    assert (code, out, err) == (0, "UTIL-101: stopped, 1 events, head none: it holds\n", "")


def test_receipt_that_does_not_hold_ends_with_one(healer, tmp_path: Path) -> None:
    """A foreign signature and a state that no event tells are both named."""
    (tmp_path / "keys").write_text(healer("receipt", "keys")[1])
    forged = written(tmp_path, OTHER, State.MERGED)
    code, out, err = healer("receipt", "verify", str(forged), "--keys", str(tmp_path / "keys"))
    assert (code, out) == (1, "")
    assert "no signature is by one of these keys; the state is merged" in err


def test_private_keys_are_not_printed(healer) -> None:
    """`keys` prints what verifies and nothing that signs."""
    _, out, _ = healer("receipt", "keys")
    assert out.startswith("r1:")
    assert KEY not in out


def test_receipt_is_fetched_from_the_gateway(healer) -> None:
    """`show` prints the gateway's answer as it is."""
    with respx.mock(base_url="http://gateway.example") as gateway:
        gateway.get("/v1/cases/UTIL-101/receipt").respond(200, text='{"payload": "x"}')
        assert healer("receipt", "show", "UTIL-101")[:2] == (0, '{"payload": "x"}\n')

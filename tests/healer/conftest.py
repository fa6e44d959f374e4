"""What the tests of the `healer` command share."""

import pytest

from desk import KEYS, URL, VAULT_KEYS, Desk


@pytest.fixture
def healer(redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Give an operator's desk with all settings and an empty Redis."""
    settings = {
        "URL": URL,
        "API_TOKEN": "healer_x",
        "WORKATO_KEYS": KEYS,
        "REDIS_URL": redis_url,
        "VAULT_KEYS": VAULT_KEYS,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"HEALER_{name}", value)
    return Desk(monkeypatch, capsys)

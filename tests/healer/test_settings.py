"""Rules of settings."""

import pytest

from healer.errors import Misconfigured
from healer.settings import SinkSettings, StoreSettings, load, secret_values


def test_missing_settings_are_named_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that lacks a setting is told which, and sees no value of the others."""
    monkeypatch.setenv("HEALER_REDIS_URL", "redis://:hunter22@x/0")
    monkeypatch.delenv("HEALER_VAULT_KEYS", raising=False)
    with pytest.raises(Misconfigured, match="HEALER_VAULT_KEYS") as error:
        load(StoreSettings)
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("REDIS_URL", "rediss://:hunter22@redis.example:6379/0", {"hunter22"}),
        ("REDIS_URL", "redis://worker:hunter22@redis.example/0", {"hunter22"}),
        ("VAULT_KEYS", f"k2:{'B' * 43}=,k1:{'A' * 43}=", {"B" * 43 + "=", "A" * 43 + "="}),
        ("WORKATO_KEYS", "whsec_abc;until=2027-01-01, whsec_def", {"whsec_abc", "whsec_def"}),
        ("JIRA_TOKEN", "token:with:colons", {"token:with:colons"}),
    ],
)
def test_each_part_of_a_secret_is_known(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, parts: set[str]
) -> None:
    """Redaction learns a secret setting whole and in its parts: each key of a list, a key without its id, a password."""
    monkeypatch.setenv(f"HEALER_{name}", value)
    assert {value, *parts} <= set(secret_values(load(SinkSettings)))

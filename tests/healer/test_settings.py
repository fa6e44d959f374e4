"""Rules of settings."""

import pytest

from healer.errors import Misconfigured
from healer.settings import RedactionSettings, SinkSettings, StoreSettings, load, secret_values


def test_missing_settings_are_named_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that lacks a setting is told which, and sees no value of the others."""
    monkeypatch.setenv("HEALER_REDIS_URL", "redis://:hunter22@x/0")
    monkeypatch.delenv("HEALER_VAULT_KEYS", raising=False)
    with pytest.raises(Misconfigured, match="HEALER_VAULT_KEYS") as error:
        load(StoreSettings)
    assert "hunter22" not in str(error.value)


def test_vault_keys_come_from_exactly_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """No source of keys and two sources are both refused, and the error names the three; each alone is taken."""
    monkeypatch.setenv("HEALER_REDIS_URL", "redis://x")
    sources = {"HEALER_VAULT_KEYS": "k1:hunter22", "HEALER_VAULT_KEYS_FILE": "/run/keys", "HEALER_VAULT_KEYS_SSM": "/k"}
    for name in sources:
        monkeypatch.delenv(name, raising=False)
    for name, value in sources.items():
        with pytest.raises(Misconfigured, match=".*".join(sources)):
            load(StoreSettings)
        monkeypatch.setenv(name, value)
        assert load(StoreSettings)
        for other in sources.keys() - {name}:
            with monkeypatch.context() as also:
                also.setenv(other, sources[other])
                with pytest.raises(Misconfigured) as refused:
                    load(StoreSettings)
            assert "hunter22" not in str(refused.value)
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("REDIS_URL", "rediss://:hunter22@redis.example:6379/0", {"hunter22"}),
        ("REDIS_URL", "redis://worker:hunter22@redis.example/0", {"hunter22"}),
        ("VAULT_KEYS", f"k2:{'B' * 43}=,k1:{'A' * 43}=", {"B" * 43 + "=", "A" * 43 + "="}),
        ("VAULT_KEYS", f"k2:{'B' * 43}=\nk1:{'A' * 43}=", {"B" * 43 + "=", "A" * 43 + "="}),
        ("DECRYPTORS", f"fernet:{'-_' * 21}B=,other", {"-_" * 21 + "B="}),
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


def test_personal_data_is_masked_on_demand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """HEALER_REDACT_PERSONAL is off where nobody has said otherwise, and a word that is neither yes nor no is refused."""
    monkeypatch.delenv("HEALER_REDACT_PERSONAL", raising=False)
    assert not load(RedactionSettings).redact_personal
    monkeypatch.setenv("HEALER_REDACT_PERSONAL", "true")
    assert load(RedactionSettings).redact_personal
    monkeypatch.setenv("HEALER_REDACT_PERSONAL", "perhaps")
    with pytest.raises(Misconfigured, match="HEALER_REDACT_PERSONAL"):
        load(RedactionSettings)

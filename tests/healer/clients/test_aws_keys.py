"""Rules of AWS as the keeper of the vault's keys, against moto on the wire of botocore."""

import base64
import socket
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr

from healer.clients.aws_keys import Parameter, decrypt_key
from healer.errors import HealerError, Misconfigured, UpstreamError
from healer.settings import StoreSettings
from healer.wiring_keys import vault_keys

REGION = "eu-central-1"
PLAIN = b"p" * 32


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the process a made-up identity and a region, as a task has them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def aws(identity: None) -> Iterator[None]:
    with mock_aws():
        yield


def _wrapped(key_id: str = "k1", key: bytes = PLAIN) -> str:
    kms = boto3.client("kms")
    master = kms.create_key()["KeyMetadata"]["KeyId"]
    context = {"importer-healer": "vault-key", "id": key_id}
    blob = kms.encrypt(KeyId=master, Plaintext=key, EncryptionContext=context)["CiphertextBlob"]
    return f"{key_id}:kms:{base64.b64encode(blob).decode()}"


def _settings(**keys: str) -> StoreSettings:
    return StoreSettings(redis_url=SecretStr("redis://x"), **keys)  # type: ignore[arg-type]


def _put(text: str, kind: str) -> None:
    boto3.client("ssm").put_parameter(Name="/healer/keys", Value=text, Type=kind)


def test_key_that_kms_wrapped_opens_and_seals(aws: None) -> None:
    """A key encrypted by KMS is the key itself once KMS has decrypted it, wherever its text stands."""
    given = vault_keys(_settings(vault_keys=f"{_wrapped()},k0:{base64.b64encode(b'o' * 32).decode()}"))
    _put(_wrapped(), "SecureString")
    stored = vault_keys(_settings(vault_keys_ssm="/healer/keys"))
    sealed = given.ring.seal(b"x", "a", bytes(32))
    assert (given.ring.writer, stored.ring.open(sealed, "a", 0).plaintext) == ("k1", b"x")
    assert PLAIN.decode() not in str(given.texts)


def test_key_of_another_id_is_refused_by_kms(aws: None) -> None:
    """The encryption context binds a wrapped key to its id: under another id KMS refuses, and the error says what to allow."""
    blob = base64.b64decode(_wrapped("k1").partition(":kms:")[2])
    with pytest.raises(Misconfigured, match="kms:Decrypt") as refused:
        decrypt_key("k2", blob)
    assert refused.value.reason == "aws"


def test_wrapped_key_must_have_the_length_of_a_key(aws: None) -> None:
    """What KMS decrypts to other than 32 bytes, and a blob that is no base64, are no keys."""
    for text in (_wrapped(key=b"short"), "k1:kms:%%%", "k1:kms:"):
        with pytest.raises(Misconfigured, match="32 bytes"):
            vault_keys(_settings(vault_keys=text))


def test_secure_parameter_holds_the_keys(aws: None) -> None:
    """A SecureString parameter is read and decrypted; its parts are known to the redactor."""
    key = base64.b64encode(PLAIN).decode()
    _put(f"k7:{key}", "SecureString")
    keys = vault_keys(_settings(vault_keys_ssm="/healer/keys"))
    assert keys.ring.writer == "k7"
    assert key in keys.texts


def test_parameter_in_clear_is_refused(aws: None) -> None:
    """A parameter of type String is refused, without its value."""
    _put("k7:hunter22", "String")
    with pytest.raises(Misconfigured, match="SecureString") as refused:
        Parameter("/healer/keys").read()
    assert "hunter22" not in str(refused.value)


def test_missing_parameter_is_told(aws: None) -> None:
    """A parameter that is not there is an error that names it, AWS's word for it, and the right that is needed."""
    with pytest.raises(Misconfigured, match=r"/healer/keys.*ParameterNotFound.*ssm:GetParameter"):
        Parameter("/healer/keys").read()


def test_silent_aws_may_be_asked_again(identity: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where AWS does not answer, the error is one of the moment."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with pytest.raises(UpstreamError) as error:
            Parameter("/healer/keys").read()
    assert error.value.retryable


def test_process_without_a_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a region nothing is asked, and the error names the variable."""
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(HealerError, match="AWS_DEFAULT_REGION"):
        Parameter("/healer/keys").read()

"""AWS as the keeper of the vault's keys: a SecureString parameter in SSM, and keys encrypted by KMS.

Region and identity are those of the task (boto3 finds them). It needs `ssm:GetParameter` and `kms:Decrypt`, no more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)
from pydantic import SecretStr

from healer.errors import Misconfigured, UpstreamError

_PATIENCE: Final = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3})
_OF_THE_MOMENT: Final = frozenset(
    {"ThrottlingException", "InternalServerError", "KMSInternalException", "DependencyTimeoutException"}
)


@contextmanager
def _aws_errors(action: str, what: str) -> Iterator[None]:
    """Turn boto3's exceptions into ours; of their texts only AWS's own word for the error is kept.

    Raises: UpstreamError (`aws`) where it may pass, Misconfigured (`aws`) where somebody must act.
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in _OF_THE_MOMENT:
            raise UpstreamError(f"AWS did not give {what} ({code}).", service="aws", reason="aws") from None
        remedy = f"Look at the name and the region, and allow this task's role {action}."
        raise Misconfigured(f"AWS refuses {what} ({code}).", reason="aws", remedy=remedy) from None
    except (HTTPClientError, EndpointConnectionError, ConnectTimeoutError) as error:
        raise UpstreamError(f"AWS did not answer ({type(error).__name__}).", service="aws", reason="aws") from None
    except BotoCoreError as error:
        remedy = "Give this task a role and a region (AWS_DEFAULT_REGION)."
        raise Misconfigured(f"AWS cannot be asked ({type(error).__name__}).", reason="aws", remedy=remedy) from None


def _client(service: str) -> Any:
    return boto3.client(service, config=_PATIENCE)


@dataclass(frozen=True)
class Parameter:
    """A SecureString parameter of SSM that holds the text of the keys."""

    name: str

    def read(self) -> SecretStr:
        """Read and decrypt it.

        Raises: Misconfigured (`vault_keys`) where it is not a SecureString, (`aws`) where it is refused; UpstreamError (`aws`).
        """
        with _aws_errors("ssm:GetParameter", f"the parameter {self.name}"):
            found = _client("ssm").get_parameter(Name=self.name, WithDecryption=True)["Parameter"]
        if found["Type"] != "SecureString":
            what = f"the parameter {self.name} is a {found['Type']}, which everybody may read who may list it."
            raise Misconfigured(what, reason="vault_keys", remedy="Make it a SecureString, with new keys.")
        return SecretStr(found["Value"])


def decrypt_key(key_id: str, blob: bytes) -> bytes:
    """Let KMS decrypt a key of the vault. Its encryption context must be `importer-healer=vault-key,id=KEY ID`.

    Raises: Misconfigured, UpstreamError (`aws`).
    """
    context = {"importer-healer": "vault-key", "id": key_id}
    with _aws_errors("kms:Decrypt", f"the vault's key {key_id}"):
        answer = _client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=context)
    return bytes(answer["Plaintext"])

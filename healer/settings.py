"""Settings of each room; the only module that reads the environment.

Names are `HEALER_<FIELD>`. A process that lacks one refuses to start and names each (`Misconfigured`).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from healer.contracts import CaseId, Correlation, GateMode, ImporterName, Sha
from healer.errors import Misconfigured
from healer.settings_agents import AgentSettings
from healer.settings_job import GATEWAY_URL
from healer.settings_rounds import RoundSettings
from healer.settings_telemetry import HEADERS, TelemetrySettings

_ADDRESS = r"^https?://([\w.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/[^\s@?#]*)?$"
"""No login in it: an address is shown in links, logs and errors."""
_Address = Annotated[str, Field(pattern=_ADDRESS)]


class _Room(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HEALER_", extra="ignore", frozen=True, env_ignore_empty=True)


class GitHubSettings(_Room):
    """How to reach GitHub: a token, or an App (id, installation, PEM key)."""

    github_api_url: _Address = "https://api.github.com"
    github_url: _Address = "https://github.com"
    github_token: SecretStr | None = None
    github_app_id: int | None = None
    github_app_installation: int | None = None
    github_app_key: SecretStr | None = None
    importers_repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    base_branch: str = "main"
    gate_workflow: str = "healer-gate.yml"
    github_command_team: str | None = Field(default=None, pattern=r"^[\w.-]+/[\w.-]+$")
    """`organization/team-slug` whose members may command by comments on pull requests; without it nobody may."""
    github_pace_s: float = Field(default=1.0, ge=0)
    """Pause between writes (seconds), as github.com asks for; an Enterprise Server without rate limits takes 0."""


class JiraSettings(_Room):
    """How to reach JIRA. With `jira_user` the token is an API token (Cloud), without it a personal access token (Data Center)."""

    jira_url: _Address
    jira_user: str | None = None
    jira_token: SecretStr
    jira_project: str = Field(pattern=r"^[A-Z][A-Z0-9]{1,9}$")
    jira_issue_types: tuple[str, ...] = ("Bug", "Incident", "Task")
    jira_status_review: str = "In Review"
    jira_status_waiting: str = "Blocked"
    jira_status_done: str = "Done"
    jira_resolution: str = "Done"
    """For transitions whose screen asks for a resolution."""


class StoreSettings(_Room):
    """Redis and the keys that seal what it holds: `id:base64-of-32-bytes`, comma separated; the first one writes.

    They come from one of three places. `decryptors` names those that may read other schemes: `NAME:KEY`, comma separated.
    """

    redis_url: SecretStr
    decryptors: SecretStr | None = None
    vault_keys_file: Path | None = None
    vault_keys_ssm: str | None = None
    """The name of a SecureString parameter in AWS SSM."""
    evidence_days: int = Field(default=30, ge=1)
    good_trace_days: int = Field(default=400, ge=1)
    """How long what agents work from is kept, sealed: reports with their pages; each importer's last-good trace."""
    vault_keys: SecretStr | None = Field(default=None, validate_default=True)

    @field_validator("vault_keys")
    @classmethod
    def _from_one_place(cls, text: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        places = (text, others.data.get("vault_keys_file"), others.data.get("vault_keys_ssm"))
        if sum(place is not None for place in places) != 1:
            raise PydanticCustomError(
                "exactly one of it, HEALER_VAULT_KEYS_FILE and HEALER_VAULT_KEYS_SSM", "one place"
            )
        return text


class LimitSettings(_Room):
    """How much is taken, and how much may be spent. Gateway and flows read the same ones."""

    limit_deliveries_per_key_minute: int = Field(default=300, ge=1)
    limit_open_cases: int = Field(default=100, ge=1)
    limit_cases_per_importer_day: int = Field(default=20, ge=1)
    limit_cases_per_day: int = Field(default=200, ge=1)
    limit_mode: Literal["refuse", "queue"] = "refuse"
    """What becomes of a delivery over a limit of cases: 429, or its case waits in the line."""
    limit_usd_per_case: float = Field(default=15, ge=0)
    limit_usd_per_day: float = Field(default=100, ge=0)
    limit_usd_per_month: float = Field(default=1000, ge=0)
    limit_agent_minutes_per_case: float = Field(default=180, ge=0)
    limit_agent_minutes_per_day: float = Field(default=1440, ge=0)
    """What agents may spend, in US dollars and minutes; 0 lets them spend nothing. Days and months are UTC's."""


class RedactionSettings(_Room):
    """Whether e-mail addresses and account numbers are masked beside secrets, the same for gateway, flows and Prefect server."""

    redact_personal: bool = False


class GatewaySettings(GitHubSettings, JiraSettings, StoreSettings, LimitSettings, RedactionSettings, TelemetrySettings):
    """What the gateway needs."""

    prefect_api_url: _Address
    prefect_auth: SecretStr | None = None
    workato_keys: SecretStr
    """`whsec_…` keys, comma separated; each is accepted, the first one signs."""
    workato_jwt: bool = False
    """Whether a delivery may also be signed by a JWT over its body's hash."""
    github_webhook_secret: SecretStr
    oidc_issuer: _Address = "https://token.actions.githubusercontent.com"
    gate_repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    gate_sha: str = Field(pattern=r"^[0-9a-f]{40}$")
    importers_repository_id: int
    importers_owner_id: int
    """GitHub's ids of the importers repository and of its owner: a gate run's identity must carry them."""
    runner_environment: Literal["github-hosted", "self-hosted"] = "github-hosted"
    """Where the gate's jobs run."""
    prefect_ui_url: _Address | None = None
    """Where people reach Prefect; the API's address without `/api` where it is not given."""
    portal_origin: _Address | None = None
    """`scheme://host:port` that replaces the origin of every importer's URL: for a staging portal."""


class FlowSettings(
    GitHubSettings,
    JiraSettings,
    StoreSettings,
    LimitSettings,
    AgentSettings,
    RedactionSettings,
    RoundSettings,
    TelemetrySettings,
):
    """What the flows need."""

    public_url: _Address = "http://127.0.0.1:8000"
    """Where people reach the gateway; for links."""
    prefect_ui_url: _Address = "http://127.0.0.1:4200"
    work_dir: Path = Path("/var/lib/importer-healer")
    importers_checkout: Path | None = None
    """An existing clone of the importers repository to borrow objects from."""
    git_ssh_key: Path | None = None
    git_signing_key: SecretStr | None = None
    git_author: str = "Importer Healer <importer-healer@users.noreply.github.com>"
    max_attempts: int = Field(default=3, ge=1, le=10)
    """Attempts per case; a portal that changed on more pages than that in a row needs an engineer, or a higher number."""
    draft_on_red: bool = False
    """Whether a case that ends red shows its best candidate as a draft pull request."""
    receipt_keys: SecretStr | None = None
    """ed25519 seeds, `id:base64-of-32-bytes`, comma separated: each signs every receipt. Without one receipts are not signed."""
    diagnosis_fresh_s: int = 3600


class SinkSettings(_Room):
    """Every secret of every room: the Prefect server must know them to keep them out of its database, the leak audit to look for them."""

    github_token: SecretStr | None = None
    github_app_key: SecretStr | None = None
    github_webhook_secret: SecretStr | None = None
    git_signing_key: SecretStr | None = None
    jira_token: SecretStr | None = None
    redis_url: SecretStr | None = None
    vault_keys: SecretStr | None = None
    decryptors: SecretStr | None = None
    workato_keys: SecretStr | None = None
    receipt_keys: SecretStr | None = None
    prefect_auth: SecretStr | None = None
    api_token: SecretStr | None = None
    anthropic_api_key: SecretStr | None = None
    agent_command_key: SecretStr | None = None
    otlp_headers: SecretStr | None = Field(default=None, validation_alias=HEADERS)


class AuditSettings(GitHubSettings, StoreSettings):
    """What the leak audit needs: the vault, and of each sink where it is. One without its setting is said to be absent."""

    jira_token: SecretStr | None = None
    prefect_auth: SecretStr | None = None
    importers_repository: str = Field(default="", pattern=r"^([\w.-]+/[\w.-]+)?$")
    jira_url: str = ""
    jira_user: str | None = None
    prefect_api_url: str = ""
    git_ssh_key: Path | None = None
    work_dir: Path | None = None
    log_dir: Path | None = None
    """Where the logs of our processes are kept."""
    temp_dirs: tuple[Path, ...] = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - looked at, not used


class OperatorSettings(_Room):
    """What `healer` on an operator's machine needs to talk to gateway and Prefect."""

    url: _Address = "http://127.0.0.1:8000"
    api_token: SecretStr | None = None
    workato_keys: SecretStr | None = None
    notify_block: str | None = Field(default=None, pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")
    """Prefect's notification block for automations, `TYPE/NAME`; Prefect's address is in its own variable."""
    prefect_api_url: str = Field(default="", validation_alias="PREFECT_API_URL")
    task_pool: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    """The work pool whose workers give each run of `heal` and `publish` a task of its own; without it the runner executes them."""


class ReceiptSettings(_Room):
    """What it takes to tell the public keys of receipts."""

    receipt_keys: SecretStr


class RunnerSettings(_Room):
    """What a GitHub runner is told by the workflow. `url` is the gateway's."""

    url: str = Field(pattern=GATEWAY_URL)
    base_image: str = "ruby:3.3-slim"
    fetch_timeout_s: int = Field(default=120, ge=1, le=600)
    case: CaseId
    attempt: int = Field(ge=0)
    mode: GateMode
    importer: ImporterName
    base_sha: Sha
    with_base: bool = False
    """Fetch with `base_sha` too, before what is checked out."""
    correlation: Correlation


class ActionsSettings(BaseSettings):
    """What GitHub tells every step of a job (docs.github.com, "Default environment variables")."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    github_server_url: str
    github_repository: str
    github_run_id: int
    github_run_attempt: int = Field(ge=1)
    github_ref: str
    github_sha: Sha
    github_workspace: Path
    github_step_summary: Path | None = None
    runner_temp: Path
    actions_id_token_request_url: str
    actions_id_token_request_token: SecretStr


S = TypeVar("S", bound=BaseSettings)


def load(room: type[S]) -> S:
    """Read a room's settings from the environment.

    Raises: Misconfigured naming every missing or wrong variable, without its value.
    """
    try:
        return room()
    except ValidationError as error:
        prefix = room.model_config.get("env_prefix", "")
        named = ((e["loc"][0], e["type"]) for e in error.errors() if e["loc"])
        wrong = ", ".join(f"{prefix * (n in room.model_fields)}{n}".upper() + f" ({kind})" for n, kind in named)
        raise Misconfigured(
            f"settings missing or wrong: {wrong}.",
            reason="settings",
            remedy="Set them in the environment; see README, Settings.",
        ) from None


def parts_of(secret: str) -> Iterator[str]:
    """Give a secret whole, and what is secret by itself in it: each key of a list, a key without its id, an address's password."""
    yield secret
    yield from re.findall(r"(?<=://)[^/@]*:([^/@]+)(?=@)", secret)
    for entry in re.split(r"[,\n]", secret):
        key = entry.strip().partition(";")[0]
        yield from (key, key.partition("=")[2], re.sub(r"^[\w-]{1,32}:(?=[\w+/-]{40,}=*$)", "", key))


def secret_values(settings: BaseSettings) -> tuple[str, ...]:
    """Give every secret of a room, for the redactor and for nobody else."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    secrets = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
    return tuple(dict.fromkeys(part for secret in secrets for part in parts_of(secret)))


_OF_PREFECT = ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_DATABASE_CONNECTION_URL")


def secret_names() -> tuple[str, ...]:
    """Name the variables by which a process of ours may be told its secrets."""
    ours = SinkSettings.model_fields.items()
    return (*(str(field.validation_alias or f"HEALER_{name}".upper()) for name, field in ours), *_OF_PREFECT)

"""The OIDC issuer of Actions: a key, and a token for each run that may have one, with GitHub's claims.

Source of the claims: GitHub Docs, "OpenID Connect reference"; the subject is in the immutable form of repositories made since July 2026.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from localworld.github.act import Identity
from localworld.github.model import Repository, Run
from localworld.github.problem import Problem
from localworld.github.store import Store
from localworld.github.workflows import Workflow

_LIFE_S = 300
_KEY = "stand-in-1"


@dataclass
class Issuer:
    """Signs tokens for runs that are under way."""

    store: Store
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    _requests: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Give the issuer's address."""
        return f"{self.store.url}/_oidc"

    def configuration(self) -> dict[str, Any]:
        """Give the discovery document."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def jwks(self) -> dict[str, Any]:
        """Give the public key."""
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": _KEY, "use": "sig", "alg": "RS256"}]}

    def identify(self, repository: Repository, run: Run, workflow: Workflow) -> Identity:
        """Give a run the right to ask for tokens, until `forget`."""
        secret = secrets.token_urlsafe(32)
        self._requests[secret] = self._claims(repository, run, workflow)
        return Identity(f"{self.url}/token?api-version=2.0", secret)

    def forget(self, run_id: int) -> None:
        """End the right of a run."""
        self._requests = {s: c for s, c in self._requests.items() if c["run_id"] != str(run_id)}

    def token(self, secret: str, audience: str) -> str:
        """Sign a token for the run that a request token belongs to.

        Raises: Problem 401.
        """
        claims = self._requests.get(secret)
        if claims is None:
            raise Problem(401, "Unauthorized")
        now = int(time.time())
        life = {"iat": now, "nbf": now - 600, "exp": now + _LIFE_S, "jti": secrets.token_hex(16)}
        whole = {"iss": self.url, "aud": audience or self.store.url, **life, **claims}
        return jwt.encode(whole, self.key, "RS256", headers={"kid": _KEY})

    def _claims(self, repository: Repository, run: Run, workflow: Workflow) -> dict[str, Any]:
        owner_id, ref = str(self.store.user_id(repository.owner)), f"refs/heads/{run.branch}"
        own = (f"{repository.name}/{run.path}@{ref}", run.sha)
        reused = workflow.reused()
        job = (f"{reused[0].repository}/{reused[0].path}@{reused[0].ref}", reused[0].ref) if reused else own
        name = repository.name.partition("/")[2]
        return {
            "sub": f"repo:{repository.owner}@{owner_id}/{name}@{repository.id}:ref:{ref}",
            "repository": repository.name,
            "repository_id": str(repository.id),
            "repository_owner": repository.owner,
            "repository_owner_id": owner_id,
            "repository_visibility": "private" if repository.private else "public",
            "ref": ref,
            "ref_type": "branch",
            "ref_protected": "true" if run.branch in repository.protected else "false",
            "sha": run.sha,
            "workflow": run.name,
            "workflow_ref": own[0],
            "workflow_sha": own[1],
            "job_workflow_ref": job[0],
            "job_workflow_sha": job[1],
            "run_id": str(run.id),
            "run_number": str(run.number),
            "run_attempt": str(run.attempt),
            "actor": run.actor,
            "actor_id": str(self.store.user_id(run.actor)),
            "event_name": run.event,
            "head_ref": "",
            "base_ref": "",
            "runner_environment": "github-hosted",
        }

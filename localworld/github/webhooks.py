"""Signed webhooks, sent in order by one thread, a few tries each."""

import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from typing import Any

import httpx

from localworld.github.bodies import Bodies
from localworld.github.model import Repository
from localworld.github.store import Store
from localworld.record import Record

_PAUSES_S = (0.0, 0.3, 1.0)


class Webhooks:
    """Sends what happened to the one address that the configuration names, if it names one."""

    def __init__(self, store: Store, record: Record) -> None:
        self._store, self._record = store, record
        self._hook: dict[str, str] = store.config.get("webhook") or {}
        self._queue: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = httpx.Client(timeout=5, trust_env=False)
        threading.Thread(target=self._work, daemon=True).start()

    def send(self, event: str, repository: Repository, sender: str, payload: dict[str, Any]) -> None:
        """Queue one webhook; `payload` lacks only what all have in common."""
        if not self._hook:
            return
        bodies = Bodies(self._store)
        name = "-".join(filter(None, [event.replace("_", "-"), str(payload.get("action", "")).replace("_", "-")]))
        whole = {
            **payload,
            "repository": bodies.repository(repository, "repository-webhooks"),
            "sender": bodies.user(sender),
        }
        if self._store.templates.has_webhook(name):
            whole = self._store.templates.conform_webhook(name, whole)
        self._queue.put((event, json.dumps(whole).encode()))

    def _work(self) -> None:
        while True:
            event, body = self._queue.get()
            self._deliver(event, body)

    def _deliver(self, event: str, body: bytes) -> None:
        signature = hmac.new(self._hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "User-Agent": "GitHub-Hookshot/stand-in",
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-ID": "1",
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        self._record.append({"kind": "webhook", "headers": headers, "raw": body.decode()})
        for pause in _PAUSES_S:
            time.sleep(pause)
            try:
                if self._client.post(self._hook["url"], content=body, headers=headers).is_success:
                    return
            except httpx.HTTPError:
                continue

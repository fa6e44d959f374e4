"""Our Prefect server."""

import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from datetime import UTC, datetime

import httpx

from flow_site import environment
from loopback import NO_TLS

LEAKY_FLOW = """
import logging, sys, warnings
from prefect import flow, task, tags
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.events import emit_event
from prefect.variables import Variable
secrets = sys.argv[1:]

@task(persist_result=True)
def leaky_task(text):
    print(text)
    raise ValueError(text)

@flow(log_prints=True, flow_run_name="named-{name}")
def leaky(name, parameters):
    logging.getLogger("prefect.flow_runs").error("said %s", name)
    create_markdown_artifact(f"# {name}", key="leak", description=name)
    create_table_artifact([{"cell": name}], key="table")
    emit_event("healer.leak", resource={"prefect.resource.id": "healer.leak"}, payload={"text": name})
    Variable.set("leak", name, overwrite=True)
    with tags(name):
        leaky_task(name)

leaky(" ".join(secrets), {"deep": secrets}, return_state=True)
"""


def test_what_a_flow_leaks_never_reaches_the_database(prefect, planted, tmp_path):
    """A secret in a parameter, log, exception, name, tag, artifact, event or variable is not in the server's files."""
    env = environment(
        PREFECT_API_URL=prefect.api_url, PREFECT_HOME=str(tmp_path), PREFECT_RESULTS_PERSIST_BY_DEFAULT="false"
    )
    done = subprocess.run(
        [sys.executable, "-c", LEAKY_FLOW, *planted], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert prefect.call("POST", "/logs/filter", {"logs": {}}) != []
    newest = {"sort": "CREATED_DESC"}  # one page is answered, and other stories have left hundreds
    assert "***" in str(prefect.call("POST", "/artifacts/filter", newest))
    prefect.settle()
    assert b"healer.leak" in prefect.database
    assert [secret for secret in planted if secret.encode() in prefect.database] == []


def test_what_anybody_sends_loses_its_secrets(prefect, planted):
    """The same holds for whoever calls the API directly."""
    secret = planted[0]
    prefect.call("POST", "/flows/", {"name": "by-hand", "tags": [secret], "labels": {"said": secret}})
    log = {"name": "x", "level": 20, "message": f"said {secret}", "timestamp": datetime.now(UTC).isoformat()}
    prefect.call("POST", "/logs/", [{**log, "flow_run_id": str(uuid.uuid4())}])
    assert secret.encode() not in prefect.database


def test_what_is_personal_is_kept_out_on_demand(prefect):
    """With HEALER_REDACT_PERSONAL e-mail addresses and account numbers are not stored either."""
    told = prefect.call(
        "POST", "/flows/", {"name": "personal", "labels": {"of": "jane@utility.example, account 70012345"}}
    )
    assert told["labels"]["of"] == "***, account ***"
    assert b"jane@utility" not in prefect.database


def test_ui_is_served(prefect):
    """The operations lead's page is there, and knows where its API is."""
    base = prefect.api_url.removesuffix("/api")
    assert httpx.get(f"{base}/ui-settings", verify=NO_TLS, trust_env=False).json()["api_url"] == prefect.api_url
    assert (
        "html"
        in httpx.get(base, follow_redirects=True, headers={"Accept": "text/html"}, verify=NO_TLS, trust_env=False).text
    )


def test_who_cannot_write_is_told_so_soon(prefect):
    """A write that the database has no room for is refused within seconds, to be tried again, where Prefect would hold it for a minute."""
    with closing(sqlite3.connect(prefect.home / "prefect.db")) as holder:
        holder.execute("begin immediate")
        answer = httpx.post(
            f"{prefect.api_url}/flows/", json={"name": "held-up"}, timeout=20, verify=NO_TLS, trust_env=False
        )
        assert answer.status_code == 503

"""`python -m localworld.portal.record`: fetch all healthy portals and write what the importers repository keeps of that.

`recordings/NAME.json` is the fetch as a redacted Trace; `spec/fixtures/NAME/` holds its raw pages for the specs.
"""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from healer.trace import redact_trace
from localworld.layout import bridge_address
from localworld.portal.app import create_app
from localworld.portal.fetch import Fetched, built, fetch
from localworld.portal.server import serving
from localworld.portal.site import Login
from localworld.portal.switches import month_of
from localworld.portal.utilities import UTILITIES

IMPORTERS = Path(__file__).resolve().parents[1] / "importers"
ORIGIN = "http://portal.invalid"
KEY = b"recordings of the example importers"
MONTH = "2026-11"
LOGIN = Login("dana.whitfield@acme.example", "made-up Pa$$word")
# Form tokens are random; with a fixed one a new recording differs only where the portal does.
_FORM_TOKEN = re.compile(rb'(?<=value=")[\w-]{43}(?=")|(?<=content=")[\w-]{43}(?=")')


def raw_trace(fetched: Fetched, origin: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Give the raw trace of a fetch and its bodies, with the made-up origin of `importers.toml` in place of `origin`."""
    raw = json.loads(fetched.files["trace/trace.json"])
    for step in raw["steps"]:
        step["url"] = step["url"].replace(origin, ORIGIN)
    names = [step["body"] for step in raw["steps"]]
    return raw, {name: _FORM_TOKEN.sub(b"made-up-form-token", fetched.files[f"trace/{name}"]) for name in names}


def environment(origin: str, importer: str, login: Login = LOGIN) -> Mapping[str, str]:
    """Give the variables with which an importer reaches its portal."""
    return {
        "PORTAL_URL": f"{origin}/{importer}",
        "PORTAL_USERNAME": login.username,
        "PORTAL_PASSWORD": login.password,
    }


def record(image: str, importer: str, origin: str) -> None:
    """Fetch one importer's healthy portal and write its recording and its fixtures."""
    raw, bodies = raw_trace(fetch(image, importer, environment(origin, importer)), origin)
    trace = redact_trace(raw, bodies, key=KEY)
    text = json.dumps(trace.model_dump(), ensure_ascii=False, indent=1)
    (IMPORTERS / f"recordings/{importer}.json").write_text(text + "\n")
    fixtures = IMPORTERS / f"spec/fixtures/{importer}"
    shutil.rmtree(fixtures, ignore_errors=True)
    fixtures.mkdir(parents=True)
    pages = {"version": raw["version"], "importer": importer, "steps": [{**s, "lookups": []} for s in raw["steps"]]}
    (fixtures / "trace.json").write_text(json.dumps(pages, indent=1) + "\n")
    for name, body in bodies.items():
        (fixtures / name).write_bytes(body)


def main() -> None:
    """Record all importers."""
    app = create_app({utility.name: LOGIN for utility in UTILITIES}, month_of(MONTH))
    with built(IMPORTERS) as image, serving(app, [bridge_address()]) as listening:
        for utility in UTILITIES:
            record(image, utility.name, listening.url)


if __name__ == "__main__":
    main()

"""Renders a site's pages from `templates/UTILITY/VERSION/`; what is not a utility's own is in `templates/shared/`."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def versions(utility: str) -> frozenset[str]:
    """Give the versions in which a utility's site exists."""
    return frozenset(folder.name for folder in (TEMPLATES / utility).iterdir())


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template; every value that it names must be given."""
    response = HTMLResponse(_environment().get_template(template).render(values), status)
    response.headers["Cache-Control"] = "no-store"
    return response
